// Azure's JavaScript clients, unpatched, for the resource types that the stacks use: by a sign-in of @azure/identity, at the sandbox's endpoint.
import { expect, test } from "@jest/globals";
import { AuthorizationManagementClient } from "@azure/arm-authorization";
import { EventGridManagementClient } from "@azure/arm-eventgrid";
import { KeyVaultManagementClient } from "@azure/arm-keyvault";
import { ResourceManagementClient } from "@azure/arm-resources";
import { StorageManagementClient } from "@azure/arm-storage";
import { all, at, group, keepsWhatWasSeen, location, names, options, refuses, sandbox, soon, watch } from "./javascript.ts";

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
  expect((await client.resources.checkExistence(group, ...identity, "2023-01-31")).body).toBe(true);
  expect((await client.resources.checkExistenceById(`${id}-none`, "2023-01-31")).body).toBe(false);
  expect((await client.resources.update(group, ...identity, "2023-01-31", { tags: { a: "b" } })).tags).toEqual({ a: "b" });
  expect((await client.resources.updateById(id, "2023-01-31", { tags: { a: "c" } })).tags).toEqual({ a: "c" });
  const tagsNow = async () => (await client.tagsOperations.getAtScope(id)).properties.tags;
  await client.tagsOperations.createOrUpdateAtScope(id, { properties: { tags: { a: "b", c: "d" } } });
  expect((await client.resources.getById(id, "2023-01-31")).tags).toEqual({ a: "b", c: "d" });
  await client.tagsOperations.updateAtScope(id, { operation: "Merge", properties: { tags: { e: "f" } } });
  await client.tagsOperations.updateAtScope(id, { operation: "Delete", properties: { tags: { a: "b", c: "other" } } });
  expect(await tagsNow()).toEqual({ c: "d", e: "f" });
  await client.tagsOperations.deleteAtScope(id);
  expect(await tagsNow()).toEqual({});
  const moved = { resources: [id], targetResourceGroup: `${sandbox.subscription}/resourceGroups/${group}` };
  await refuses("@azure/arm-resources", {
    "resources.moveResources": () => client.resources.moveResources(group, moved),
    "resources.validateMoveResources": () => client.resources.validateMoveResources(group, moved),
    "resourceGroups.exportTemplate": () => client.resourceGroups.exportTemplate(group, { resources: ["*"] }),
    "providers.providerPermissions": () => client.providers.providerPermissions("Microsoft.Storage"),
    "providers.getAtTenantScope": () => client.providers.getAtTenantScope("Microsoft.Storage"),
    "providers.listAtTenantScope": () => client.providers.listAtTenantScope(),
    "providerResourceTypes.list": () => client.providerResourceTypes.list("Microsoft.Storage"),
    "operations.list": () => client.operations.list(),
  });
  await client.resources.delete(group, ...identity, "2023-01-31");
  await client.resources.createOrUpdateById(id, "2023-01-31", { location });
  await client.resources.deleteById(id, "2023-01-31");
  await expect(client.resources.getById(id, "2023-01-31")).rejects.toMatchObject({ statusCode: 404, code: "ResourceNotFound" });
  expect((await client.providers.register("Microsoft.Storage")).registrationState).toBe("Registered");
  await client.providers.unregister("Microsoft.Logic");
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
  expect((await blobContainers.update(group, "stjs", "data", { metadata: { c: "d" } })).metadata).toMatchObject({ c: "d" });
  expect(await names(blobContainers.list(group, "stjs"))).toEqual(["data"]);
  const until = { sharedAccessExpiryTime: new Date(Date.now() + 3_600_000) };
  const [services, resourceTypes] = ["b", "o"];
  await refuses("@azure/arm-storage", {
    "blobContainers.lease": () => blobContainers.lease(group, "stjs", "data", { parameters: { action: "Acquire", leaseDuration: 15 } }),
    "blobContainers.setLegalHold": () => blobContainers.setLegalHold(group, "stjs", "data", { tags: ["case"] }),
    "storageAccounts.listAccountSAS": () =>
      storageAccounts.listAccountSAS(group, "stjs", { services, resourceTypes, permissions: "r", ...until }),
    "storageAccounts.listServiceSAS": () =>
      storageAccounts.listServiceSAS(group, "stjs", { canonicalizedResource: "/blob/stjs/data", ...until }),
    "storageAccounts.failover": () => storageAccounts.failover(group, "stjs"),
    "storageAccounts.revokeUserDelegationKeys": () => storageAccounts.revokeUserDelegationKeys(group, "stjs"),
    "fileShares.create": () => client.fileShares.create(group, "stjs", "share", {}),
    "privateLinkResources.listByStorageAccount": () => client.privateLinkResources.listByStorageAccount(group, "stjs"),
    "privateEndpointConnections.list": () => client.privateEndpointConnections.list(group, "stjs"),
    "skus.list": () => client.skus.list(),
    "usages.listByLocation": () => client.usages.listByLocation(location),
    "deletedAccounts.list": () => client.deletedAccounts.list(),
    "operations.list": () => client.operations.list(),
  });
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
  const [version] = await all(keys.listVersions(group, "kv-js", "release"));
  expect((await keys.getVersion(group, "kv-js", "release", version!.name!)).keyUriWithVersion).toContain(version!.name);
  expect(await names(keys.list(group, "kv-js"))).toEqual(["release"]);
  expect(await names(vaults.list())).toEqual(["kv-js"]);
  const entry = { tenantId: sandbox.info.tenantId, objectId: sandbox.info.objectId, permissions: {} };
  await refuses("@azure/arm-keyvault", {
    "vaults.updateAccessPolicy": () => vaults.updateAccessPolicy(group, "kv-js", "add", { properties: { accessPolicies: [entry] } }),
    "secrets.createOrUpdate": () => client.secrets.createOrUpdate(group, "kv-js", "s", { properties: { value: "x" } }),
    "privateEndpointConnections.listByResource": () => client.privateEndpointConnections.listByResource(group, "kv-js"),
    "operations.list": () => client.operations.list(),
  });
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
  const id = `${scope}/providers/Microsoft.Authorization/roleAssignments/${guid}`;
  await roleAssignments.createById(id, given);
  expect((await roleAssignments.getById(id)).name).toBe(guid);
  expect(await all(roleAssignments.listForResource(group, "Microsoft.Storage", "storageAccounts", "stjs"))).toEqual([]);
  await roleAssignments.deleteById(id);
  expect((await roleDefinitions.getById(reader!.id!)).roleName).toBe("Storage Blob Data Reader");
  expect((await all(client.permissions.listForResourceGroup(group)))[0]?.actions).toEqual(["*"]);
  expect(await all(client.permissions.listForResource(group, "Microsoft.Storage", "", "storageAccounts", "stjs"))).toHaveLength(1);
  await refuses("@azure/arm-authorization", {
    "denyAssignments.list": () => client.denyAssignments.list(),
    "classicAdministrators.list": () => client.classicAdministrators.list(),
    "providerOperationsMetadataOperations.list": () => client.providerOperationsMetadataOperations.list(),
  });
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

