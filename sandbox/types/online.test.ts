// Azure's rules on online endpoints and deployments, asked of Resource Manager's engine as a client would.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTestSandbox, SUBSCRIPTION, WORKSPACE } from "../serving/testing.ts";
import type { TestSandbox } from "../serving/testing.ts";

const dir = mkdtempSync(join(tmpdir(), "online-"));
let box: TestSandbox;
const id = `${WORKSPACE}/onlineEndpoints/wine`;
const other = WORKSPACE.replace(/w$/, "w2");

const body = (properties: object = {}, more: object = {}) => ({
  location: "westeurope",
  properties: { authMode: "key", ...properties },
  ...more,
});
const deployment = (properties: object = {}, capacity = 1) => ({
  location: "westeurope",
  sku: { capacity },
  properties: {
    endpointComputeType: "managed",
    model: "folder:model.txt",
    environmentId: "azureml:env:1",
    codeConfiguration: { codeId: "folder:none", scoringScript: "score.py" },
    instanceType: "Standard_DS3_v2",
    ...properties,
  },
});
const nothing = { python: "/bin/false", binDir: "/bin", env: {}, notes: [] };

beforeAll(async () => {
  box = await openTestSandbox(dir, nothing);
  await box.put(id, body());
  // Deployments that are only there: these tests are about rules, not about processes.
  for (const name of ["blue", "green"]) await put(`${id}/deployments/${name}`);
});
afterAll(async () => {
  await box.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Fails in its operation (there is no code), as any deployment that stays behind as Failed. */
async function put(at: string, content: object = deployment()): Promise<unknown> {
  return await box.put(at, content).catch((error: unknown) => error);
}

test("an endpoint is shown with what Azure fills in", () => {
  expect(box.get(id)).toMatchObject({
    kind: "Managed",
    identity: { type: "SystemAssigned", principalId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    properties: {
      authMode: "Key",
      provisioningState: "Succeeded",
      publicNetworkAccess: "Enabled",
      traffic: {},
      mirrorTraffic: {},
      scoringUri: expect.stringMatching(/\/westeurope\/wine\/score$/),
      swaggerUri: expect.stringMatching(/\/westeurope\/wine\/swagger\.json$/),
    },
  });
});

test("an endpoint's name is unique in its region, over workspaces", async () => {
  await expect(box.put(`${other}/onlineEndpoints/Wine`, body())).rejects.toMatchObject({ status: 409, code: "EndpointAlreadyExists" });
  await box.put(`${other}/onlineEndpoints/wine`, body({}, { location: "northeurope" }));
  expect(box.get(`${other}/onlineEndpoints/wine`)?.properties["scoringUri"]).toMatch(/\/northeurope\/wine\/score$/);
});

test.each(["ab", "1wine", "wine_red", "a".repeat(33), "wine-", "wi--ne"])("the name %s is refused", async (name) => {
  await expect(box.put(`${WORKSPACE}/onlineEndpoints/${name}`, body())).rejects.toMatchObject({ status: 400, target: "name" });
});

test.each([
  [{ red: 100 }, "does not have"],
  [{ blue: 60, green: 60 }, "adds up to 120"],
  [{ blue: 50 }, "adds up to 50"],
  [{ blue: 101 }, "properties.traffic.blue"],
  [{ blue: 99.5, green: 0.5 }, "properties.traffic.blue"],
])("traffic %j is refused: %s", async (traffic, why) => {
  await expect(box.put(id, body({ traffic }))).rejects.toMatchObject({ status: 400, message: expect.stringContaining(why) });
});

test("traffic that adds up to 100 or 0 is taken, and a PUT without it takes it away", async () => {
  await box.put(id, body({ traffic: { blue: 90, green: 10 } }));
  expect(box.get(id)?.properties["traffic"]).toEqual({ blue: 90, green: 10 });
  await box.put(id, body());
  expect(box.get(id)?.properties["traffic"]).toEqual({});
});

test("PATCH gives traffic whole, and keeps what it does not name", async () => {
  await box.put(id, body({ traffic: { blue: 100 }, description: "wines" }, { tags: { team: "red" } }));
  await box.put(id, { tags: { stage: "dev" }, properties: { traffic: { green: 100 } } }, "PATCH");
  expect(box.get(id)).toMatchObject({ tags: { team: "red", stage: "dev" }, properties: { traffic: { green: 100 }, description: "wines" } });
  expect(box.get(id)?.properties["traffic"]).toEqual({ green: 100 });
});

test.each([
  [{ blue: 51 }, "at most 50"],
  [{ blue: 10, green: 10 }, "it may name one"],
  [{ green: 10 }, "has 100 percent of the live traffic"],
  [{ red: 10 }, "does not have"],
])("mirrored traffic %j is refused: %s", async (mirrorTraffic, why) => {
  await expect(box.put(id, body({ traffic: { green: 100 }, mirrorTraffic }))).rejects.toMatchObject({
    message: expect.stringContaining(why),
  });
});

test("a deployment with traffic, or with mirrored traffic, cannot be deleted", async () => {
  await box.put(id, body({ traffic: { green: 100 }, mirrorTraffic: { blue: 20 } }));
  await expect(box.delete(`${id}/deployments/green`)).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining("100 percent of the traffic"),
  });
  await expect(box.delete(`${id}/deployments/blue`)).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining("20 percent of mirrored"),
  });
  await box.put(id, body());
});

