// Signatures: only the release key's, over exactly this content, by a version that is in service.
import { expect, test } from "@jest/globals";
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { body } from "./manifest.fixture.ts";
import { ManifestProblem, readManifest, releaseLabels, type ReleaseManifest, sealed } from "./manifest.ts";
import { claimProblem, signatureProblem, signedBytes, type VerifyingKey } from "./signature.ts";

const uri = "https://kv-mlops-rel.vault.azure.net/keys/releases";
const version = `${uri}/${"0a".repeat(16)}`;

interface Pair {
  readonly privateKey: KeyObject;
  readonly key: VerifyingKey;
}
function pair(curve = "P-256"): Pair {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: curve });
  const { crv, x, y } = createPublicKey(privateKey).export({ format: "jwk" });
  return { privateKey, key: { crv: crv!, x: x!, y: y!, enabled: true } };
}
const own = pair();

type SignedManifest = ReleaseManifest & { readonly signature: NonNullable<ReleaseManifest["signature"]> };
function signed(manifest: ReleaseManifest, { privateKey } = own, key = version): SignedManifest {
  const value = sign("sha256", signedBytes(manifest), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url");
  return { ...manifest, signature: { algorithm: "ES256", key, value } };
}
const release = signed(sealed(body));
const problem = (manifest: SignedManifest, key: VerifyingKey | undefined = own.key): string | undefined =>
  claimProblem(manifest, uri) ?? signatureProblem(manifest, key);

test("a signed release is good, however its file is laid out", () => {
  expect(problem(release)).toBeUndefined();
  const read = readManifest(JSON.stringify(Object.fromEntries(Object.entries(release).toReversed()), null, 4), "release.json");
  expect(read.digest).toBe(sealed(body).digest);
  expect(problem(read as SignedManifest)).toBeUndefined();
});

test.each<[string, () => string | undefined, RegExp]>([
  [
    "no signature",
    () => claimProblem(sealed(body), uri),
    /^diabetes-10 is not signed; a release must be signed by the key https:.*releases$/,
  ],
  [
    "a signature of other content",
    () => problem({ ...release, ...sealed({ ...body, id: "diabetes-11" }) }),
    /signature of diabetes-11 is not one of/,
  ],
  [
    "content changed, digest too",
    () => problem({ ...release, ...sealed({ ...body, gate: { ...body.gate, rules: "0".repeat(64) } }) }),
    /is not one of/,
  ],
  ["content changed, digest not", () => problem({ ...release, id: "diabetes-11" }), /was changed after it was made/],
  ["another person's key under the same name", () => problem(signed(sealed(body), pair())), /is not one of/],
  [
    "a key of another vault",
    () => problem(signed(sealed(body), own, version.replace("kv-mlops", "kv-eve"))),
    /is signed by https:\/\/kv-eve.*; it must be signed by/,
  ],
  ["another key of the vault", () => problem(signed(sealed(body), own, version.replace("/releases/", "/other/"))), /it must be signed by/],
  ["a way out of the vault", () => problem(signed(sealed(body), own, `${uri}/../../evil`)), /it must be signed by/],
  ["a version that is gone", () => signatureProblem(release, undefined), /which the vault does not have/],
  ["a version out of service", () => problem(release, { ...own.key, enabled: false }), /which is disabled/],
  ["a key on another curve", () => problem(release, pair("P-384").key), /on the curve P-384; it must be on P-256/],
  [
    "half a signature",
    () => problem({ ...release, signature: { ...release.signature, value: release.signature.value.slice(0, 43) } }),
    /is not one of/,
  ],
])("%s is refused", (_what, found, message) => expect(found()).toMatch(message));

test.each(["RS256", "none"])("a manifest that claims the algorithm %s is no manifest", (algorithm) => {
  const text = JSON.stringify({ ...release, signature: { ...release.signature, algorithm } });
  expect(() => readManifest(text, "release.json")).toThrow(ManifestProblem);
});

test("a model version says which release it belongs to, and by whose signature", () => {
  expect(releaseLabels(release)).toMatchObject({
    "mlops.release": "diabetes-10",
    "mlops.releaseDigest": release.digest,
    "mlops.signature": release.signature.value,
    "mlops.signatureKey": version,
  });
});
