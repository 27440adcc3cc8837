// Azure's rules, one test each, seen by Azure's own clients: names, traffic, versions, long operations, roles, quota, errors, groups.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { KeyVaultManagementClient } from "@azure/arm-keyvault";
import { AzureMachineLearningWorkspaces, type OnlineDeployment, type OnlineEndpoint } from "@azure/arm-machinelearning";
import { ResourceManagementClient } from "@azure/arm-resources";
import { BlobServiceClient } from "@azure/storage-blob";
import { setTimeout as sleep } from "node:timers/promises";
import { setFaults } from "../../sandbox/control.ts";
import { readFaults } from "../../sandbox/faults/read.ts";
import { testSandbox, type TestSandbox, workspaceIn } from "../../sandbox/testing.ts";

const location = "westeurope";
const [group, ws] = ["rules", "mlw-rules"];
const soon = { updateIntervalInMs: 20 };
let sandbox: TestSandbox;
let ml: AzureMachineLearningWorkspaces;
let arm: ResourceManagementClient;
let vaults: KeyVaultManagementClient;
const play = async (yaml: string): Promise<void> => await setFaults(sandbox.dir, readFaults(yaml, "faults.yml"));

beforeAll(async () => {
  // 300 times faster than Azure: an endpoint takes 0.3 s, so that it can be met while it is updating.
  sandbox = await testSandbox({ profile: "azure", scale: 300 });
  const { info, credential } = sandbox;
  const endpoint = info.armEndpoint.replace(/\/$/, "");
  const scopes = [`${endpoint}/.default`];
  ml = new AzureMachineLearningWorkspaces(credential, info.subscriptionId, { endpoint, credentialScopes: scopes });
  arm = new ResourceManagementClient(credential, info.subscriptionId, { endpoint, credentials: { scopes } });
  vaults = new KeyVaultManagementClient(credential, info.subscriptionId, { endpoint, credentials: { scopes } });
  await workspaceIn(sandbox, group);
}, 120_000);
afterAll(async () => await sandbox.stop());

const endpointBody = (traffic?: Record<string, number>): OnlineEndpoint => ({
  location,
  identity: { type: "SystemAssigned" },
  properties: { authMode: "Key", ...(traffic ? { traffic } : {}) },
});
const deploymentBody = (capacity = 1): OnlineDeployment => ({
  location,
  sku: { name: "Default", capacity },
  properties: { endpointComputeType: "Managed", instanceType: "Standard_DS3_v2", model: "azureml:none:1" },
});
const putEndpoint = async (name: string, body = endpointBody(), workspace = ws, inGroup = group): Promise<OnlineEndpoint> =>
  await ml.onlineEndpoints.beginCreateOrUpdateAndWait(inGroup, workspace, name, body, soon);
const putDeployment = async (endpoint: string, name: string, capacity = 1): Promise<unknown> =>
  await ml.onlineDeployments.beginCreateOrUpdateAndWait(group, ws, endpoint, name, deploymentBody(capacity), soon);

test("rule 1: endpoint names are unique in a region; a deleted vault and a deleted workspace keep theirs until they are purged", async () => {
  await workspaceIn(sandbox, "rulesother");
  await putEndpoint("only-one");
  await expect(putEndpoint("only-one", endpointBody(), "mlw-rulesother", "rulesother")).rejects.toMatchObject({
    statusCode: 409,
    code: "EndpointAlreadyExists",
  });
  const vault = {
    location,
    properties: { tenantId: sandbox.info.tenantId, sku: { family: "A", name: "standard" } as const, accessPolicies: [] },
  };
  await vaults.vaults.createOrUpdate(group, "kv-kept", vault, soon);
  await vaults.vaults.delete(group, "kv-kept");
  await expect(vaults.vaults.createOrUpdate(group, "kv-kept", vault, soon)).rejects.toMatchObject({
    statusCode: 409,
    code: "ConflictError",
  });
  await vaults.vaults.purgeDeleted("kv-kept", location, soon);
  expect((await vaults.vaults.createOrUpdate(group, "kv-kept", vault, soon)).name).toBe("kv-kept");

  const found = await ml.workspaces.get("rulesother", "mlw-rulesother");
  await ml.workspaces.beginDeleteAndWait("rulesother", "mlw-rulesother", soon);
  const again = {
    location,
    identity: found.identity!,
    storageAccount: found.storageAccount!,
    keyVault: found.keyVault!,
    applicationInsights: found.applicationInsights!,
  };
  await expect(ml.workspaces.beginCreateOrUpdateAndWait("rulesother", "mlw-rulesother", again, soon)).rejects.toThrow(
    "Soft-deleted workspace exists",
  );
}, 60_000);