test("the identity is fixed at creation; leaving it out keeps it", async () => {
  const before = box.get(id)?.identity;
  await box.put(id, body());
  expect(box.get(id)?.identity).toEqual(before);
  await expect(box.put(id, body({}, { identity: { type: "None" } }))).rejects.toMatchObject({ status: 400, target: "identity" });
});

test("keys of a body are taken, never shown, and can be made anew", async () => {
  await box.put(id, body({ keys: { primaryKey: "a-key-of-my-own-0123456789" } }));
  expect(JSON.stringify(box.get(id))).not.toContain("a-key-of-my-own");
  const first = (await box.act(id, "listKeys")).body as Record<string, string>;
  expect(first["primaryKey"]).toBe("a-key-of-my-own-0123456789");
  expect((await box.act(id, "regenerateKeys", { keyType: "Primary" })).status).toBe(200);
  const second = (await box.act(id, "listKeys")).body as Record<string, string>;
  expect(second["primaryKey"]).not.toBe(first["primaryKey"]);
  expect(second["secondaryKey"]).toBe(first["secondaryKey"]);
  await box.act(id, "regenerateKeys", { keyType: "secondary", keyValue: second["secondaryKey"] });
  const third = (await box.act(id, "listKeys")).body as Record<string, string>;
  expect(third["secondaryKey"]).not.toBe(second["secondaryKey"]);
  await box.act(id, "regenerateKeys", { keyType: "secondary", keyValue: "chosen-by-hand-0123456789" });
  expect((await box.act(id, "listKeys")).body).toMatchObject({ secondaryKey: "chosen-by-hand-0123456789" });
  await expect(box.act(id, "regenerateKeys", { keyType: "third" })).rejects.toMatchObject({ status: 400, target: "keyType" });
  await expect(box.act(id, "token")).rejects.toMatchObject({ status: 400, message: expect.stringContaining("authMode 'Key'") });
});

test("a refused write does not change the keys", async () => {
  const before = (await box.act(id, "listKeys")).body;
  await expect(box.put(id, body({ traffic: { red: 100 }, keys: { primaryKey: "another-key-0123456789abc" } }))).rejects.toMatchObject({
    status: 400,
  });
  expect((await box.act(id, "listKeys")).body).toEqual(before);
});

test("authMode AMLToken gives tokens and no keys", async () => {
  const token = `${WORKSPACE}/onlineEndpoints/tokens`;
  await box.put(token, body({ authMode: "amlToken" }));
  const given = (await box.act(token, "token")).body as { accessToken: string; expiryTimeUtc: number; refreshAfterTimeUtc: number };
  expect(given.accessToken.split(".")).toHaveLength(3);
  expect(given.expiryTimeUtc).toBeGreaterThan(given.refreshAfterTimeUtc);
  expect((await box.score(token, { key: given.accessToken })).status).toBe(404);
  expect((await box.score(token, { key: `${given.accessToken}x` })).status).toBe(401);
  await expect(box.act(token, "listKeys")).rejects.toMatchObject({ status: 400 });
  await expect(box.put(token, body({ authMode: "none" }))).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining("Key, AMLToken, AADToken"),
  });
});

