// Batch endpoints: deployments checked, jobs started, files scored, failures counted.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Answer } from "../../testing.ts";
import { jobSandbox, type JobSandbox } from "../testing.ts";

/** Adds the model's number to each file's; some files are trouble. */
const score = `
import os, time
def init():
    global offset
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "weights", "number.txt")) as file:
        offset = int(file.read())
def run(mini_batch):
    result = []
    for path in mini_batch:
        text = open(path).read()
        if text == "bad":
            raise ValueError("cannot be scored")
        if text == "slow":
            time.sleep(30)
        result.append(f"{os.path.basename(path)},{int(text) + offset},{len(mini_batch)}")
    if os.environ.get("WRITE"):
        open(os.path.join(os.environ["AZUREML_BI_OUTPUT_PATH"], "own.txt"), "a").write("x")
    return result
`;

let kit: JobSandbox;
let uri: string;
beforeAll(async () => {
  kit = await jobSandbox(2);
  const store = await kit.store("workspaceblobstore");
  const put = async (name: string, text: string) => await store.getBlockBlobClient(name).upload(text, Buffer.byteLength(text));
  for (const [name, text] of Object.entries({ a: "1", b: "2", c: "3", d: "4", e: "5" })) await put(`good/${name}.txt`, text);
  for (const [name, text] of Object.entries({ a: "1", b: "bad", c: "3" })) await put(`mixed/${name}.txt`, text);
  for (const [name, text] of Object.entries({ a: "1", b: "slow" })) await put(`slow/${name}.txt`, text);
  await put("weights/number.txt", "100");
  await kit.put("models/adder/versions/1", {
    modelType: "custom_model",
    modelUri: "azureml://datastores/workspaceblobstore/paths/weights",
  });
  const code = await kit.code("score", { "score.py": score });
  const endpoint = await kit.put("batchEndpoints/adder", { authMode: "AADToken" });
  uri = (endpoint.body as { properties: { scoringUri: string } }).properties.scoringUri;
  const deployment = {
    model: { referenceType: "Id", assetId: "azureml:adder:1" },
    compute: `${kit.workspace}/computes/cpu-cluster`,
    environmentId: "azureml:empty:1",
    codeConfiguration: { codeId: code, scoringScript: "score.py" },
    miniBatchSize: 2,
    retrySettings: { maxRetries: 1, timeout: "PT2S" },
  };
  for (const [name, more] of Object.entries({
    first: {},
    strict: { miniBatchSize: 1, errorThreshold: 0 },
    summary: { outputAction: "SummaryOnly", environmentVariables: { WRITE: "1" } },
  }))
    await kit.sandbox.ended(await kit.put(`batchEndpoints/adder/deployments/${name}`, { ...deployment, ...more }));
}, 60_000);
afterAll(async () => await kit?.sandbox.stop());

const invoke = async (folder: string, deployment?: string, more: object = {}): Promise<Answer> =>
  await kit.sandbox.call(
    "POST",
    uri,
    {
      properties: {
        inputData: { data: { jobInputType: "UriFolder", uri: `azureml://datastores/workspaceblobstore/paths/${folder}/` } },
        ...more,
      },
    },
    deployment ? { "azureml-model-deployment": deployment } : {},
  );
const at = (name: string) => ({
  name,
  outputData: { score: { jobOutputType: "UriFile", uri: `azureml://datastores/workspaceblobstore/paths/out/${name}/rows.csv` } },
});

test("the default deployment scores every file in mini-batches", async () => {
  const without = await invoke("good");
  expect([without.status, without.body.error.message]).toEqual([400, expect.stringContaining("has no default deployment")]);
  await kit.put("batchEndpoints/adder", { authMode: "AADToken", defaults: { deploymentName: "first" } });
  const answer = await invoke("good", undefined, at("all"));
  expect([answer.status, answer.body.name]).toEqual([201, "all"]);
  await kit.until("all", "Completed");
  const rows = (await kit.text("workspaceblobstore", "out/all/rows.csv")).trim().split("\n").toSorted();
  expect(rows).toEqual(["a.txt,101,2", "b.txt,102,2", "c.txt,103,2", "d.txt,104,2", "e.txt,105,1"]);
  const [child] = await kit.children("all");
  expect(child).toMatchObject({ name: "batchscoring", status: "Completed" });
  expect((await kit.details(child!.runId)).outputs["score"]).toBeDefined();
  const listed = await kit.sandbox.call(
    "GET",
    `/mferp/managementfrontend${kit.workspace}/batchEndpoints/adder/jobs?api-version=2020-09-01-dataplanepreview`,
  );
  expect((listed.body as { value: { name: string }[] }).value.map(({ name }) => name)).toEqual(["all"]);
}, 60_000);

