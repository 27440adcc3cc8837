import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { ContainerClient } from "@azure/storage-blob";
import { AzureMachineLearningWorkspaces } from "@azure/arm-machinelearning";
import { testSandbox, workspaceIn } from "./testing.ts";
import { runInSandbox } from "./testing-inside.ts";
import type { Answer, TestSandbox } from "./testing.ts";

let sandbox: TestSandbox;
let workspace: string;
let registry: string;
let client: AzureMachineLearningWorkspaces;

beforeAll(async () => {
  sandbox = await testSandbox();
  workspace = await workspaceIn(sandbox, "rg", "assets");
  registry = `${sandbox.subscription}/resourceGroups/rg/providers/Microsoft.MachineLearningServices/registries/assetsreg`;
  await sandbox.ended(
    await sandbox.call("PUT", registry, { location: "westeurope", properties: { regionDetails: [{ location: "West Europe" }] } }),
  );
  client = new AzureMachineLearningWorkspaces(sandbox.credential, sandbox.info.subscriptionId, {
    endpoint: sandbox.info.armEndpoint,
    credentialScopes: `${sandbox.info.armEndpoint}.default`,
  });
}, 60_000);
afterAll(async () => await sandbox.stop());

const put = async (path: string, properties: object): Promise<Answer> => await sandbox.call("PUT", path, { properties });
/** Puts text where startPendingUpload says, and gives the address. */
async function uploaded(version: string, files: Record<string, string>): Promise<string> {
  const { body } = await sandbox.call("POST", `${version}/startPendingUpload`, { pendingUploadType: "TemporaryBlobReference" });
  const { blobUri, credential } = body.blobReferenceForConsumption;
  const container = new ContainerClient(credential.sasUri);
  for (const [name, text] of Object.entries(files)) await container.getBlockBlobClient(name).upload(text, text.length);
  return blobUri;
}

test("the official client makes an environment, reads it back and lists its versions, newest first", async () => {
  for (const version of ["1", "2", "9"]) {
    await client.environmentVersions.createOrUpdate("rg", "mlw-assets", "env", version, {
      properties: { image: "mcr.microsoft.com/x:1", condaFile: "name: x" },
    });
  }
  const versions: (string | undefined)[] = [];
  for await (const one of client.environmentVersions.list("rg", "mlw-assets", "env", { orderBy: "createdtime desc" }))
    versions.push(one.name);
  expect(versions).toEqual(["9", "2", "1"]);
  const container = await client.environmentContainers.get("rg", "mlw-assets", "env");
  expect(container.properties).toMatchObject({ latestVersion: "9", nextVersion: "10" });
});

test("a version cannot be changed but in what describes it", async () => {
  const id = `${workspace}/data/frozen/versions/1`;
  const uri = "azureml://datastores/workspaceblobstore/paths/x/a.csv";
  const properties = { dataType: "uri_file", dataUri: uri };
  const made = await put(id, properties);
  expect(made.status).toBe(201);
  expect(made.body.properties.dataUri).toMatch(
    /^azureml:\/\/subscriptions\/.*\/workspaces\/mlw-assets\/datastores\/workspaceblobstore\/paths\/x\/a\.csv$/,
  );
  expect((await put(id, { ...properties, description: "told", tags: { a: 1 } })).body.properties).toMatchObject({
    description: "told",
    tags: { a: "1" },
  });
  expect(await put(id, { ...properties, dataUri: `${uri}2` })).toMatchObject({
    status: 409,
    body: { error: { code: "UserError", target: "dataUri" } },
  });
  expect((await sandbox.call("PATCH", id, { properties: { isArchived: true } })).status).toBe(200);
  expect((await sandbox.call("GET", `${workspace}/data/frozen/versions`)).body.value).toEqual([]);
  const viewed = async (view: string) => await sandbox.call("GET", `${workspace}/data/frozen/versions?listViewType=${view}`);
  for (const view of ["All", "archivedonly"]) expect((await viewed(view)).body.value).toHaveLength(1);
  expect(await viewed("Archived")).toMatchObject({ status: 400, body: { error: { target: "listViewType" } } });
});

