// Faults as official clients meet them, in every service of a running sandbox.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { AzureMachineLearningWorkspaces } from "@azure/arm-machinelearning";
import { ClientSecretCredential } from "@azure/identity";
import { KeyClient } from "@azure/keyvault-keys";
import { BlobServiceClient } from "@azure/storage-blob";
import { readFileSync } from "node:fs";
import { connect } from "../../azure/client.ts";
import { listFaults, setFaults } from "../control.ts";
import { testSandbox } from "../testing.ts";
import type { TestSandbox } from "../testing.ts";
import { readFaults } from "./read.ts";

let sandbox: TestSandbox;
let group: string;
const play = async (yaml: string): Promise<void> => await setFaults(sandbox.dir, readFaults(yaml, "faults.yml"));
const counts = async (): Promise<number[][]> => (await listFaults(sandbox.dir)).map(({ met, played }) => [met, played]);
const ml = (): AzureMachineLearningWorkspaces => {
  const endpoint = sandbox.info.armEndpoint;
  return new AzureMachineLearningWorkspaces(sandbox.credential, sandbox.info.subscriptionId, {
    endpoint,
    credentialScopes: `${endpoint}.default`,
  });
};
const workspaces = async (): Promise<unknown[]> => {
  const all = [];
  for await (const one of ml().workspaces.listByResourceGroup("rg")) all.push(one);
  return all;
};
const blobs = (maxTries: number): BlobServiceClient =>
  new BlobServiceClient(`https://localhost:${sandbox.info.blobPort}/stfaults`, sandbox.credential, {
    retryOptions: { maxTries, retryDelayInMs: 10 },
  });

beforeAll(async () => {
  sandbox = await testSandbox();
  group = `${sandbox.subscription}/resourceGroups/rg`;
  await sandbox.call("PUT", group, { location: "westeurope" });
  await sandbox.call("PUT", `${group}/providers/Microsoft.Storage/storageAccounts/stfaults`, {
    location: "westeurope",
    kind: "StorageV2",
    sku: { name: "Standard_LRS" },
  });
  await sandbox.grant("Storage Blob Data Contributor");
}, 60_000);
afterAll(async () => await sandbox.stop());

