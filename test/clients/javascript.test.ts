// Azure's JavaScript clients, unpatched, for the resource types that the stacks use: by a sign-in of @azure/identity, at the sandbox's endpoint.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { AuthorizationManagementClient } from "@azure/arm-authorization";
import { EventGridManagementClient } from "@azure/arm-eventgrid";
import { KeyVaultManagementClient } from "@azure/arm-keyvault";
import { AzureMachineLearningWorkspaces } from "@azure/arm-machinelearning";
import { ResourceManagementClient } from "@azure/arm-resources";
import { StorageManagementClient } from "@azure/arm-storage";
import { testSandbox, type TestSandbox } from "../../sandbox/testing.ts";
import { kept, Notes } from "./kept.ts";
import { inventoryOf, traced, versionOf } from "./traced.ts";

const group = "rg-js";
const location = "westeurope";
const soon = { updateIntervalInMs: 20 };
let sandbox: TestSandbox;
const clients = new Map<string, { client: object; notes: Notes }>();

beforeAll(async () => {
  sandbox = await testSandbox();
}, 60_000);
afterAll(async () => await sandbox.stop());

/** As the packages' documentation says for another cloud: the endpoint, and the scope of its tokens. */
const options = (): { endpoint: string; credentialScopes: string[] } => {
  const endpoint = sandbox.info.armEndpoint.replace(/\/$/, "");
  return { endpoint, credentialScopes: [`${endpoint}/.default`] };
};

function watch<Client extends object>(name: string, client: Client): Client {
  const notes = new Notes();
  clients.set(name, { client, notes });
  return traced(client, notes);
}

async function all<One>(pages: AsyncIterable<One>): Promise<One[]> {
  const found: One[] = [];
  for await (const one of pages) found.push(one);
  return found;
}
const names = async (pages: AsyncIterable<{ name?: string }>): Promise<(string | undefined)[]> =>
  (await all(pages)).map(({ name }) => name);
const at = (type: string, name: string): string => `${sandbox.subscription}/resourceGroups/${group}/providers/${type}/${name}`;

test("@azure/arm-resources: groups, resources of any type, providers", async () => {
  const client = watch("@azure/arm-resources", new ResourceManagementClient(sandbox.credential, sandbox.info.subscriptionId, options()));
  expect(await client.resourceGroups.createOrUpdate(group, { location })).toMatchObject({ name: group });
  expect((await client.resourceGroups.checkExistence(group)).body).toBe(true);
  expect((await client.resourceGroups.checkExistence("none")).body).toBe(false);
  expect((await client.resourceGroups.update(group, { tags: { team: "ml" } })).tags).toEqual({ team: "ml" });
  expect((await client.resourceGroups.get(group)).location).toBe(location);
  expect(await names(client.resourceGroups.list())).toEqual([group]);
  const identity = ["Microsoft.ManagedIdentity", "", "userAssignedIdentities", "id-js"] as const;
  await client.resources.createOrUpdate(group, ...identity, "2023-01-31", { location });
  const id = at("Microsoft.ManagedIdentity/userAssignedIdentities", "id-js");
  expect((await client.resources.getById(id, "2023-01-31")).properties).toHaveProperty("principalId");
  expect((await client.resources.get(group, ...identity, "2023-01-31")).id).toBe(id);
  expect(await names(client.resources.listByResourceGroup(group))).toEqual(["id-js"]);
  expect(await names(client.resources.list({ filter: "resourceType eq 'Microsoft.ManagedIdentity/userAssignedIdentities'" }))).toEqual([
    "id-js",
  ]);
  await client.resources.deleteById(id, "2023-01-31");
  await expect(client.resources.getById(id, "2023-01-31")).rejects.toMatchObject({ statusCode: 404, code: "ResourceNotFound" });
  expect((await client.providers.register("Microsoft.Storage")).registrationState).toBe("Registered");
  expect((await client.providers.get("Microsoft.Storage")).namespace).toBe("Microsoft.Storage");
  expect((await all(client.providers.list())).length).toBeGreaterThan(5);
  await client.resourceGroups.createOrUpdate("rg-gone", { location });
  await client.resourceGroups.delete("rg-gone");
  expect((await client.resourceGroups.checkExistence("rg-gone")).body).toBe(false);
}, 60_000);