test("a failed file is left out, or ends the job, as error_threshold says", async () => {
  expect((await invoke("mixed", "first", { ...at("lenient"), miniBatchSize: 1 })).status).toBe(201);
  await kit.until("lenient", "Completed");
  expect((await kit.text("workspaceblobstore", "out/lenient/rows.csv")).trim().split("\n")).toHaveLength(2);
  expect((await invoke("mixed", "strict", at("strict"))).status).toBe(201);
  await kit.until("strict", "Failed");
  const [child] = await kit.children("strict");
  expect(child!.error!.error.message).toContain("more than error_threshold 0 allows");
}, 60_000);

test("a mini-batch that takes too long is tried again, then counted as failed", async () => {
  await invoke("slow", "first", { ...at("slow"), miniBatchSize: 1 });
  await kit.until("slow", "Completed");
  const log = await kit.log((await kit.children("slow"))[0]!.runId);
  expect(log).toContain("attempt 2: took longer than 2 s");
  expect(log).toContain("1 files scored, 1 failed");
}, 60_000);

test("summary_only keeps only what the script writes", async () => {
  await invoke("good", "summary", at("summary"));
  await kit.until("summary", "Completed");
  expect(await kit.text("workspaceblobstore", "out/summary/own.txt")).toBe("xxx");
  await expect(kit.text("workspaceblobstore", "out/summary/rows.csv")).rejects.toThrow(/404|BlobNotFound|RestError|^$/);
}, 60_000);

test("a pipeline component as a deployment", async () => {
  await kit.put("components/copy/versions/1", {
    componentSpec: {
      type: "pipeline",
      name: "copy",
      version: "1",
      inputs: { data: { type: "uri_folder" }, word: { type: "string" } },
      outputs: { copied: { type: "uri_folder" } },
      jobs: {
        one: {
          type: "command",
          component: {
            type: "command",
            command: "cp ${{inputs.data}}/a.txt ${{outputs.copied}}/${{inputs.word}}.txt",
            environment: "azureml:empty:1",
            inputs: { data: { type: "uri_folder" }, word: { type: "string" } },
            outputs: { copied: { type: "uri_folder" } },
          },
          inputs: { data: "${{parent.inputs.data}}", word: "${{parent.inputs.word}}" },
          outputs: { copied: "${{parent.outputs.copied}}" },
        },
      },
    },
  });
  const made = await kit.put("batchEndpoints/adder/deployments/piped", {
    deploymentConfiguration: {
      deploymentConfigurationType: "PipelineComponent",
      componentId: { referenceType: "Id", assetId: "azureml:copy:1" },
      settings: { default_compute: "cpu-cluster" },
    },
  });
  await kit.sandbox.ended(made);
  const answer = await kit.sandbox.call(
    "POST",
    uri,
    {
      properties: {
        name: "piped",
        // As the samples of Azure's documentation spell it.
        InputData: {
          data: { JobInputType: "UriFolder", Uri: "azureml://datastores/workspaceblobstore/paths/good/" },
          word: { JobInputType: "Literal", Value: "renamed" },
        },
      },
    },
    { "azureml-model-deployment": "piped" },
  );
  expect(answer.body).toMatchObject({ name: "piped" });
  await kit.until("piped", "Completed");
  expect(await kit.text("workspaceblobstore", "azureml/piped/copied/renamed.txt")).toBe("1");
}, 60_000);

test("what cannot work is refused when it is asked for", async () => {
  const noModel = await kit.put("batchEndpoints/adder/deployments/bad", {
    model: { referenceType: "Id", assetId: "azureml:none:1" },
    compute: "cpu-cluster",
  });
  expect([noModel.status, noModel.body.error.message]).toEqual([400, expect.stringContaining("none")]);
  const noCompute = await kit.put("batchEndpoints/adder/deployments/bad", { compute: "nowhere" });
  expect(noCompute.body.error.message).toContain("compute is 'nowhere'");
  expect((await invoke("good", "absent")).status).toBe(404);
  expect((await fetch(uri, { method: "POST", body: "{}" })).status).toBe(401);
});