test("@azure/arm-eventgrid: topics and what is read of them", async () => {
  const client = watch("@azure/arm-eventgrid", new EventGridManagementClient(sandbox.credential, sandbox.info.subscriptionId, options()));
  await client.topics.beginCreateOrUpdateAndWait(group, "evgt-js", { location }, soon);
  expect((await client.topics.get(group, "evgt-js")).endpoint).toMatch(/^https:/);
  expect(await names(client.topics.listByResourceGroup(group))).toEqual(["evgt-js"]);
  const { key1 } = await client.topics.listSharedAccessKeys(group, "evgt-js");
  expect((await client.topics.beginRegenerateKeyAndWait(group, "evgt-js", { keyName: "key1" }, soon)).key1).not.toBe(key1);
  expect(await names(client.systemTopics.listByResourceGroup(group))).toEqual([]);
  expect(await names(client.eventSubscriptions.listByResource(group, "Microsoft.EventGrid", "topics", "evgt-js"))).toEqual([]);
  expect(await client.topics.beginUpdateAndWait(group, "evgt-js", { tags: { a: "b" } }, soon)).toBeDefined();
  expect(await names(client.topics.listBySubscription())).toEqual(["evgt-js"]);
  expect(await names(client.systemTopics.listBySubscription())).toEqual([]);
  expect(await names(client.eventSubscriptions.listGlobalByResourceGroup(group))).toEqual([]);
  expect(await names(client.eventSubscriptions.listGlobalBySubscription())).toEqual([]);
  await refuses("@azure/arm-eventgrid", {
    "topics.listEventTypes": () => client.topics.listEventTypes(group, "Microsoft.EventGrid", "topics", "evgt-js"),
    "topicTypes.list": () => client.topicTypes.list(),
    "domains.listByResourceGroup": () => client.domains.listByResourceGroup(group),
    "eventSubscriptions.listRegionalBySubscription": () => client.eventSubscriptions.listRegionalBySubscription(location),
    "operations.list": () => client.operations.list(),
  });
  await client.topics.beginDeleteAndWait(group, "evgt-js", soon);
}, 60_000);

keepsWhatWasSeen();