test("@azure/arm-storage: accounts, keys, blob services, containers, lifecycle", async () => {
  const client = watch("@azure/arm-storage", new StorageManagementClient(sandbox.credential, sandbox.info.subscriptionId, options()));
  const { storageAccounts, blobServices, blobContainers, managementPolicies } = client;
  expect(await storageAccounts.checkNameAvailability({ name: "stjs", type: "Microsoft.Storage/storageAccounts" })).toMatchObject({
    nameAvailable: true,
  });
  const body = { location, kind: "StorageV2", sku: { name: "Standard_LRS" }, allowSharedKeyAccess: false } as const;
  expect(await storageAccounts.create(group, "stjs", body)).toMatchObject({ name: "stjs", provisioningState: "Succeeded" });
  expect(await storageAccounts.checkNameAvailability({ name: "stjs", type: "Microsoft.Storage/storageAccounts" })).toMatchObject({
    reason: "AlreadyExists",
  });
  expect((await storageAccounts.update(group, "stjs", { tags: { a: "b" } })).tags).toEqual({ a: "b" });
  expect((await storageAccounts.getProperties(group, "stjs")).primaryEndpoints?.blob).toContain("/stjs");
  expect(await names(storageAccounts.list())).toEqual(["stjs"]);
  expect(await names(storageAccounts.listByResourceGroup(group))).toEqual(["stjs"]);
  const before = (await storageAccounts.listKeys(group, "stjs")).keys!;
  const after = (await storageAccounts.regenerateKey(group, "stjs", { keyName: "key1" })).keys!;
  expect([after[0]!.value === before[0]!.value, after[1]!.value === before[1]!.value]).toEqual([false, true]);
  await blobServices.setServiceProperties(group, "stjs", { deleteRetentionPolicy: { enabled: true, days: 7 } });
  expect((await blobServices.getServiceProperties(group, "stjs")).deleteRetentionPolicy).toMatchObject({ enabled: true, days: 7 });
  await blobContainers.create(group, "stjs", "data", { metadata: { a: "b" } });
  expect((await blobContainers.get(group, "stjs", "data")).metadata).toEqual({ a: "b" });
  expect(await names(blobContainers.list(group, "stjs"))).toEqual(["data"]);
  await blobContainers.delete(group, "stjs", "data");
  const rule = {
    name: "old",
    type: "Lifecycle",
    definition: { actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: 30 } } }, filters: { blobTypes: ["blockBlob"] } },
  };
  await managementPolicies.createOrUpdate(group, "stjs", "default", { policy: { rules: [rule] } });
  expect((await managementPolicies.get(group, "stjs", "default")).policy?.rules[0]?.name).toBe("old");
  await managementPolicies.delete(group, "stjs", "default");
  await storageAccounts.create(group, "stother", body);
  await storageAccounts.delete(group, "stother");
  expect(await names(storageAccounts.list())).toEqual(["stjs"]);
}, 60_000);