test("429 with Retry-After in Resource Manager's form; the official client waits and comes again", async () => {
  await play("- { call: { path: '*/workspaces' }, first: 3, answer: { status: 429, retryAfter: 1 } }");
  const refused = await sandbox.call("GET", `${group}/providers/Microsoft.MachineLearningServices/workspaces`);
  expect(refused).toMatchObject({
    status: 429,
    body: { error: { code: "TooManyRequests", message: expect.stringContaining("exceeded") } },
  });
  expect(refused.headers.get("retry-after")).toBe("1");
  expect(refused.headers.get("x-ms-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  const began = performance.now();
  expect(await workspaces()).toEqual([]);
  expect(performance.now() - began).toBeGreaterThan(1900);
  expect(await counts()).toEqual([[4, 3]]);
});

test("code and message are the rule's own where it says so", async () => {
  await play("- { call: { type: Microsoft.Storage/storageAccounts }, answer: { status: 409, code: AccountBusy, message: not now } }");
  const account = `${group}/providers/Microsoft.Storage/storageAccounts/stfaults`;
  expect(await sandbox.call("GET", account)).toMatchObject({ status: 409, body: { error: { code: "AccountBusy", message: "not now" } } });
  expect((await sandbox.call("GET", group)).status).toBe(200);
});

test("a connection that breaks before leaves nothing done, one that breaks after has done it", async () => {
  for (const [when, status] of [
    ["before", 404],
    ["after", 200],
  ] as const) {
    await play(`- { call: { method: PUT, type: Microsoft.Resources/resourceGroups }, first: 1, drop: ${when} }`);
    const path = `${sandbox.subscription}/resourceGroups/rg-${when}`;
    await expect(sandbox.call("PUT", path, { location: "westeurope" })).rejects.toThrow("fetch failed");
    expect((await sandbox.call("GET", path)).status).toBe(status);
  }
});

test("an answer that breaks off midway has come to nothing for its client, which asks again", async () => {
  await play("- { call: { method: GET, path: '*/resourceGroups/rg' }, first: 2, drop: midway }");
  await expect(sandbox.call("GET", group)).rejects.toThrow("terminated");
  const azure = await connect({
    ARM_CLOUD_METADATA_URL: sandbox.info.metadataUrl,
    AZURE_SUBSCRIPTION_ID: sandbox.info.subscriptionId,
    AZURE_TENANT_ID: sandbox.info.tenantId,
    AZURE_CLIENT_ID: sandbox.info.clientId,
    AZURE_CLIENT_SECRET: readFileSync(sandbox.info.clientSecretFile, "utf8"),
  });
  expect(await azure.get(group, { apiVersion: "2024-10-01" })).toMatchObject({ name: "rg" });
  expect(await counts()).toEqual([[3, 2]]);
});

test("slow", async () => {
  await play("- { call: { method: GET, path: '*/resourceGroups/rg' }, first: 1, slow: 0.4 }");
  const began = performance.now();
  await sandbox.call("GET", group);
  expect(performance.now() - began).toBeGreaterThan(390);
});

test("blobs: errors in the storage service's form, which its client retries; and broken connections", async () => {
  const container = blobs(4).getContainerClient("faulty");
  await container.createIfNotExists();
  await play(`
- { call: { service: blob, method: PUT }, first: 1, answer: { status: 503 } }
- { call: { service: blob, method: PUT }, first: 2, drop: before }
`);
  await container.uploadBlockBlob("a.txt", "text", 4);
  expect((await container.getBlockBlobClient("a.txt").downloadToBuffer()).toString()).toBe("text");
  expect(await counts()).toEqual([
    [4, 1],
    [3, 2],
  ]);
  await play("- { call: { service: blob, method: PUT }, answer: { status: 503 } }");
  await expect(blobs(1).getContainerClient("faulty").uploadBlockBlob("b.txt", "text", 4)).rejects.toMatchObject({
    statusCode: 503,
    code: "ServerBusy",
  });
  await play("[]");
  await container.uploadBlockBlob("b.txt", "text", 4);
});

test("sign-in, vaults and scoring have faults of their own", async () => {
  await play(`
- { call: { service: entra, path: "*/oauth2/*" }, first: 1, answer: { status: 503 } }
- { call: { service: scoring }, answer: { status: 429, retryAfter: 2 } }
- { call: { service: vault, path: /keys/*/create }, first: 1, answer: { status: 500 } }
`);
  const { info } = sandbox;
  const credential = new ClientSecretCredential(info.tenantId, info.clientId, readFileSync(info.clientSecretFile, "utf8"), {
    authorityHost: info.armEndpoint,
    disableInstanceDiscovery: true,
  });
  expect((await credential.getToken(`${info.armEndpoint}.default`)).token).toMatch(/^ey/);
  const scored = await fetch(`https://localhost:${info.scoringPort}/westeurope/any/score`, { method: "POST", body: "{}" });
  expect([scored.status, scored.headers.get("retry-after")]).toEqual([429, "2"]);
  const made = await sandbox.call("PUT", `${group}/providers/Microsoft.KeyVault/vaults/kvfaults`, {
    location: "westeurope",
    properties: { tenantId: info.tenantId, sku: { family: "A", name: "standard" }, accessPolicies: [] },
  });
  const keys = new KeyClient(made.body.properties.vaultUri as string, credential, { disableChallengeResourceVerification: true });
  expect((await keys.createEcKey("k", { curve: "P-256" })).name).toBe("k");
  expect((await counts()).map(([, played]) => played)).toEqual([1, 1, 1]);
});

test("faults stay set through a kill of the sandbox and of its blob service, until they are cleared", async () => {
  await play(
    "- { call: { service: blob, method: PUT }, answer: { status: 500 } }\n- { call: { path: '*/workspaces' }, answer: { status: 500 } }",
  );
  sandbox.kill();
  await sandbox.restart();
  const list = `${group}/providers/Microsoft.MachineLearningServices/workspaces`;
  expect((await sandbox.call("GET", list)).status).toBe(500);
  await expect(blobs(1).getContainerClient("faulty").uploadBlockBlob("c.txt", "text", 4)).rejects.toMatchObject({ statusCode: 500 });
  await play("[]");
  expect((await sandbox.call("GET", list)).status).toBe(200);
  await blobs(1).getContainerClient("faulty").uploadBlockBlob("c.txt", "text", 4);
}, 60_000);
