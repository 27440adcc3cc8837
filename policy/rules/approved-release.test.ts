// Prod and its approvals, as the policy pack judges them.
import { expect, test } from "@jest/globals";
import type { Finding, Subject } from "../rule.ts";
import { approvedRelease, type Judge } from "./approved-release.ts";

const config = {
  "azure-mlops:modelVersion": "7",
  "azure-mlops:keptVersion": "6",
  "azure-mlops:modelName": "diabetes",
  "azure-mlops:release": "diabetes-7",
  "azure-mlops:releaseDigest": "a".repeat(64),
};
const deployment = (version: string): Subject => ({
  type: "azure-native:machinelearningservices:OnlineDeployment",
  name: "prod-blue",
  urn: "urn:pulumi:prod::azure-mlops::x::prod-blue",
  stack: "prod",
  protect: false,
  props: { properties: { model: `azureml://registries/r/models/diabetes/versions/${version}` } },
});
const judged = async (judge: Judge, changes: Record<string, string> = {}, subject = deployment("7")): Promise<readonly Finding[]> => {
  const rule = approvedRelease({ PULUMI_PROJECT: "azure-mlops", PULUMI_CONFIG: JSON.stringify({ ...config, ...changes }) }, judge);
  return rule.check[subject.type]!(subject);
};
const yes: Judge = async () => [];

test("an approved release is served, in either slot, and judged by the digests in the config", async () => {
  const seen: unknown[] = [];
  const judge: Judge = async ({ release, releaseDigest, modelVersion }) => {
    seen.push([release, releaseDigest, modelVersion]);
    return [];
  };
  expect(await judged(judge)).toEqual([]);
  expect(seen).toEqual([["diabetes-7", "a".repeat(64), "7"]]);
  expect(await judged(yes, {}, deployment("6"))).toEqual([]);
});

test("without enough approvals it says what is missing and how to mend it", async () => {
  const findings = await judged(async () => ["0 of 1 approvals of diabetes-7 for prod"]);
  expect(findings).toEqual([
    { problem: "0 of 1 approvals of diabetes-7 for prod", fix: expect.stringContaining("mlops approve --release diabetes-7 --stage prod") },
  ]);
});

test("a history that does not answer is a no", async () => {
  expect(await judged(() => Promise.reject(new Error("403")))).toEqual([
    expect.objectContaining({ problem: "the history of releases cannot be asked: 403" }),
  ]);
});

test("a program that serves another version than the config names is caught", async () => {
  expect(await judged(yes, {}, deployment("8"))).toEqual([
    expect.objectContaining({ problem: expect.stringContaining("versions/8, the config names version 7 and 6") }),
  ]);
});

test("config that asks for no approval, or names no version, is caught", async () => {
  await expect(judged(yes, { "azure-mlops:approval": '{"required":0}' })).rejects.toThrow(
    "approval.required is 0: must be at least 1 in prod",
  );
  const rule = approvedRelease({ PULUMI_CONFIG: "{}" }, yes);
  expect(await rule.check[deployment("7").type]!(deployment("7"))).toEqual([
    expect.objectContaining({ problem: "the config names no modelVersion" }),
  ]);
});

test("a preview says it and goes on; an update is stopped", () => {
  expect(approvedRelease({ PULUMI_DRY_RUN: "true" }, yes).level).toBe("advisory");
  expect(approvedRelease({ PULUMI_DRY_RUN: "false" }, yes).level).toBe("mandatory");
});