test("@azure/arm-keyvault: vaults, what is deleted and kept, keys", async () => {
  const client = watch("@azure/arm-keyvault", new KeyVaultManagementClient(sandbox.credential, sandbox.info.subscriptionId, options()));
  const { vaults, keys } = client;
  const properties = { tenantId: sandbox.info.tenantId, sku: { family: "A", name: "standard" }, enableRbacAuthorization: true } as const;
  expect(await vaults.createOrUpdate(group, "kv-js", { location, properties })).toMatchObject({ name: "kv-js" });
  expect(await vaults.checkNameAvailability({ name: "kv-js", type: "Microsoft.KeyVault/vaults" })).toMatchObject({ nameAvailable: false });
  expect((await vaults.update(group, "kv-js", { tags: { a: "b" } })).tags).toEqual({ a: "b" });
  expect((await vaults.get(group, "kv-js")).properties.vaultUri).toMatch(/^https:\/\/localhost:/);
  expect(await names(vaults.listByResourceGroup(group))).toEqual(["kv-js"]);
  expect(await names(vaults.listBySubscription())).toEqual(["kv-js"]);
  const made = await keys.createIfNotExist(group, "kv-js", "release", { properties: { kty: "EC", curveName: "P-256" } });
  expect(made).toMatchObject({ name: "release", kty: "EC" });
  expect((await keys.get(group, "kv-js", "release")).keyUri).toContain("/keys/release");
  await vaults.delete(group, "kv-js");
  expect(await names(vaults.listDeleted())).toEqual(["kv-js"]);
  expect((await vaults.getDeleted("kv-js", location)).name).toBe("kv-js");
  await expect(vaults.createOrUpdate(group, "kv-js", { location, properties })).rejects.toMatchObject({ statusCode: 409 });
  await vaults.purgeDeleted("kv-js", location);
  expect(await names(vaults.listDeleted())).toEqual([]);
  await vaults.createOrUpdate(group, "kv-js", { location, properties });
}, 60_000);

test("@azure/arm-authorization: roles given, listed, taken", async () => {
  const client = watch(
    "@azure/arm-authorization",
    new AuthorizationManagementClient(sandbox.credential, sandbox.info.subscriptionId, { ...options() }),
  );
  const { roleAssignments, roleDefinitions } = client;
  const scope = `${sandbox.subscription}/resourceGroups/${group}`;
  const [reader] = await all(roleDefinitions.list(scope, { filter: "roleName eq 'Storage Blob Data Reader'" }));
  expect(reader).toMatchObject({ roleName: "Storage Blob Data Reader", roleType: "BuiltInRole" });
  const guid = "10000000-0000-4000-8000-000000000001";
  const given = { principalId: sandbox.info.objectId, principalType: "ServicePrincipal", roleDefinitionId: reader!.id! };
  expect(await roleAssignments.create(scope, guid, given)).toMatchObject({ name: guid, principalId: given.principalId });
  await expect(roleAssignments.create(scope, "10000000-0000-4000-8000-000000000002", given)).rejects.toMatchObject({
    statusCode: 409,
    code: "RoleAssignmentExists",
  });
  expect((await roleAssignments.get(scope, guid)).roleDefinitionId).toBe(reader!.id);
  expect(await names(roleAssignments.listForScope(scope, { filter: "atScope()" }))).toContain(guid);
  expect(await names(roleAssignments.listForResourceGroup(group))).toContain(guid);
  expect((await all(roleAssignments.listForSubscription())).length).toBeGreaterThan(1);
  await roleAssignments.delete(scope, guid);
  expect(await names(roleAssignments.listForResourceGroup(group))).not.toContain(guid);
  const own = "20000000-0000-4000-8000-000000000001";
  const definition = {
    roleName: "Model lister",
    permissions: [{ actions: ["Microsoft.MachineLearningServices/workspaces/models/read"] }],
    assignableScopes: [scope],
  };
  expect(await roleDefinitions.createOrUpdate(scope, own, definition)).toMatchObject({ roleName: "Model lister" });
  expect((await roleDefinitions.get(scope, own)).permissions?.[0]?.actions).toHaveLength(1);
  await roleDefinitions.delete(scope, own);
}, 60_000);