test("rule 2: traffic only to what is there, 0 or 100 in all; what has traffic stays; a busy endpoint answers 409", async () => {
  await putEndpoint("traffic");
  await expect(putDeployment("traffic", "blue")).rejects.toThrow(/none/);
  const set = async (traffic: Record<string, number>): Promise<OnlineEndpoint> => await putEndpoint("traffic", endpointBody(traffic));
  await expect(set({ green: 100 })).rejects.toMatchObject({ statusCode: 400, message: expect.stringContaining("does not have") });
  await expect(set({ blue: 60 })).rejects.toMatchObject({ statusCode: 400, message: expect.stringContaining("0 or 100") });
  await expect(set({ blue: 101 })).rejects.toMatchObject({ statusCode: 400 });
  await set({ blue: 100 });
  const remove = async (): Promise<void> => await ml.onlineDeployments.beginDeleteAndWait(group, ws, "traffic", "blue", soon);
  await expect(remove()).rejects.toMatchObject({ statusCode: 400, message: expect.stringContaining("100 percent") });
  const moving = set({ blue: 0 });
  await sleep(60);
  await expect(set({ blue: 100 })).rejects.toMatchObject({ statusCode: 409 });
  await moving;
  await remove();
}, 60_000);

test("rule 3: a version is immutable; a registry's deleted version cannot be made again", async () => {
  const version = (dataUri: string) => ({ properties: { dataType: "uri_file" as const, dataUri } });
  const put = async (dataUri: string): Promise<unknown> => await ml.dataVersions.createOrUpdate(group, ws, "d", "1", version(dataUri));
  await put("https://example.com/a.csv");
  await put("https://example.com/a.csv");
  await expect(put("https://example.com/b.csv")).rejects.toMatchObject({ statusCode: 409, code: "UserError" });

  const registry = `${sandbox.subscription}/resourceGroups/${group}/providers/Microsoft.MachineLearningServices/registries/rulesreg`;
  await arm.resources.createOrUpdateById(
    registry,
    "2024-10-01",
    { location, identity: { type: "SystemAssigned" }, properties: { regionDetails: [{ location }] } },
    soon,
  );
  const asset = `${registry}/environments/e/versions/1`;
  const make = async (): Promise<unknown> =>
    await arm.resources.createOrUpdateById(asset, "2024-10-01", { properties: { image: "ubuntu" } }, soon);
  await make();
  await arm.resources.deleteById(asset, "2024-10-01", soon);
  await expect(make()).rejects.toMatchObject({ statusCode: 409 });
}, 60_000);

test("rule 4: long operations say where their end will be; a failed one leaves its resource in Failed, with the error only there", async () => {
  const seen: { status: number; headers: Record<string, string> }[] = [];
  const watch = {
    ...soon,
    onResponse: (raw: { status: number; headers: { toJSON(): Record<string, string> } }) =>
      void seen.push({ status: raw.status, headers: raw.headers.toJSON() }),
  };
  const cluster = {
    location,
    properties: { computeType: "AmlCompute" as const, properties: { vmSize: "Standard_DS3_v2", scaleSettings: { maxNodeCount: 1 } } },
  };
  await ml.computeOperations.beginCreateOrUpdateAndWait(group, ws, "long", cluster, watch);
  expect(seen[0]).toMatchObject({
    status: 201,
    headers: {
      "azure-asyncoperation": expect.stringContaining("/operationsStatus/"),
      location: expect.stringContaining("/operationResults/"),
      "retry-after": "1",
    },
  });
  await play("- { call: { type: '*/computes', method: PUT }, first: 1, fail: { code: AllocationFailed, message: no node came up } }");
  await expect(ml.computeOperations.beginCreateOrUpdateAndWait(group, ws, "fails", cluster, soon)).rejects.toThrow(
    "AllocationFailed. no node came up",
  );
  const left = await ml.computeOperations.get(group, ws, "fails");
  expect(left.properties).toMatchObject({ provisioningState: "Failed" });
}, 60_000);

