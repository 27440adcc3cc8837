// Budgets and diagnostic settings: Azure's rules for them.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { testSandbox } from "../testing.ts";
import type { Answer, TestSandbox } from "../testing.ts";

let sandbox: TestSandbox;
const group = (): string => `${sandbox.subscription}/resourceGroups/rg1`;

beforeAll(async () => {
  sandbox = await testSandbox();
  await sandbox.call("PUT", group(), { location: "westeurope" });
}, 60_000);
afterAll(async () => await sandbox.stop());

const month = (offset: number): string => {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + offset, 1)).toISOString();
};
const budget = (name: string, startDate: string, more: object = {}): Promise<Answer> =>
  sandbox.call("PUT", `${group()}/providers/Microsoft.Consumption/budgets/${name}`, {
    properties: { category: "Cost", amount: 200, timeGrain: "Monthly", timePeriod: { startDate }, ...more },
  });

test("a budget begins on the first of this month or later, and keeps its beginning", async () => {
  expect((await budget("b", month(0))).body.properties).toMatchObject({
    amount: 200,
    currentSpend: { amount: 0 },
    timePeriod: { endDate: expect.any(String) },
  });
  expect(await budget("b", month(0), { amount: 300 })).toMatchObject({ status: 200, body: { properties: { amount: 300 } } });
  expect((await budget("late", month(-1))).body.error.message).toMatch(/on or after the start of the current time grain/);
  expect((await budget("odd", month(0).replace("-01T", "-02T"))).body.error.message).toMatch(/first day of the month/);
  expect((await budget("cheap", month(0), { amount: 0 })).status).toBe(400);
});

test("a diagnostic setting has a sink that is there, one for each, and asks storage's services for logs", async () => {
  const logs = `${group()}/providers/Microsoft.OperationalInsights/workspaces/log-one`;
  await sandbox.call("PUT", logs, { location: "westeurope", properties: {} });
  const vault = `${group()}/providers/Microsoft.KeyVault/vaults/kv-watching-1`;
  const properties = { tenantId: sandbox.info.tenantId, sku: { family: "A", name: "standard" }, enableRbacAuthorization: true };
  await sandbox.call("PUT", vault, { location: "westeurope", properties });
  const setting = (scope: string, name: string, change: object = {}): Promise<Answer> =>
    sandbox.call("PUT", `${scope}/providers/Microsoft.Insights/diagnosticSettings/${name}`, {
      properties: { workspaceId: logs, logs: [{ categoryGroup: "audit", enabled: true }], ...change },
    });
  expect((await setting(vault, "one")).status).toBe(201);
  expect((await setting(vault, "one")).status).toBe(200);
  expect(await setting(vault, "two")).toMatchObject({
    status: 409,
    body: { error: { message: expect.stringContaining("already used in diagnostic setting 'one'") } },
  });
  expect((await setting(vault, "three", { workspaceId: null })).body.error.message).toMatch(/At least one sink/);
  expect((await setting(vault, "four", { workspaceId: `${logs}-not` })).status).toBe(404);
  expect((await setting(vault, "five", { logs: [{ category: "AuditEvent", categoryGroup: "audit", enabled: true }] })).status).toBe(400);
  const account = `${group()}/providers/Microsoft.Storage/storageAccounts/stwatching1`;
  await sandbox.call("PUT", account, { location: "westeurope", kind: "StorageV2", sku: { name: "Standard_LRS" }, properties: {} });
  expect((await setting(account, "logs")).body.error.message).toMatch(/belong to its services/);
  expect((await setting(`${account}/blobServices/default`, "logs")).status).toBe(201);
});