test("@azure/arm-machinelearning: workspace, compute, datastores, assets, jobs, endpoints", async () => {
  const client = watch(
    "@azure/arm-machinelearning",
    new AzureMachineLearningWorkspaces(sandbox.credential, sandbox.info.subscriptionId, options()),
  );
  await sandbox.call("PUT", at("Microsoft.Insights/components", "appi-js"), {
    location,
    kind: "web",
    properties: { Application_Type: "web" },
  });
  const made = await client.workspaces.beginCreateOrUpdateAndWait(
    group,
    "mlw-js",
    {
      location,
      identity: { type: "SystemAssigned" },
      storageAccount: at("Microsoft.Storage/storageAccounts", "stjs"),
      keyVault: at("Microsoft.KeyVault/vaults", "kv-js"),
      applicationInsights: at("Microsoft.Insights/components", "appi-js"),
    },
    soon,
  );
  expect(made).toMatchObject({ name: "mlw-js", provisioningState: "Succeeded" });
  const ws = [group, "mlw-js"] as const;
  expect((await client.workspaces.beginUpdateAndWait(...ws, { description: "one" }, soon)).description).toBe("one");
  expect((await client.workspaces.get(...ws)).discoveryUrl).toContain("discovery");
  expect(await names(client.workspaces.listByResourceGroup(group))).toEqual(["mlw-js"]);
  expect(await names(client.workspaces.listBySubscription())).toEqual(["mlw-js"]);
  expect((await client.workspaces.listKeys(...ws)).userStorageKey).toBeTruthy();
  await client.workspaces.beginResyncKeysAndWait(...ws, soon);
  await client.workspaces.beginDiagnoseAndWait(...ws, soon);

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
  expect((await all(client.usages.list(location))).length).toBeGreaterThan(0);
  expect((await all(client.quotas.list(location))).length).toBeGreaterThan(0);

  expect(await names(client.datastores.list(...ws))).toContain("workspaceblobstore");
  const store = {
    datastoreType: "AzureBlob",
    accountName: "stjs",
    containerName: "more",
    credentials: { credentialsType: "None" },
  } as const;
  await client.datastores.createOrUpdate(...ws, "more", { properties: store }, { skipValidation: true });
  expect((await client.datastores.get(...ws, "more")).properties).toMatchObject({ containerName: "more" });
  await client.datastores.delete(...ws, "more");

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
  await client.modelVersions.delete(...ws, "m", "1");

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
  await client.onlineEndpoints.beginDeleteAndWait(...ws, "ep-js", soon);
  await client.batchEndpoints.beginCreateOrUpdateAndWait(...ws, "be-js", { location, properties: { authMode: "AADToken" } }, soon);
  expect(await names(client.batchEndpoints.list(...ws))).toEqual(["be-js"]);
  await client.batchEndpoints.beginDeleteAndWait(...ws, "be-js", soon);
  await client.computeOperations.beginDeleteAndWait(...ws, "cpu", "Delete", soon);
  await client.workspaces.beginDeleteAndWait(...ws, soon);
}, 120_000);

test("@azure/arm-eventgrid: topics and what is read of them", async () => {
  const client = watch("@azure/arm-eventgrid", new EventGridManagementClient(sandbox.credential, sandbox.info.subscriptionId, options()));
  await client.topics.beginCreateOrUpdateAndWait(group, "evgt-js", { location }, soon);
  expect((await client.topics.get(group, "evgt-js")).endpoint).toMatch(/^https:/);
  expect(await names(client.topics.listByResourceGroup(group))).toEqual(["evgt-js"]);
  const { key1 } = await client.topics.listSharedAccessKeys(group, "evgt-js");
  expect((await client.topics.beginRegenerateKeyAndWait(group, "evgt-js", { keyName: "key1" }, soon)).key1).not.toBe(key1);
  expect(await names(client.systemTopics.listByResourceGroup(group))).toEqual([]);
  expect(await names(client.eventSubscriptions.listByResource(group, "Microsoft.EventGrid", "topics", "evgt-js"))).toEqual([]);
  await client.topics.beginDeleteAndWait(group, "evgt-js", soon);
}, 60_000);

test("what was seen is what the docs' table is made from", () => {
  for (const [name, { client, notes }] of clients) {
    const version = versionOf(name);
    const file = name.replace("@azure/", "js.");
    const [was, is] = kept(file, { client: name, version, operations: notes.operations });
    expect(was).toEqual(is);
    const [wasAll, isAll] = kept(`${file}.all`, inventoryOf(name, version, client));
    expect(wasAll).toEqual(isAll);
  }
});
