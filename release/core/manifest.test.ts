// Manifest, digests and versions: the same content has the same name, and any other has another.
import { expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { canonicalJson, fileDifferences, folderDigest, sha256 } from "./digest.ts";
import { body } from "./manifest.fixture.ts";
import { ManifestProblem, readManifest, ReleaseManifest, sameEvidence, sealed } from "./manifest.ts";
import { compareVersions, newestVersion } from "./versions.ts";

test("a sealed manifest is read back, in any layout", () => {
  const manifest = sealed(body);
  expect(readManifest(JSON.stringify(manifest, null, 4), "release.json")).toEqual(manifest);
  const turned = Object.fromEntries(Object.entries(manifest).toReversed());
  expect(readManifest(JSON.stringify(turned), "release.json").digest).toBe(manifest.digest);
});

test.each<[string, (text: string) => string, RegExp]>([
  ["changed afterwards", (text) => text.replace('"rmse":53.4', '"rmse":43.4'), /was changed after it was made/],
  ["with a member more", (text) => text.replace("{", '{"latest":true,'), /latest/],
  ["of another form", (text) => text.replace("mlops-release/1", "mlops-release/2"), /schema/],
  ["cut off", (text) => text.slice(0, 40), /is not JSON/],
])("a manifest %s is refused", (_what, spoil, message) => {
  const spoilt = (): unknown => readManifest(spoil(JSON.stringify(sealed(body))), "release.json");
  expect(spoilt).toThrow(ManifestProblem);
  expect(spoilt).toThrow(message);
});

test("written down again by someone else, the evidence is the same; other metrics are other evidence", () => {
  expect(sameEvidence(body, { ...body, created: { at: "2026-06-01T00:00:00Z", by: { id: "2", name: "eve", kind: "user" } } })).toBe(true);
  expect(sameEvidence(body, { ...body, run: { ...body.run, metrics: { rmse: 50 } } })).toBe(false);
});

test("the schema in docs/ is the one that is read by", () => {
  const written = JSON.parse(readFileSync(new URL("../../docs/release.schema.json", import.meta.url), "utf8")) as unknown;
  expect(written).toEqual(JSON.parse(JSON.stringify(z.toJSONSchema(ReleaseManifest))));
});

test("canonical JSON: sorted keys, no undefined, no numbers that JSON cannot hold", () => {
  expect(canonicalJson({ b: [1, { d: null, c: "é" }], a: undefined, A: true })).toBe('{"A":true,"b":[1,{"c":"é","d":null}]}');
  expect(() => canonicalJson({ a: Number.NaN })).toThrow(/NaN/);
});

test("a folder's digest is that of sha256sum's listing, in any order of the files", () => {
  const files = [
    { path: "b", size: 1, sha256: sha256("b") },
    { path: "a/x", size: 1, sha256: sha256("x") },
  ];
  expect(folderDigest(files)).toBe(sha256(`${sha256("x")}  a/x\n${sha256("b")}  b\n`));
  expect(folderDigest(files.toReversed())).toBe(folderDigest(files));
  expect(folderDigest([{ ...files[0]!, path: "c" }, files[1]!])).not.toBe(folderDigest(files));
});

test("differences of folders name the file", () => {
  const file = (path: string, content: string) => ({ path, size: content.length, sha256: sha256(content) });
  expect(fileDifferences([file("a", "1"), file("b", "1")], [file("b", "2"), file("c", "1")])).toEqual([
    "a is missing",
    expect.stringMatching(/^b has SHA-256 \w{12}…, expected \w{12}…$/),
    "c was not there (1 bytes)",
  ]);
  expect(fileDifferences([file("a", "1")], [file("a", "1")])).toEqual([]);
});

test("versions compare as numbers", () => {
  expect(
    ["10", "9", "2", "1.10.0", "1.9.0", "99999999999999999999", "99999999999999999998", "v2", "v10"].toSorted(compareVersions),
  ).toEqual([...["v2", "v10", "1.9.0", "1.10.0", "2", "9", "10", "99999999999999999998", "99999999999999999999"]]);
  expect(newestVersion(["9", "10"])).toBe("10");
  expect(newestVersion([])).toBeUndefined();
});
