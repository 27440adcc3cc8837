// Faults of Resource Manager's writes, as the official client meets them: operations that fail, names, quota, roles that take their time.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { AzureMachineLearningWorkspaces } from "@azure/arm-machinelearning";
import { setTimeout as sleep } from "node:timers/promises";
import { setFaults } from "../control.ts";
import { testSandbox, workspaceIn } from "../testing.ts";
import type { TestSandbox } from "../testing.ts";
import { readFaults } from "./read.ts";

let sandbox: TestSandbox;
let workspace: string;
let ml: AzureMachineLearningWorkspaces;
const play = async (yaml: string): Promise<void> => await setFaults(sandbox.dir, readFaults(yaml, "faults.yml"));
const aml = "Microsoft.MachineLearningServices/workspaces";
const location = "westeurope";
const cluster = {
  location,
  properties: { computeType: "AmlCompute" as const, properties: { vmSize: "Standard_DS3_v2", scaleSettings: { maxNodeCount: 1 } } },
};

beforeAll(async () => {
  sandbox = await testSandbox();
  workspace = await workspaceIn(sandbox, "rg", "writes");
  const endpoint = sandbox.info.armEndpoint;
  ml = new AzureMachineLearningWorkspaces(sandbox.credential, sandbox.info.subscriptionId, {
    endpoint,
    credentialScopes: `${endpoint}.default`,
  });
}, 60_000);
afterAll(async () => await sandbox.stop());

test("an operation that fails says why only at its end, leaves the resource behind in Failed, and the next write mends it", async () => {
  await play(`- { call: { type: "${aml}/computes", method: PUT }, first: 1, fail: { code: ProvisioningError, message: no node came up } }`);
  const create = async (): Promise<unknown> =>
    await ml.computeOperations.beginCreateOrUpdateAndWait("rg", "mlw-writes", "cpu", cluster, { updateIntervalInMs: 20 });
  await expect(create()).rejects.toThrow("ProvisioningError. no node came up");
  const state = async (): Promise<string> => (await sandbox.call("GET", `${workspace}/computes/cpu`)).body.properties.provisioningState;
  expect(await state()).toBe("Failed");
  await create();
  expect(await state()).toBe("Succeeded");
});

test("a deletion that fails leaves what it was to delete", async () => {
  await play(`- { call: { operation: "${aml}/computes/delete" }, first: 1, fail: {} }`);
  const remove = async (): Promise<void> =>
    await ml.computeOperations.beginDeleteAndWait("rg", "mlw-writes", "cpu", "Delete", { updateIntervalInMs: 20 });
  await expect(remove()).rejects.toThrow("InternalServerError. The operation failed on the service's side.");
  expect((await sandbox.call("GET", `${workspace}/computes/cpu`)).status).toBe(200);
  await remove();
  expect((await sandbox.call("GET", `${workspace}/computes/cpu`)).status).toBe(404);
});

test("a failure that was decided holds through a kill of the sandbox", async () => {
  sandbox.kill();
  await sandbox.restart({ profile: "azure", scale: 60 });
  await play(`- { call: { type: "${aml}/computes" }, first: 1, fail: { code: Unlucky } }`);
  const made = await sandbox.call("PUT", `${workspace}/computes/unlucky`, cluster);
  expect(made.status).toBe(201);
  sandbox.kill();
  await sleep(200);
  await play("[]");
  await sandbox.restart();
  expect((await sandbox.ended(made)).body).toMatchObject({ status: "Failed", error: { code: "Unlucky" } });
}, 60_000);

test("no quota: clusters and deployments fail late, in Azure's words", async () => {
  await play(`- { call: { type: "${aml}/*" }, refuse: quota }`);
  const refused = await sandbox.ended(await sandbox.call("PUT", `${workspace}/computes/big`, cluster));
  expect(refused.body.error).toEqual({
    code: "ClusterMinNodesExceedCoreQuota",
    message: expect.stringContaining(
      "Standard DS family vCPU quota of 0 and cannot accomodate for at least 1 requested managed compute nodes which maps to 4 vCPUs",
    ),
  });
  await play(`- { call: { type: "${aml}/onlineEndpoints/deployments" }, refuse: quota }`);
  const endpoint = `${workspace}/onlineEndpoints/quota-test`;
  await sandbox.ended(
    await sandbox.call("PUT", endpoint, { location, identity: { type: "SystemAssigned" }, properties: { authMode: "Key" } }),
  );
  const deployment = {
    location,
    sku: { name: "Default", capacity: 3 },
    properties: { endpointComputeType: "Managed", instanceType: "Standard_F4s_v2", model: "m" },
  };
  const made = await sandbox.call("PUT", `${endpoint}/deployments/blue`, deployment);
  expect((await sandbox.ended(made)).body.error).toMatchObject({
    code: "OutOfQuota",
    message: expect.stringContaining("Additional needed: 16"),
  });
  expect((await sandbox.call("GET", `${endpoint}/deployments/blue`)).body.properties.provisioningState).toBe("Failed");
}, 60_000);

test("names taken by others and held by deleted ones, in each type's own words; a type without such a rule is refused by name", async () => {
  const at = `${sandbox.subscription}/resourceGroups/rg/providers`;
  const refusal = async (path: string, body: object, what: string): Promise<unknown> => {
    await play(`- { call: { method: PUT, path: "${path}" }, refuse: ${what} }`);
    const { status, body: said } = await sandbox.call("PUT", path, body);
    return [status, said.error.code];
  };
  const account = { location, kind: "StorageV2", sku: { name: "Standard_LRS" } };
  const vault = { location, properties: { tenantId: sandbox.info.tenantId, sku: { family: "A", name: "standard" }, accessPolicies: [] } };
  const endpoint = { location, properties: { authMode: "Key" } };
  expect(await refusal(`${at}/Microsoft.Storage/storageAccounts/sttaken`, account, "nameTaken")).toEqual([
    409,
    "StorageAccountAlreadyTaken",
  ]);
  expect(await refusal(`${at}/Microsoft.KeyVault/vaults/kvtaken`, vault, "nameTaken")).toEqual([409, "VaultAlreadyExists"]);
  expect(await refusal(`${workspace}/onlineEndpoints/taken`, endpoint, "nameTaken")).toEqual([409, "EndpointAlreadyExists"]);
  expect(await refusal(`${at}/Microsoft.KeyVault/vaults/kvtaken`, vault, "nameSoftDeleted")).toEqual([409, "ConflictError"]);
  expect(await refusal(`${at}/${aml}/mlw-gone`, { location, properties: {} }, "nameSoftDeleted")).toEqual([400, "BadRequest"]);
  expect(await refusal(`${at}/Microsoft.Storage/storageAccounts/stgone`, account, "nameSoftDeleted")).toEqual([501, "NotModeledInSandbox"]);
  // What is there already is no new name.
  expect((await sandbox.call("PUT", `${at}/Microsoft.Storage/storageAccounts/stwrites`, account)).status).toBeLessThan(300);
});

test("a role that was just given holds after its time, not before", async () => {
  await play("- rolesHoldAfter: 2");
  await sandbox.grant("Storage Blob Data Contributor");
  const blobs = async (): Promise<number> =>
    (
      await fetch(`https://localhost:${sandbox.info.blobPort}/stwrites/none?restype=container&comp=list`, {
        headers: { authorization: `Bearer ${await sandbox.token("https://storage.azure.com")}`, "x-ms-version": "2023-11-03" },
      })
    ).status;
  expect(await blobs()).toBe(403);
  await sleep(2300);
  expect(await blobs()).toBe(404);
});
