// @azure/arm-machinelearning, unpatched: workspace, compute, datastores, assets, jobs, schedules, endpoints.
import { beforeAll, expect, test } from "@jest/globals";
import { AzureMachineLearningWorkspaces } from "@azure/arm-machinelearning";
import { ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { workspaceIn } from "../../sandbox/testing.ts";
import { all, at, group, keepsWhatWasSeen, location, names, options, refuses, sandbox, soon, watch } from "./javascript.ts";

const workspaceType = "Microsoft.MachineLearningServices/workspaces";
const name = "@azure/arm-machinelearning";
let ml: () => AzureMachineLearningWorkspaces;
beforeAll(async () => {
  const client = watch(name, new AzureMachineLearningWorkspaces(sandbox.credential, sandbox.info.subscriptionId, options()));
  ml = () => client;
  await workspaceIn(sandbox, group, "other");
}, 60_000);

test("@azure/arm-machinelearning: workspace, compute, datastores, assets, jobs, endpoints", async () => {
  const client = ml();
  const dependencies = {
    storageAccount: at("Microsoft.Storage/storageAccounts", "stother"),
    keyVault: at("Microsoft.KeyVault/vaults", "kvother"),
    applicationInsights: at("Microsoft.Insights/components", "appiother"),
  };
  const body = { location, identity: { type: "SystemAssigned" }, ...dependencies } as const;
  const made = await client.workspaces.beginCreateOrUpdateAndWait(group, "mlw-js", body, soon);
  expect(made).toMatchObject({ name: "mlw-js", provisioningState: "Succeeded" });
  const ws = [group, "mlw-js"] as const;
  expect((await client.workspaces.beginUpdateAndWait(...ws, { description: "one" }, soon)).description).toBe("one");
  expect((await client.workspaces.get(...ws)).discoveryUrl).toContain("discovery");
  expect(await names(client.workspaces.listByResourceGroup(group))).toEqual(["mlw-js", "mlw-other"]);
  expect(await names(client.workspaces.listBySubscription())).toEqual(["mlw-js", "mlw-other"]);
  expect((await client.workspaces.listKeys(...ws)).userStorageKey).toBeTruthy();
  expect((await client.workspaces.listStorageAccountKeys(...ws)).userStorageKey).toBeTruthy();
  await client.workspaces.beginResyncKeysAndWait(...ws, soon);
  await client.workspaces.beginDiagnoseAndWait(...ws, soon);

  await refuses(name, {
    "workspaces.listNotebookAccessToken": () => client.workspaces.listNotebookAccessToken(...ws),
    "workspaces.listNotebookKeys": () => client.workspaces.listNotebookKeys(...ws),
    "workspaces.listOutboundNetworkDependenciesEndpoints": () => client.workspaces.listOutboundNetworkDependenciesEndpoints(...ws),
    "workspaces.prepareNotebook": () => client.workspaces.beginPrepareNotebookAndWait(...ws, soon),
    "workspaceConnections.list": () => client.workspaceConnections.list(...ws),
    "workspaceFeatures.list": () => client.workspaceFeatures.list(...ws),
    "privateEndpointConnections.list": () => client.privateEndpointConnections.list(...ws),
    "privateLinkResources.list": () => client.privateLinkResources.list(...ws),
    "operations.list": () => client.operations.list(),
  });

  const scale = { minNodeCount: 0, maxNodeCount: 1 };
  const cluster = {
    location,
    properties: { computeType: "AmlCompute", properties: { vmSize: "Standard_DS3_v2", scaleSettings: scale } },
  } as const;
  await client.computeOperations.beginCreateOrUpdateAndWait(...ws, "cpu", cluster, soon);
  await client.computeOperations.beginUpdateAndWait(...ws, "cpu", { properties: { scaleSettings: { ...scale, maxNodeCount: 2 } } }, soon);
  expect((await client.computeOperations.get(...ws, "cpu")).properties).toMatchObject({
    properties: { scaleSettings: { maxNodeCount: 2 } },
  });
  expect(await names(client.computeOperations.list(...ws))).toEqual(["cpu"]);
  expect(await all(client.computeOperations.listNodes(...ws, "cpu"))).toEqual([]);
  const instance = { location, properties: { computeType: "ComputeInstance", properties: { vmSize: "Standard_DS3_v2" } } } as const;
  await client.computeOperations.beginCreateOrUpdateAndWait(...ws, "ci-js", instance, soon);
  await client.computeOperations.beginStopAndWait(...ws, "ci-js", soon);
  await client.computeOperations.beginStartAndWait(...ws, "ci-js", soon);
  await client.computeOperations.beginRestartAndWait(...ws, "ci-js", soon);
  await refuses(name, {
    "computeOperations.listKeys": () => client.computeOperations.listKeys(...ws, "ci-js"),
  });
  expect((await client.virtualMachineSizes.list(location)).value?.length).toBeGreaterThan(0);
  expect((await all(client.usages.list(location))).length).toBeGreaterThan(0);
  expect((await all(client.quotas.list(location))).length).toBeGreaterThan(0);
  await client.quotas.update(location, { value: [{ limit: 500 }] });

  expect(await names(client.datastores.list(...ws))).toContain("workspaceblobstore");
  const store = {
    datastoreType: "AzureBlob",
    accountName: "stother",
    containerName: "more",
    credentials: { credentialsType: "None" },
  } as const;
  await client.datastores.createOrUpdate(...ws, "more", { properties: store }, { skipValidation: true });
  expect((await client.datastores.get(...ws, "more")).properties).toMatchObject({ containerName: "more" });
  await client.datastores.delete(...ws, "more");
  expect(await client.datastores.listSecrets(...ws, "workspaceblobstore")).toMatchObject({ secretsType: "AccountKey" });

  const uri = "azureml://datastores/workspaceblobstore/paths/x/";
  await client.environmentVersions.createOrUpdate(...ws, "env", "1", {
    properties: { image: "python:3.11", condaFile: "dependencies: []" },
  });
  await client.dataVersions.createOrUpdate(...ws, "d", "1", { properties: { dataType: "uri_folder", dataUri: uri } });
  await client.modelVersions.createOrUpdate(...ws, "m", "1", { properties: { modelType: "custom_model", modelUri: uri } });
  const componentSpec = { name: "c", version: "1", type: "command", command: "echo", environment: "azureml:env:1" };
  await client.componentVersions.createOrUpdate(...ws, "c", "1", { properties: { componentSpec } });
  const kinds = [
    ["env", client.environmentVersions, client.environmentContainers],
    ["d", client.dataVersions, client.dataContainers],
    ["m", client.modelVersions, client.modelContainers],
    ["c", client.componentVersions, client.componentContainers],
  ] as const;
  for (const [name, versions, containers] of kinds) {
    expect((await versions.get(...ws, name, "1")).name).toBe("1");
    expect(await names(versions.list(...ws, name))).toEqual(["1"]);
    expect((await containers.get(...ws, name)).properties.latestVersion).toBe("1");
    expect(await names(containers.list(...ws))).toEqual([name]);
  }
  const codeUri = "https://stother.blob.core.windows.net/code/src";
  await client.codeContainers.createOrUpdate(...ws, "src", { properties: {} });
  await client.codeVersions.createOrUpdate(...ws, "src", "1", { properties: { codeUri } });
  expect((await client.codeVersions.get(...ws, "src", "1")).properties.codeUri).toBe(codeUri);
  expect(await names(client.codeVersions.list(...ws, "src"))).toEqual(["1"]);
  expect((await client.codeContainers.get(...ws, "src")).name).toBe("src");
  expect(await names(client.codeContainers.list(...ws))).toEqual(["src"]);
  const described = { properties: { description: "d" } };
  await client.modelContainers.createOrUpdate(...ws, "spare", described);
  await client.environmentContainers.createOrUpdate(...ws, "spare", described);
  await client.componentContainers.createOrUpdate(...ws, "spare", described);
  await client.dataContainers.createOrUpdate(...ws, "spare", { properties: { ...described.properties, dataType: "uri_folder" } });
  expect((await client.modelContainers.get(...ws, "spare")).properties.description).toBe("d");
  for (const containers of [client.modelContainers, client.environmentContainers, client.componentContainers, client.dataContainers]) {
    await containers.delete(...ws, "spare");
    await expect(containers.get(...ws, "spare")).rejects.toMatchObject({ statusCode: 404 });
  }
  await client.codeVersions.delete(...ws, "src", "1");
  await client.codeContainers.delete(...ws, "src");

  const job = {
    jobType: "Command",
    command: "echo from javascript",
    environmentId: "azureml:env:1",
    computeId: `${made.id}/computes/cpu`,
    experimentName: "js",
  } as const;
  await client.jobs.createOrUpdate(...ws, "js", { properties: job });
  let status: string | undefined;
  while (!/Completed|Failed|Canceled/.test(status ?? "")) status = (await client.jobs.get(...ws, "js")).properties.status;
  expect(status).toBe("Completed");
  expect(await names(client.jobs.list(...ws))).toEqual(["js"]);
  await client.jobs.createOrUpdate(...ws, "long", { properties: { ...job, command: "sleep 100" } });
  await client.jobs.beginCancelAndWait(...ws, "long", soon);
  await client.jobs.beginDeleteAndWait(...ws, "js", soon);
  const action = { actionType: "CreateJob", jobDefinition: job } as const;
  const nightly = { trigger: { triggerType: "Cron", expression: "0 3 * * *" }, action, isEnabled: false } as const;
  await client.schedules.beginCreateOrUpdateAndWait(...ws, "nightly", { properties: nightly }, soon);
  expect((await client.schedules.get(...ws, "nightly")).properties.isEnabled).toBe(false);
  expect(await names(client.schedules.list(...ws, { listViewType: "All" }))).toEqual(["nightly"]);
  await client.schedules.beginDeleteAndWait(...ws, "nightly", soon);
  for (const [versions, name] of [
    [client.modelVersions, "m"],
    [client.dataVersions, "d"],
    [client.componentVersions, "c"],
    [client.environmentVersions, "env"],
  ] as const) {
    await versions.delete(...ws, name, "1");
    await expect(versions.get(...ws, name, "1")).rejects.toMatchObject({ statusCode: 404 });
  }

  const endpoint = await client.onlineEndpoints.beginCreateOrUpdateAndWait(
    ...ws,
    "ep-js",
    { location, properties: { authMode: "Key" } },
    soon,
  );
  expect(endpoint.properties.scoringUri).toMatch(/score$/);
  const primary = (await client.onlineEndpoints.listKeys(...ws, "ep-js")).primaryKey;
  await client.onlineEndpoints.beginRegenerateKeysAndWait(...ws, "ep-js", { keyType: "Primary" }, soon);
  expect((await client.onlineEndpoints.listKeys(...ws, "ep-js")).primaryKey).not.toBe(primary);
  expect((await client.onlineEndpoints.get(...ws, "ep-js")).properties.authMode).toBe("Key");
  expect(await names(client.onlineEndpoints.list(...ws))).toEqual(["ep-js"]);
  expect(await names(client.onlineDeployments.list(...ws, "ep-js"))).toEqual([]);
  expect((await client.onlineEndpoints.beginUpdateAndWait(...ws, "ep-js", { tags: { a: "b" } }, soon)).tags).toMatchObject({ a: "b" });
  await client.onlineEndpoints.beginCreateOrUpdateAndWait(...ws, "ep-token", { location, properties: { authMode: "AMLToken" } }, soon);
  expect((await client.onlineEndpoints.getToken(...ws, "ep-token")).accessToken).toBeTruthy();
  await client.onlineEndpoints.beginDeleteAndWait(...ws, "ep-js", soon);
  await client.batchEndpoints.beginCreateOrUpdateAndWait(...ws, "be-js", { location, properties: { authMode: "AADToken" } }, soon);
  expect(await names(client.batchEndpoints.list(...ws))).toEqual(["be-js"]);
  expect((await client.batchEndpoints.get(...ws, "be-js")).properties.authMode).toBe("AADToken");
  await client.batchEndpoints.beginUpdateAndWait(...ws, "be-js", { tags: { a: "b" } }, soon);
  expect(await names(client.batchDeployments.list(...ws, "be-js"))).toEqual([]);
  await refuses(name, { "batchEndpoints.listKeys": () => client.batchEndpoints.listKeys(...ws, "be-js") });
  await client.batchEndpoints.beginDeleteAndWait(...ws, "be-js", soon);
  await client.computeOperations.beginDeleteAndWait(...ws, "cpu", "Delete", soon);
  await client.workspaces.beginDeleteAndWait(...ws, soon);
}, 120_000);

test("@azure/arm-machinelearning: deployments, online and batch", async () => {
  const client = ml();
  const ws = [group, "mlw-other"] as const;
  const { userStorageKey } = await client.workspaces.listKeys(...ws);
  const { containerName } = (await client.datastores.get(...ws, "workspaceblobstore")).properties as { containerName: string };
  const key = new StorageSharedKeyCredential("stother", userStorageKey!);
  const container = new ContainerClient(`https://localhost:${sandbox.info.blobPort}/stother/${containerName}`, key);
  const score = "import json\ndef init(): pass\ndef run(data): return [2 * n for n in json.loads(data)]\n";
  await container.uploadBlockBlob("code/score.py", score, score.length);
  await container.uploadBlockBlob("model/weights.txt", "2", 1);
  const code = await client.codeVersions.createOrUpdate(...ws, "score", "1", {
    properties: { codeUri: `https://stother.blob.core.windows.net/${containerName}/code` },
  });
  const model = await client.modelVersions.createOrUpdate(...ws, "double", "1", {
    properties: { modelType: "custom_model", modelUri: "azureml://datastores/workspaceblobstore/paths/model" },
  });
  const packages = JSON.stringify({ dependencies: ["python=3.11", { pip: ["azureml-inference-server-http"] }] });
  const environment = await client.environmentVersions.createOrUpdate(...ws, "server", "1", {
    properties: { image: "mcr.microsoft.com/azureml/minimal-py311-inference:latest", condaFile: packages },
  });
  const what = { codeConfiguration: { codeId: code.id!, scoringScript: "score.py" }, environmentId: environment.id! };

  await client.onlineEndpoints.beginCreateOrUpdateAndWait(...ws, "ep-double", { location, properties: { authMode: "Key" } }, soon);
  const online = [...ws, "ep-double", "blue"] as const;
  const managed = { endpointComputeType: "Managed", model: model.id!, instanceType: "Standard_DS3_v2", ...what } as const;
  const body = { location, properties: managed, sku: { name: "Default", capacity: 1 } };
  const made = await client.onlineDeployments.beginCreateOrUpdateAndWait(...online, body, soon);
  expect(made.properties.provisioningState).toBe("Succeeded");
  expect((await client.onlineDeployments.beginUpdateAndWait(...online, { tags: { a: "b" } }, soon)).tags).toMatchObject({ a: "b" });
  expect((await client.onlineDeployments.get(...online)).properties.model).toContain("/models/double/");
  expect((await client.onlineDeployments.getLogs(...online, { tail: 50 })).content).toContain("score.py");
  const skus = await all(client.onlineDeployments.listSkus(...online));
  expect(skus.length).toBeGreaterThan(0);
  await client.onlineDeployments.beginDeleteAndWait(...online, soon);
  await client.onlineEndpoints.beginDeleteAndWait(...ws, "ep-double", soon);

  const scale = { computeType: "AmlCompute", properties: { vmSize: "Standard_DS3_v2", scaleSettings: { maxNodeCount: 1 } } } as const;
  await client.computeOperations.beginCreateOrUpdateAndWait(...ws, "cpu", { location, properties: scale }, soon);
  await client.batchEndpoints.beginCreateOrUpdateAndWait(...ws, "be-double", { location, properties: { authMode: "AADToken" } }, soon);
  const batch = [...ws, "be-double", "first"] as const;
  const deployment = {
    ...what,
    model: { referenceType: "Id", assetId: model.id! },
    compute: `${at(workspaceType, "mlw-other")}/computes/cpu`,
  };
  await client.batchDeployments.beginCreateOrUpdateAndWait(...batch, { location, properties: deployment as never }, soon);
  expect((await client.batchDeployments.get(...batch)).properties.compute).toContain("/computes/cpu");
  expect(await names(client.batchDeployments.list(...ws, "be-double"))).toEqual(["first"]);
  await client.batchDeployments.beginUpdateAndWait(...batch, { tags: { a: "b" } }, soon);
  await client.batchDeployments.beginDeleteAndWait(...batch, soon);
}, 120_000);

keepsWhatWasSeen();
