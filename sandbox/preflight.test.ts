// What one can ask of the sandbox before anything is made: registrations, rights, free names, sizes and quota.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { AzureMachineLearningWorkspaces } from "@azure/arm-machinelearning";
import { testSandbox } from "./testing.ts";
import type { TestSandbox } from "./testing.ts";

let sandbox: TestSandbox;
let client: AzureMachineLearningWorkspaces;

beforeAll(async () => {
  sandbox = await testSandbox();
  client = new AzureMachineLearningWorkspaces(sandbox.credential, sandbox.info.subscriptionId, {
    endpoint: sandbox.info.armEndpoint,
    credentialScopes: `${sandbox.info.armEndpoint}.default`,
  });
  await sandbox.call("PUT", `${sandbox.subscription}/resourceGroups/rg1`, { location: "westeurope" });
}, 60_000);
afterAll(async () => await sandbox.stop());

const provider = (path: string): string => `${sandbox.subscription}/providers/${path}`;

test("a provider that is not registered makes no resources, and says so", async () => {
  const topic = `${sandbox.subscription}/resourceGroups/rg1/providers/Microsoft.EventGrid/topics/topic-1`;
  expect((await sandbox.call("GET", provider("Microsoft.EventGrid"))).body.registrationState).toBe("Registered");
  await sandbox.call("POST", provider("Microsoft.EventGrid/unregister"));
  expect((await sandbox.call("GET", provider("microsoft.eventgrid"))).body.registrationState).toBe("NotRegistered");
  const refused = await sandbox.call("PUT", topic, { location: "westeurope" });
  expect([refused.status, refused.body.error.code]).toEqual([409, "MissingSubscriptionRegistration"]);
  await sandbox.call("POST", provider("Microsoft.EventGrid/register"));
  expect((await sandbox.call("PUT", topic, { location: "westeurope" })).status).toBe(201);
  expect((await sandbox.call("POST", provider("Microsoft.Nothing/unregister"))).status).toBe(501);
});

test("what the caller may do at a scope", async () => {
  const at = async (scope: string) => await sandbox.call("GET", `${scope}/providers/Microsoft.Authorization/permissions`);
  const own = await at(sandbox.subscription);
  expect(own.body.value).toEqual([{ actions: ["*"], notActions: [], dataActions: [], notDataActions: [] }]);
  await sandbox.grant("Storage Blob Data Reader", `${sandbox.subscription}/resourceGroups/rg1`);
  const group = (await at(`${sandbox.subscription}/resourceGroups/rg1`)).body.value as { dataActions: string[] }[];
  expect(group.flatMap(({ dataActions }) => dataActions)).toEqual([expect.stringMatching(/blobs\/read$/)]);
  expect((await at(`${sandbox.subscription}/resourceGroups/none`)).body.error.code).toBe("ResourceGroupNotFound");
});

test("names that are unique in the cloud: free, invalid, taken, taken by a deleted one", async () => {
  const ask = async (name: string) =>
    (await sandbox.call("POST", provider("Microsoft.KeyVault/checkNameAvailability"), { name, type: "Microsoft.KeyVault/vaults" })).body;
  expect(await ask("kv-free-1")).toEqual({ nameAvailable: true });
  expect(await ask("1vault")).toMatchObject({ nameAvailable: false, reason: "AccountNameInvalid" });
  const vault = `${sandbox.subscription}/resourceGroups/rg1/providers/Microsoft.KeyVault/vaults/kv-taken-1`;
  await sandbox.call("PUT", vault, {
    location: "westeurope",
    properties: { tenantId: sandbox.info.tenantId, sku: { family: "A", name: "standard" }, enableRbacAuthorization: true },
  });
  expect(await ask("kv-taken-1")).toMatchObject({ nameAvailable: false, reason: "AlreadyExists" });
  await sandbox.call("DELETE", vault);
  expect(await ask("kv-taken-1")).toMatchObject({ nameAvailable: false, reason: "AlreadyExists" });
  expect((await sandbox.call("POST", provider("Microsoft.Storage/checkNameAvailability"), { name: "x" })).status).toBe(400);
  expect((await sandbox.call("POST", provider("Microsoft.EventGrid/checkNameAvailability"), { name: "x" })).status).toBe(501);
});

test("a region's sizes and quota, as the official client reads them", async () => {
  const { value = [] } = await client.virtualMachineSizes.list("westeurope");
  expect(value.find(({ name }) => name === "Standard_DS3_v2")).toMatchObject({
    ...{ family: "standardDSv2Family", vCPUs: 4, memoryGB: 14 },
    supportedComputeTypes: ["AmlCompute", "ComputeInstance", "MIR"],
  });
  const poorer = await client.virtualMachineSizes.list("uksouth");
  expect(poorer.value!.some(({ name }) => name === "Standard_NC24ads_A100_v4")).toBe(false);
  await client.quotas.update("westeurope", { value: [{ id: `${sandbox.subscription}/quotas/standardDSv2Family`, limit: 24 }] });
  const usages = new Map<string, number | undefined>();
  for await (const { name, limit } of client.usages.list("westeurope")) usages.set(name!.localizedValue!, Number(limit));
  expect(usages.get("Total Cluster Dedicated Regional vCPUs")).toBe(500);
  expect(usages.get("Standard DSv2 Family Cluster Dedicated vCPUs")).toBe(24);
  expect((await sandbox.call("GET", provider("Microsoft.MachineLearningServices/locations/nowhere/vmSizes"))).status).toBe(400);
});

test("a locked scope keeps what is in it, from every side", async () => {
  const group = `${sandbox.subscription}/resourceGroups/rg-locked`;
  const identity = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-1`;
  await sandbox.call("PUT", group, { location: "westeurope" });
  await sandbox.call("PUT", identity, { location: "westeurope" });
  const lock = (level: string): Promise<{ status: number }> =>
    sandbox.call("PUT", `${identity}/providers/Microsoft.Authorization/locks/keep`, { properties: { level } });
  expect((await lock("Never")).status).toBe(400);
  expect((await lock("CanNotDelete")).status).toBe(201);
  for (const scope of [identity, group]) {
    const refused = await sandbox.call("DELETE", scope);
    expect([refused.status, refused.body.error.code]).toEqual([409, "ScopeLocked"]);
    expect(refused.body.error.message).toContain(`because following scope(s) are locked: '${identity}'. Please remove the lock`);
  }
  expect((await sandbox.call("PATCH", identity, { tags: { a: "b" } })).status).toBe(200);
  expect((await lock("ReadOnly")).status).toBe(200);
  expect((await sandbox.call("PATCH", identity, { tags: { a: "c" } })).body.error.code).toBe("ScopeLocked");
  const locks = await sandbox.call("GET", `${group}/providers/Microsoft.Authorization/locks`);
  expect(locks.body.value.map(({ name }: { name: string }) => name)).toEqual(["keep"]);
  expect((await sandbox.call("DELETE", `${identity}/providers/Microsoft.Authorization/locks/keep`)).status).toBe(200);
  expect((await sandbox.call("DELETE", group)).status).toBe(200);
});
