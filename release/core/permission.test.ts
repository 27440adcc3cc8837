// May a stage serve what its config names? Signature, identity, approvals and receipt together.
import { expect, test } from "@jest/globals";
import { body } from "./manifest.fixture.ts";
import { eventNow, type ReleaseRecord } from "./history.ts";
import { sealed } from "./manifest.ts";
import { type Known, refusals, type Wanted } from "./permission.ts";

const manifest = sealed(body);
const dan = { id: "id-dan", name: "dan", kind: "user" } as const;
const record: ReleaseRecord = {
  manifest,
  events: [
    eventNow("shared", dan),
    eventNow("tested", dan, { stage: "qa", passed: true }),
    eventNow("receipt", dan, { stage: "prod", passed: true }),
  ],
};
const policy = { required: 0, validHours: 72, approvers: [] };
const wanted = { stage: "qa", modelName: "diabetes", modelVersion: "10", release: "diabetes-10", releaseDigest: manifest.digest };
const judged = (more: Partial<Known> = {}, wish: Partial<Wanted> = {}): string[] =>
  refusals({ ...wanted, ...wish }, { record, signature: undefined, approvals: [], policy, now: new Date(), ...more });

test("a stage without approvals serves the signed release that its config names, or what is no release", () => {
  expect(judged()).toEqual([]);
  expect(judged({ record: undefined }, { release: undefined, releaseDigest: undefined, modelVersion: "3" })).toEqual([]);
});

test.each<[string, Partial<Known>, Partial<Wanted>, RegExp]>([
  ["a bad signature", { signature: "diabetes-10 is not signed" }, {}, /^diabetes-10 is not signed$/],
  ["a release that nobody knows", { record: undefined }, {}, /the history has no release diabetes-10/],
  ["another digest", {}, { releaseDigest: "0".repeat(64) }, /the config names 000000000000/],
  ["another version", {}, { modelVersion: "9" }, /is diabetes:10, the config names diabetes:9/],
])("%s is refused in every stage, before approvals are looked at", (_what, known, wish, message) => {
  for (const required of [0, 1])
    expect(judged({ policy: { ...policy, required }, ...known }, wish)).toEqual([expect.stringMatching(message)]);
});

test("a stage with approvals serves nothing but releases, and those only when people agreed", () => {
  const prod = { policy: { ...policy, required: 1 } };
  expect(judged(prod, { stage: "prod", release: undefined })).toEqual([expect.stringMatching(/is no approved release/)]);
  expect(judged(prod, { stage: "prod" })).toEqual(["0 of 1 approvals of diabetes-10 for prod"]);
});
