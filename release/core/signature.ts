// The signature on a release: who may sign wrote down that this model, with this evidence, passed the gate, and nobody changed it since.
import { createPublicKey, verify } from "node:crypto";
import { z } from "zod";
import { canonicalJson, sha256 } from "./digest.ts";

/** ECDSA with P-256 and SHA-256 over the manifest without `digest` and `signature`, as canonical JSON (RFC 8785). */
export const Signature = z.strictObject({
  algorithm: z.literal("ES256"),
  key: z.url().meta({ description: "version of the release key that signed: https://{vault}/keys/{name}/{version}" }),
  value: z
    .string()
    .regex(/^[\w-]{86}$/, "must be 64 bytes in base64url")
    .meta({ description: "r and s, base64url (RFC 7518, 3.4)" }),
});
export type Signature = Readonly<z.infer<typeof Signature>>;

/** A manifest, as far as signatures are about it. */
interface Signed {
  readonly id: string;
  readonly digest: string;
  readonly signature?: Signature | undefined;
}

/** The bytes that are signed: everything in the manifest that never changes. Their SHA-256 is the manifest's digest. */
export function signedBytes(manifest: Signed): Buffer {
  const { digest: _digest, signature: _signature, ...body } = manifest;
  return Buffer.from(canonicalJson(body), "utf8");
}

/** Half of a key that everybody may have; `crv`, `x` and `y` as in a JSON Web Key. */
export interface VerifyingKey {
  readonly crv: string;
  readonly x: string;
  readonly y: string;
  readonly enabled: boolean;
}

/**
 * What is wrong before any key is looked at; undefined when the signature names a version of the release key.
 * @param keyUri the release key, `https://{vault}/keys/{name}`
 */
export function claimProblem(manifest: Signed, keyUri: string): string | undefined {
  const { id, digest, signature } = manifest;
  const actual = sha256(signedBytes(manifest));
  if (actual !== digest)
    return `${id} was changed after it was made: its content has the digest ${short(actual)}, it says ${short(digest)}`;
  if (!signature) return `${id} is not signed; a release must be signed by the key ${keyUri}`;
  const version = signature.key.startsWith(`${keyUri}/`) ? signature.key.slice(keyUri.length + 1) : "";
  // Nothing else may follow: the id is where the key will be asked for.
  return /^[0-9a-f]{32}$/i.test(version) ? undefined : `${id} is signed by ${signature.key}; it must be signed by the key ${keyUri}`;
}

/** What is wrong with the signature itself, by the version of the key that it names; undefined when it is good. */
export function signatureProblem(manifest: Signed & { readonly signature: Signature }, key: VerifyingKey | undefined): string | undefined {
  const { id, digest, signature } = manifest;
  if (!key) return `${id} is signed by ${signature.key}, which the vault does not have`;
  if (!key.enabled) return `${id} is signed by ${signature.key}, which is disabled: nothing that it signed counts any more`;
  if (key.crv !== "P-256") return `${id} is signed by ${signature.key}, which is on the curve ${key.crv}; it must be on P-256`;
  const publicKey = createPublicKey({ key: { kty: "EC", crv: key.crv, x: key.x, y: key.y }, format: "jwk" });
  const value = Buffer.from(signature.value, "base64url");
  const good = verify("sha256", signedBytes(manifest), { key: publicKey, dsaEncoding: "ieee-p1363" }, value);
  return good ? undefined : `the signature of ${id} is not one of ${signature.key} for its content (digest ${short(digest)})`;
}

const short = (digest: string): string => `${digest.slice(0, 12)}…`;
