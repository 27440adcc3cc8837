// Azure Monitor's metrics over REST, counted from real requests through the router.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Hono } from "hono";
import { ArmError } from "../core.ts";
import { mountMetrics } from "./metrics.ts";
import { mountQuotas } from "./quotas.ts";
import { openTestSandbox, SUBSCRIPTION, WORKSPACE } from "./testing.ts";
import type { TestSandbox } from "./testing.ts";

const dir = mkdtempSync(join(tmpdir(), "metrics-"));
const id = `${WORKSPACE}/onlineEndpoints/wine`;
let box: TestSandbox;
let model: Server;
let app: Hono;

beforeAll(async () => {
  box = await openTestSandbox(dir, { python: "/bin/false", binDir: "/bin", env: {}, notes: [] });
  box.sandbox.authenticate = async (header) => {
    if (header !== "Bearer arm") throw new ArmError(401, "AuthenticationFailed", "no");
    return { principalId: "p", clientId: undefined };
  };
  model = createServer((request, response) => {
    request.resume();
    response.statusCode = request.url === "/fail" ? 500 : 200;
    response.setHeader("content-length", 0);
    setTimeout(() => response.end(), 20);
  });
  app = new Hono();
  app.onError((error, c) =>
    c.json({ error: { code: (error as ArmError).code, message: error.message } }, (error as ArmError).status as 400),
  );
  mountMetrics(app, box.sandbox);
  mountQuotas(app, box.sandbox);
  await box.put(id, { location: "westeurope", properties: { authMode: "Key" } });
  await box
    .put(`${id}/deployments/blue`, {
      location: "westeurope",
      properties: { endpointComputeType: "Managed", instanceType: "Standard_DS3_v2" },
    })
    .catch(() => undefined);
});
afterAll(async () => {
  model.close();
  await box.close();
  rmSync(dir, { recursive: true, force: true });
});

interface Series {
  readonly metadatavalues: readonly { readonly name: { readonly value: string }; readonly value: string }[];
  readonly data: readonly { readonly timeStamp: string; readonly total: number; readonly average: number }[];
}

interface Answer {
  readonly value: readonly {
    readonly name: { readonly value: string };
    readonly unit: string;
    readonly limit: number;
    readonly timeseries: readonly Series[];
  }[];
}

const total = (series: Series | undefined): number => (series?.data ?? []).reduce((sum, step) => sum + step.total, 0);

async function get(path: string): Promise<{ status: number; body: Answer }> {
  const response = await app.request(`http://localhost${path}`, { headers: { authorization: "Bearer arm" } });
  return { status: response.status, body: (await response.json()) as Answer };
}

const metrics = (of: string, query: string) => get(`${of}/providers/microsoft.insights/metrics?api-version=2018-01-01&${query}`);

test("requests are counted by status, for the endpoint as a whole and by deployment", async () => {
  for (let i = 0; i < 3; i++) await (await box.score(id)).text();
  await (await box.score(id, { headers: { "azureml-model-deployment": "blue" } })).text();
  await (await box.score(id, { key: "x" })).text();
  const all = await metrics(id, "metricnames=RequestsPerMinute&interval=PT1H&timespan=PT1H&$filter=statusCode eq '*'");
  const byStatus = Object.fromEntries(all.body.value[0]!.timeseries.map((one) => [one.metadatavalues[0]!.value, total(one)]));
  expect(byStatus).toEqual({ "404": 3, "503": 1, "401": 1 });
  const blue = await metrics(
    id,
    "metricnames=RequestsPerMinute&interval=PT1M&timespan=PT10M&$filter=deployment eq 'blue' and statusCodeClass eq '5xx'",
  );
  expect(blue.body.value[0]).toMatchObject({ name: { value: "RequestsPerMinute" }, unit: "Count", errorCode: "Success" });
  const [series] = blue.body.value[0]!.timeseries;
  expect(series!.metadatavalues.map((one) => [one.name.value, one.value])).toEqual([
    ["deployment", "blue"],
    ["statuscodeclass", "5xx"],
  ]);
  expect(total(series)).toBe(1);
  expect(series!.data.at(-1)!.timeStamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:00Z$/);
});

test("latencies and capacity of a deployment", async () => {
  const { body } = await metrics(`${id}/deployments/blue`, "metricnames=RequestLatency_P95,DeploymentCapacity&interval=PT1M");
  expect(body.value.map((one) => one.name.value)).toEqual(["RequestLatency_P95", "DeploymentCapacity"]);
  expect(body.value[0]!.unit).toBe("Milliseconds");
  expect(body.value[1]!.timeseries[0]!.data[0]!.average).toBe(0);
});

test("what is not measured, not there or not asked rightly is refused", async () => {
  expect(await metrics(id, "metricnames=GpuUtilization")).toMatchObject({ status: 501, body: { error: { code: "NotModeledInSandbox" } } });
  expect((await metrics(id, "interval=1m")).status).toBe(400);
  expect((await metrics(id, "timespan=yesterday")).status).toBe(400);
  expect((await metrics(`${id}x`, "")).status).toBe(404);
  const anonymous = await app.request(`http://localhost${id}/providers/Microsoft.Insights/metrics`);
  expect(anonymous.status).toBe(401);
});

test("a region's core quota is shown and set", async () => {
  const base = `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.MachineLearningServices/locations/westeurope`;
  expect((await get(`${base}/usages`)).body.value[0]).toMatchObject({ limit: 500, currentValue: 8, unit: "Count" });
  const set = async (limit: unknown): Promise<number> =>
    (
      await app.request(`http://localhost${base}/updateQuotas`, {
        method: "POST",
        headers: { authorization: "Bearer arm" },
        body: JSON.stringify({ value: [{ limit }] }),
      })
    ).status;
  expect(await set(12)).toBe(200);
  expect((await get(`${base}/quotas`)).body.value[0]!.limit).toBe(12);
  expect(await set(-1)).toBe(400);
});
