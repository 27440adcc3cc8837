// The default deployment of a batch endpoint, against a real sandbox: what was checked becomes it, what fails does not, and the way back.
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { connect, type Azure } from "../azure/client.ts";
import { readBatchEndpoint, startBatchJob } from "../azure/batch.ts";
import { jobSandbox, type JobSandbox } from "../sandbox/jobs/testing.ts";
import { batchRollout } from "./batchRollout.ts";
import type { BatchRolloutInputs } from "./batchRollout.ts";
import type { Call } from "./kind.ts";
import { switchDefault, takeDefaultAway } from "./switchDefault.ts";

const script = (body: string): string => `
import os, time
def init(): pass
def run(mini_batch):
${body.replaceAll(/^/gm, "    ")}
`;
const scripts = {
  blue: script("return [f'blue {os.path.basename(path)}' for path in mini_batch]"),
  green: script("return [f'green {os.path.basename(path)}' for path in mini_batch]"),
  broken: script("raise ValueError('row 3 is bad')"),
  silent: script("return []"),
  slow: script("time.sleep(60)"),
};

let kit: JobSandbox;
let azure: Azure;
let id: string;
let first: BatchRolloutInputs;
let said: string[];

beforeAll(async () => {
  kit = await jobSandbox(2);
  await kit.sandbox.grant("Storage Blob Data Contributor");
  const { info, credential } = kit.sandbox;
  const metadata = `${info.armEndpoint}metadata/endpoints?api-version=2019-05-01`;
  azure = await connect({ ARM_CLOUD_METADATA_URL: metadata, AZURE_SUBSCRIPTION_ID: info.subscriptionId }, { credential });
  const store = await kit.store("workspaceblobstore");
  await store.getBlockBlobClient("sample/rows.csv").upload("a\n1\n", 4);
  id = `${kit.workspace}/batchEndpoints/scores`;
  first = inputs("blue", { blue: "model 1, aa" });
  await kit.sandbox.ended(await kit.put("batchEndpoints/scores", { authMode: "AADToken" }));
  for (const [name, text] of Object.entries(scripts)) {
    const made = await kit.put(`batchEndpoints/scores/deployments/${name}`, {
      compute: `${kit.workspace}/computes/cpu-cluster`,
      environmentId: "azureml:empty:1",
      codeConfiguration: { codeId: await kit.code(name, { "score.py": text }), scoringScript: "score.py" },
      errorThreshold: 0,
      retrySettings: { maxRetries: 0, timeout: "PT1M" },
    });
    const { body } = await kit.sandbox.ended(made);
    if (body.status !== "Succeeded") throw new Error(JSON.stringify(body));
  }
}, 60_000);
afterAll(async () => await kit?.sandbox.stop());
beforeEach(() => {
  said = [];
});

const call = (signal = new AbortController().signal): Call => ({
  azure: async () => azure,
  signal,
  say: () => undefined,
  note: (line) => void said.push(line),
});
const inputs = (deployment: string, marks: Record<string, string>, more: Partial<BatchRolloutInputs> = {}): BatchRolloutInputs => ({
  endpointId: id,
  deployment,
  deployments: marks,
  check: {
    inputs: { data: { jobInputType: "UriFile", uri: "azureml://datastores/workspaceblobstore/paths/sample/rows.csv" } },
    file: "predictions.csv",
    minutes: 1,
  },
  tags: { stage: "dev" },
  ...more,
});
const standing = async (): Promise<unknown> => {
  const { properties, tags } = (await readBatchEndpoint(azure, id))!;
  return { default: properties.defaults?.deploymentName, tags };
};

test("a deployment becomes the default once it has scored the sample data; the tags come with it", async () => {
  const outputs = await switchDefault(first, undefined, call());
  expect(outputs).toMatchObject({ deployment: "blue", scoringUri: expect.stringContaining("/scores/jobs"), checkedBy: expect.any(String) });
  expect(said).toEqual([
    expect.stringMatching(/^blue: job batch-check-blue-\w+ scored the sample data, 1 lines in predictions\.csv$/),
    "default deployment blue",
  ]);
  expect(await standing()).toEqual({ default: "blue", tags: { stage: "dev" } });
}, 60_000);