test("a deployment is shown with Azure's defaults", () => {
  expect(box.get(`${id}/deployments/blue`)).toMatchObject({
    sku: { name: "Default", capacity: 1 },
    properties: {
      endpointComputeType: "Managed",
      requestSettings: { maxConcurrentRequestsPerInstance: 1, requestTimeout: "PT5S" },
      livenessProbe: { failureThreshold: 30, initialDelay: "PT10S", period: "PT10S", successThreshold: 1, timeout: "PT2S" },
      scaleSettings: { scaleType: "Default" },
      egressPublicNetworkAccess: "Enabled",
      provisioningState: "Failed",
    },
  });
});

test.each<[string, object, string]>([
  [
    "another kind than its endpoint",
    deployment({ endpointComputeType: "Kubernetes" }),
    "takes deployments with endpointComputeType 'Managed'",
  ],
  ["an unknown size", deployment({ instanceType: "big" }), "is not a VM size"],
  ["no instance", deployment({}, 0), "sku.capacity"],
  ["another place", { ...deployment(), location: "northeurope" }, "must be its endpoint's"],
  [
    "a scaling that only Kubernetes has",
    deployment({ scaleSettings: { scaleType: "TargetUtilization" } }),
    "take scaleType 'Default' only",
  ],
  ["a timeout that is none", deployment({ requestSettings: { requestTimeout: "5 s" } }), "ISO 8601"],
  ["a probe that is too quick", deployment({ livenessProbe: { period: "PT0.1S" } }), "must be from 1"],
])("a deployment with %s is refused", async (_what, content, why) => {
  await expect(box.put(`${id}/deployments/red`, content)).rejects.toMatchObject({ status: 400, message: expect.stringContaining(why) });
  expect(box.get(`${id}/deployments/red`)).toBeUndefined();
});

test("what is fixed in a deployment cannot be changed", async () => {
  await expect(box.put(`${id}/deployments/blue`, deployment({ egressPublicNetworkAccess: "Disabled" }))).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining("egressPublicNetworkAccess"),
  });
});

test("quota is checked late, with 20 percent held for upgrades, and the deployment stays behind as Failed", async () => {
  // 12 instances of 4 cores; ceil(1.2 * 10) = 12 instances of which blue and green hold nothing, as they failed.
  box.serving.quota.setLimit(SUBSCRIPTION, "westeurope", 47);
  const red = `${id}/deployments/red`;
  await expect(box.put(red, deployment({}, 10))).rejects.toMatchObject({
    code: "OutOfQuota",
    message: expect.stringContaining("48 cores are needed"),
  });
  expect(box.get(red)?.properties["provisioningState"]).toBe("Failed");
  box.serving.quota.setLimit(SUBSCRIPTION, "westeurope", 48);
  await expect(box.put(red, deployment({}, 10))).rejects.toMatchObject({
    code: "BadArgument",
    message: expect.stringContaining("unable to download user code"),
  });
  await box.delete(red);
});

test("a Kubernetes endpoint takes Kubernetes deployments", async () => {
  const k8s = `${WORKSPACE}/onlineEndpoints/cluster`;
  await box.put(k8s, body({ compute: `${WORKSPACE}/computes/aks` }));
  expect(box.get(k8s)?.kind).toBe("K8S");
  await expect(box.put(`${k8s}/deployments/blue`, deployment())).rejects.toMatchObject({
    message: expect.stringContaining("'Kubernetes', not 'Managed'"),
  });
  await put(`${k8s}/deployments/blue`, deployment({ endpointComputeType: "Kubernetes", instanceType: undefined }));
  expect(box.get(`${k8s}/deployments/blue`)).toBeDefined();
  await expect(box.put(k8s, body())).rejects.toMatchObject({ target: "properties.compute" });
});

test("what cannot be served says why", async () => {
  const red = `${id}/deployments/red`;
  await expect(box.put(red, deployment({ codeConfiguration: undefined, model: "folder:none.txt" }))).rejects.toMatchObject({
    code: "BadArgument",
    message: expect.stringContaining("unable to download user model 'folder:none.txt'"),
  });
  await expect(box.act(red, "getLogs", { containerType: "Sidecar" })).rejects.toMatchObject({ target: "containerType" });
  await box.delete(red);
});

test("deleting an endpoint takes its deployments along, whatever traffic they have", async () => {
  await box.put(id, body({ traffic: { blue: 100 } }));
  await box.delete(id);
  expect(box.get(`${id}/deployments/blue`)).toBeUndefined();
});