test("what nobody registered: a component's default version, a workspace's curated environments", async () => {
  for (const version of ["1", "2"]) await put(`${workspace}/components/c/versions/${version}`, { componentSpec: { type: "command" } });
  const usual = await sandbox.call("GET", `${workspace}/components/c/versions/azureml_default`);
  expect(usual.body.id).toBe(`${workspace}/components/c/versions/2`);
  const curated = `${workspace}/environments/AzureML-sklearn-1.0-ubuntu20.04-py38-cpu`;
  const { latestVersion } = (await sandbox.call("GET", curated)).body.properties;
  const found = await sandbox.call("GET", `${curated}/versions/${latestVersion}`);
  expect(found.body).toMatchObject({ type: expect.stringMatching(/workspaces.environments.versions$/), properties: { osType: "Linux" } });
  expect((await sandbox.call("GET", `${workspace}/environments/sklearn-1.5`)).status).toBe(404);
});

test.each([
  ["data of no type", "data/x/versions/1", { dataUri: "azureml://datastores/a/paths/b" }, "dataType"],
  ["an environment of nothing", "environments/x/versions/1", {}, "image"],
  ["an environment of two things", "environments/x/versions/1", { image: "a", build: { contextUri: "https://x" } }, "image"],
  ["a component without a type", "components/x/versions/1", { componentSpec: {} }, "componentSpec.type"],
  ["a model without files", "models/x/versions/1", {}, "modelUri"],
])("%s is refused", async (_what, path, properties, place) => {
  const answer = await put(`${workspace}/${path}`, properties);
  expect(answer.status).toBe(400);
  expect(answer.body.error.target).toBe(`properties.${place}`);
});