test("rule 5: who has just been given a role is still refused, and then let in", async () => {
  await play("- rolesHoldAfter: 2");
  await sandbox.grant("Storage Blob Data Contributor");
  const container = new BlobServiceClient(`https://localhost:${sandbox.info.blobPort}/st${group}`, sandbox.credential, {
    retryOptions: { maxTries: 1 },
  }).getContainerClient("role-test");
  await container.create();
  await expect(container.uploadBlockBlob("a.txt", "a", 1)).rejects.toMatchObject({
    statusCode: 403,
    code: "AuthorizationPermissionMismatch",
  });
  await sleep(2200);
  await container.uploadBlockBlob("a.txt", "a", 1);
  await play("[]");
}, 60_000);

test("rule 6: quota is looked at late, and an upgrade's reserve of 20 % counts", async () => {
  await ml.quotas.update(location, { value: [{ limit: 8 }] });
  await putEndpoint("quota");
  // Two instances of 4 cores would fit into 8; with the reserve they are three.
  await expect(putDeployment("quota", "two", 2)).rejects.toThrow(/OutOfQuota.*12 cores are needed/);
  expect((await ml.onlineDeployments.get(group, ws, "quota", "two")).properties.provisioningState).toBe("Failed");
  await ml.onlineDeployments.beginDeleteAndWait(group, ws, "quota", "two", soon);
  // One fits: what it fails with is its model, which is not there.
  await expect(putDeployment("quota", "one")).rejects.toThrow(/none/);
  await ml.quotas.update(location, { value: [{ limit: 500 }] });
}, 60_000);

test("rule 7: errors have code, message, target, details and request ids; 429 says when to come again", async () => {
  const bad = await ml.workspaces.get(group, "missing").catch((error: unknown) => error);
  expect(bad).toMatchObject({
    statusCode: 404,
    code: "ResourceNotFound",
    message: expect.stringContaining("missing"),
    response: { headers: expect.anything() },
  });
  const { headers } = (bad as { response: { headers: { get(name: string): string | undefined } } }).response;
  expect(headers.get("x-ms-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  expect(headers.get("x-ms-correlation-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  const cluster = { location, properties: { computeType: "AmlCompute" as const, properties: { scaleSettings: { maxNodeCount: 1 } } } };
  await expect(ml.computeOperations.beginCreateOrUpdateAndWait(group, ws, "bad", cluster, soon)).rejects.toMatchObject({
    statusCode: 400,
    details: { error: { code: "BadRequest", target: "properties.properties.vmSize", message: expect.any(String) } },
  });
  await play("- { call: { path: '*/workspaces/mlw-rules', method: GET }, first: 2, answer: { status: 429, retryAfter: 1 } }");
  const began = performance.now();
  expect((await ml.workspaces.get(group, ws)).name).toBe(ws);
  expect(performance.now() - began).toBeGreaterThan(1900);
  await play("[]");
}, 60_000);

test("rule 8: a group goes with what is in it, however deep", async () => {
  await workspaceIn(sandbox, "rulesgone");
  await ml.dataVersions.createOrUpdate("rulesgone", "mlw-rulesgone", "d", "1", {
    properties: { dataType: "uri_file", dataUri: "https://example.com/a.csv" },
  });
  await arm.resourceGroups.delete("rulesgone", soon);
  await expect(ml.dataVersions.get("rulesgone", "mlw-rulesgone", "d", "1")).rejects.toMatchObject({ statusCode: 404 });
  const names: (string | undefined)[] = [];
  for await (const { name } of arm.resourceGroups.list()) names.push(name);
  expect(names).not.toContain("rulesgone");
  await arm.resourceGroups.createOrUpdate("rulesgone", { location });
  await expect(ml.workspaces.get("rulesgone", "mlw-rulesgone")).rejects.toMatchObject({ statusCode: 404 });
}, 60_000);
