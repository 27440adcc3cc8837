// What a scoring script collects with azureml-ai-monitoring lies in blobs, in the layout and the lines that Azure's collector writes.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SandboxContext } from "../../core.ts";
import { openTestSandbox, testEnvironment, WORKSPACE } from "../testing.ts";
import type { TestSandbox } from "../testing.ts";

const dir = mkdtempSync(join(tmpdir(), "collect-"));
const endpointId = `${WORKSPACE}/onlineEndpoints/houses`;
/** What lies in the (only) container, by path. */
const blobs = new Map<string, string>();
let broken = false;
let box: TestSandbox;

const SCORE = `
import json
import pandas as pd
from azureml.ai.monitoring import Collector

def init():
    global inputs, outputs
    inputs = Collector(name="model_inputs")
    outputs = Collector(name="model_outputs", on_error=lambda error: print("not collected:", error))

def run(raw):
    table = pd.DataFrame(json.loads(raw))
    context = inputs.collect(table)
    answer = table.sum(axis=1)
    outputs.collect(pd.DataFrame({"prediction": answer}), context)
    return answer.tolist()
`;

beforeAll(async () => {
  const environment = await testEnvironment("collect", ["azureml-ai-monitoring", "pandas"]);
  const code = join(dir, "assets", "code");
  await mkdir(code, { recursive: true });
  writeFileSync(join(code, "score.py"), SCORE);
  box = await openTestSandbox(dir, environment);
  const container: SandboxContext["container"] = async () =>
    await Promise.resolve({
      getAppendBlobClient: (path: string) => ({
        createIfNotExists: async () => await Promise.resolve(blobs.set(path, blobs.get(path) ?? "")),
        appendBlock: async (text: string) =>
          broken ? await Promise.reject(new Error("storage is down")) : await Promise.resolve(blobs.set(path, `${blobs.get(path)}${text}`)),
      }),
    } as never);
  Object.assign(box.sandbox, { container });
  await box.put(endpointId, { location: "westeurope", properties: { authMode: "Key" } });
}, 300_000);

afterAll(async () => {
  await box.close();
  rmSync(dir, { recursive: true, force: true });
});

const deployment = (collections: object, more: object = {}): object => ({
  location: "westeurope",
  properties: {
    ...{ endpointComputeType: "Managed", instanceType: "Standard_DS3_v2", environmentId: "any:1" },
    codeConfiguration: { codeId: "folder:code", scoringScript: "score.py" },
    dataCollector: { collections, ...more },
  },
});
const enabled = (more: object = {}): object => ({ dataCollectionMode: "enabled", ...more });
const score = async (rows: object[], name: string): Promise<unknown> => {
  const headers = { "azureml-model-deployment": name };
  return await (await box.score(endpointId, { body: JSON.stringify(rows), headers })).json();
};
const lines = (part: string): Record<string, unknown>[] =>
  [...blobs]
    .filter(([path]) => path.includes(part))
    .flatMap(([, text]) => text.trim().split("\n").filter(Boolean))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const until = async (part: string, count: number): Promise<Record<string, unknown>[]> => {
  for (let attempt = 0; attempt < 200 && lines(part).length < count; attempt++) await new Promise((resolve) => setTimeout(resolve, 100));
  return lines(part);
};

test("inputs and outputs of a call, with one correlation id, also when storage was down for a while", async () => {
  await box.put(
    `${endpointId}/deployments/blue`,
    deployment({ model_inputs: enabled(), model_outputs: enabled({ dataId: "folder:mine" }) }),
  );
  broken = true;
  expect(
    await score(
      [
        { rooms: 3, area: 80 },
        { rooms: 1, area: 20 },
      ],
      "blue",
    ),
  ).toEqual([83, 21]);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect([...lines("inputs"), ...lines("mine")]).toEqual([]);
  broken = false;
  const [input] = await until("blue/model_inputs/", 1);
  const [output] = await until("mine/", 1);
  const path = [...blobs.keys()].find((one) => one.includes("model_inputs"))!;
  expect(path).toMatch(/modelDataCollector\/houses\/blue\/model_inputs\/\d{4}\/\d\d\/\d\d\/\d\d\/[0-9a-f-]{36}\.jsonl$/);
  expect(input).toMatchObject({
    ...{ specversion: "1.0", type: "azureml.inference.model_inputs", datacontenttype: "application/json", modelversion: "default" },
    source: `${endpointId}/deployments/blue`,
    data: [
      { rooms: 3, area: 80 },
      { rooms: 1, area: 20 },
    ],
    collectdatatype: expect.stringMatching(/^pandas\..*DataFrame$/),
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    agent: expect.stringMatching(/^azureml-ai-monitoring\//),
  });
  expect(output).toMatchObject({ data: [{ prediction: 83 }, { prediction: 21 }], correlationid: input!["correlationid"] });
}, 120_000);

test("a share of the calls, and nothing of a collection that is off", async () => {
  const collections = { model_inputs: enabled({ samplingRate: 0.5 }), model_outputs: { dataCollectionMode: "disabled" } };
  await box.put(`${endpointId}/deployments/green`, deployment(collections));
  for (let rooms = 0; rooms < 60; rooms++) expect(await score([{ rooms, area: 1 }], "green")).toEqual([rooms + 1]);
  // 60 draws of one half: outside 10 to 50 once in 10⁷ runs.
  const kept = (await until("green/model_inputs/", 11)).length;
  expect(kept).toBeGreaterThan(10);
  expect(kept).toBeLessThan(50);
  expect(lines("green/model_outputs/")).toEqual([]);
}, 120_000);

test("what cannot be collected is refused by name", async () => {
  const put = async (collections: object): Promise<unknown> =>
    await box.put(`${endpointId}/deployments/other`, deployment(collections)).catch((error: unknown) => error);
  expect(await put({ request: enabled() })).toMatchObject({ code: "NotModeledInSandbox", message: expect.stringContaining("'request'") });
  expect(await put({ model_inputs: enabled({ samplingRate: 7 }) })).toMatchObject({
    message: expect.stringContaining("samplingRate is 7"),
  });
});