test("code is found again by its hash, and is where it was uploaded", async () => {
  const id = `${workspace}/codes/5c2a0f3e-0000-4000-8000-000000000001/versions/1`;
  const codeUri = await uploaded(id, { "train.py": "print(1)" });
  await put(id, { codeUri, properties: { hash_sha256: "abc", hash_version: 202208 } });
  const found = await sandbox.call("GET", `${workspace}/codes/other/versions?hash=abc&hashVersion=202208`);
  expect(found.body.value.map((one: { id: string }) => one.id)).toEqual([id]);
  expect(found.body.value[0].properties.codeUri).toMatch(/^https:\/\/stassets\.blob\.core\.windows\.net\//);
  expect((await sandbox.call("GET", `${workspace}/codes/other/versions?hash=def&hashVersion=202208`)).body.value).toEqual([]);
});

test("a model is shared with its bytes; its version stays taken after it is deleted", async () => {
  const model = `${workspace}/models/shared/versions/3`;
  const modelUri = await uploaded(model, { "m/MLmodel": "flavors: {}", "m/weights": "42" });
  await put(model, { modelUri: `${modelUri}/m`, modelType: "mlflow_model", properties: { auc: "0.9" }, tags: { t: "1" } });
  const { workspaceId } = (await sandbox.call("GET", workspace)).body.properties;
  const body = {
    properties: {
      sourceAssetId: `azureml://locations/westeurope/workspaces/${workspaceId}/models/shared/versions/3`,
      destinationName: "shared",
      destinationVersion: "1",
    },
  };
  const prefix = "/mferp/managementfrontend";
  const asked = await sandbox.call("POST", `${prefix}${registry}/import`, body);
  expect(asked.status).toBe(202);
  expect((await sandbox.ended(asked)).body.status).toBe("Succeeded");
  const there = `${registry}/models/shared/versions/1`;
  expect((await sandbox.call("GET", prefix + there)).body).toMatchObject({
    id: "azureml://registries/assetsreg/models/shared/versions/1",
    properties: { modelType: "mlflow_model", properties: { auc: "0.9" }, tags: { t: "1" } },
  });
  expect((await sandbox.call("GET", there)).body.id).toBe(there);
  // What comes after in the workspace does not reach the registry.
  await sandbox.call("DELETE", model);
  await runInSandbox(sandbox, async ({ context, download }) => {
    const { locateBlob } = await import("./ml/locate.ts");
    const place = locateBlob(context, "azureml://registries/assetsreg/models/shared/labels/latest");
    expect(await download(context, place, `${sandbox.dir}/down`)).toMatchObject({ kind: "folder", files: 2 });
  });
  const again = await sandbox.ended(
    await sandbox.call("POST", `${prefix}${registry}/import`, {
      ...body,
      properties: { ...body.properties, sourceAssetId: body.properties.sourceAssetId.replace("/3", "/4") },
    }),
  );
  expect(again.body).toMatchObject({ status: "Failed", error: { code: "UserError" } });
  expect((await sandbox.call("DELETE", there)).status).toBe(200);
  expect((await put(there, { modelUri: `${modelUri}/m` })).body.error).toMatchObject({
    code: "UserError",
    message: expect.stringContaining("cannot be made again"),
  });
});

test("every form of reference finds the same bytes", async () => {
  const model = `${workspace}/models/found/versions/1`;
  const uri = await uploaded(model, { "a/b.txt": "x" });
  await put(model, { modelUri: `${uri}/a` });
  await put(`${workspace}/data/found-data/versions/2`, { dataType: "uri_folder", dataUri: `${uri}/a` });
  const { workspaceId } = (await sandbox.call("GET", workspace)).body.properties;
  const container = uri.split("/").at(-1)!;
  await runInSandbox(sandbox, async ({ context }) => {
    const { locate } = await import("./ml/locate.ts");
    const place = { account: "stassets", container, path: "a" };
    for (const reference of [
      `azureml:${model}`,
      model,
      "azureml:found:1",
      "azureml:found@latest",
      "azureml:found-data:2",
      `azureml://locations/westeurope/workspaces/${workspaceId}/models/found/versions/1`,
      `https://stassets.blob.core.windows.net/${container}/a?sig=x`,
      `https://stassets.blob.core.sandbox@localhost:${sandbox.info.blobPort}/${container}/a`,
      `https://localhost:${sandbox.info.blobPort}/stassets/${container}/a`,
      `https://localhost:${sandbox.info.blobPort}/${container}/a`,
      `wasbs://${container}@stassets.blob.core.windows.net/a`,
    ])
      expect({ reference, ...locate(context, reference, workspace) }).toEqual({ reference, ...place });
    const blobstore = { account: "stassets", container: `azureml-blobstore-${workspaceId}` };
    const long = `azureml:/${workspace.replace("/providers/Microsoft.MachineLearningServices", "").replace("/resourceGroups/", "/resourcegroups/")}`;
    expect(locate(context, `${long}/datastores/workspaceblobstore/paths/x/y%20z`)).toEqual({ ...blobstore, path: "x/y z" });
    expect(locate(context, "azureml://datastores/workspaceblobstore/paths/x/", workspace)).toEqual({ ...blobstore, path: "x/" });
    expect(locate(context, "azureml://jobs/job1/outputs/model/paths/m", workspace)).toEqual({ ...blobstore, path: "azureml/job1/model/m" });
    expect(locate(context, "azureml://jobs/job1/outputs/artifacts/paths/m", workspace)).toMatchObject({
      path: "ExperimentRun/dcid.job1/m",
    });
    expect(locate(context, "https://example.com/a.csv")).toEqual({ url: "https://example.com/a.csv" });
    expect(() => locate(context, "azureml:none:1", workspace)).toThrow("Neither a data asset nor a model");
    expect(() => locate(context, "azureml:found:1")).toThrow("relative to a workspace");
    expect(() => locate(context, "./local")).toThrow("not a reference");
    expect(() => locate(context, "azureml://datastores/workspacefilestore/paths/x", workspace)).toThrow("blob containers only");
  });
});