test("what is the default already, unchanged, is not checked again; what changed in place is", async () => {
  expect(await switchDefault({ ...first, tags: { stage: "qa" } }, first, call())).not.toHaveProperty("checkedBy");
  expect(await standing()).toEqual({ default: "blue", tags: { stage: "qa" } });
  // Frozen, it says no more than its model.
  const frozen = { ...first, deployments: { blue: "model 1" } };
  expect(await switchDefault(frozen, first, call())).not.toHaveProperty("checkedBy");
  expect(await switchDefault({ ...first, deployments: { blue: "model 1, bb" } }, first, call())).toHaveProperty("checkedBy");
}, 60_000);

test.each([
  [
    "broken",
    /broken failed its check; blue stays the default: job batch-check-broken-\w+ ended Failed: .*more than error_threshold 0 allows\. ValueError: row 3 is bad$/,
  ],
  ["silent", /silent failed its check; blue stays the default: job \S+ ended Failed/],
  ["absent", /absent failed its check; blue stays the default: .*absent/],
])(
  "one that does not score the sample data (%s) is no default",
  async (name, reason) => {
    const next = inputs(name, { blue: "model 1", [name]: "model 2, cc" });
    await expect(switchDefault(next, first, call())).rejects.toThrow(reason);
    expect(await standing()).toMatchObject({ default: "blue" });
  },
  60_000,
);

test("one that takes too long is canceled and is no default; so is one whose run is interrupted", async () => {
  const slow = (minutes: number) => inputs("slow", { blue: "model 1", slow: "model 2, dd" }, { check: { ...first.check!, minutes } });
  await expect(switchDefault(slow(0.05), first, call())).rejects.toThrow(/did not end within 0\.05 minutes and is canceled/);
  const stop = new AbortController();
  const going = switchDefault(slow(1), first, call(stop.signal));
  setTimeout(() => stop.abort(), 2000);
  await expect(going).rejects.toMatchObject({ name: "AbortError" });
  expect(await standing()).toMatchObject({ default: "blue" });
  const jobs = await kit.sandbox.call("GET", `${id}/deployments/slow/jobs`);
  const all = (jobs.body as { value: { name: string }[] }).value;
  expect(all).toHaveLength(2);
  for (const { name } of all) await kit.until(name, "Canceled");
}, 60_000);

test("the other slot takes over, the old one stays for the way back, which needs no check of what is frozen", async () => {
  const second = inputs("green", { blue: "model 1", green: "model 2, ee" });
  await switchDefault(second, first, call());
  const job = await startBatchJob(azure, (await readBatchEndpoint(azure, id))!, first.check!.inputs);
  await kit.until(job, "Completed");
  const [scoring] = await kit.children(job);
  expect(await kit.text("workspaceblobstore", `azureml/${scoring!.runId}/score/predictions.csv`)).toBe("green rows.csv\n");
  await switchDefault(inputs("blue", { blue: "model 1", green: "model 2" }), second, call());
  expect(said.at(-1)).toBe("default deployment green → blue");
  expect(await standing()).toMatchObject({ default: "blue" });
}, 60_000);

test("a default that somebody else set is seen by refresh, and one that is no deployment is refused at preview", async () => {
  expect(await batchRollout.read!({ id: "r", inputs: { ...first, deployment: "green" }, outputs: {} }, call())).toMatchObject({
    inputs: { deployment: "blue" },
  });
  expect(batchRollout.check({ ...first, deployment: "red" }, undefined)).toEqual([
    { property: "deployment", reason: '"red" is none of the deployments: blue' },
  ]);
  const paths = (after: BatchRolloutInputs): string[] =>
    batchRollout.diff({ id: "r", inputs: first, outputs: {} }, after).map(({ path }) => path);
  expect(paths({ ...first, check: { ...first.check!, minutes: 9 } })).toEqual([]);
  expect(paths({ ...first, deployment: "green", deployments: { blue: "model 1", green: "model 2, x" } })).toEqual([
    "deployment",
    "deployments.blue",
    "deployments.green",
  ]);
});

test("taken away, so that the deployments may go; twice is no error", async () => {
  await takeDefaultAway(first, call());
  await takeDefaultAway(first, call());
  expect(await standing()).toMatchObject({ default: undefined });
});
