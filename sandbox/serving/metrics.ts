// Azure Monitor's metrics of online endpoints and deployments, over what the router has counted.
// https://learn.microsoft.com/rest/api/monitor/metrics/list (2018-01-01 and later)
import type { Context, Hono } from "hono";
import { ArmError } from "../core.ts";
import type { ArmResource, SandboxContext } from "../core.ts";
import { durationMs } from "./durations.ts";
import { servingOf } from "./registered.ts";
import type { WindowSummary } from "./router/window.ts";
import { DEPLOYMENTS, ENDPOINTS } from "./serving.ts";
import type { Serving } from "./serving.ts";

const PATH = /^(\/subscriptions\/.+\/onlineEndpoints\/[^/]+(?:\/deployments\/[^/]+)?)\/providers\/microsoft\.insights\/metrics$/i;
const STATUS_DIMENSIONS = new Set(["statuscode", "statuscodeclass", "modelstatuscode"]);

interface Metric {
  readonly unit: "Count" | "Milliseconds";
  readonly title: string;
  readonly read: (summary: WindowSummary) => number;
  /** Counts are summed up; the others are averages of their step. */
  readonly total: boolean;
}

const latency = (title: string, read: Metric["read"]): Metric => ({ unit: "Milliseconds", title, read, total: false });

const METRICS: Readonly<Record<string, Metric>> = {
  RequestsPerMinute: { unit: "Count", title: "Requests Per Minute", read: (summary) => summary.requests, total: true },
  RequestLatency: latency("Request Latency", (summary) => summary.mean),
  RequestLatency_P50: latency("Request Latency P50", (summary) => summary.p50),
  RequestLatency_P90: latency("Request Latency P90", (summary) => summary.p90),
  RequestLatency_P95: latency("Request Latency P95", (summary) => summary.p95),
  RequestLatency_P99: latency("Request Latency P99", (summary) => summary.p99),
  DeploymentCapacity: { unit: "Count", title: "Deployment Capacity", read: () => 0, total: false },
};

/** A series of one dimension's value (or of all together). */
interface Series {
  readonly dimensions: Readonly<Record<string, string>>;
  readonly steps: readonly { readonly start: number; readonly value: number }[];
}

export function mountMetrics(app: Hono, sandbox: SandboxContext): void {
  app.get("/subscriptions/*", async (c, next) => {
    const id = PATH.exec(new URL(c.req.url).pathname)?.[1];
    if (id === undefined) return await next();
    await sandbox.authenticate(c.req.header("authorization"), "arm");
    const resource = sandbox.resources.get(decodeURIComponent(id));
    if (!resource) throw new ArmError(404, "ResourceNotFound", `The resource '${id}' was not found.`);
    return c.json(await answer(c, sandbox, await servingOf(sandbox), resource));
  });
}

async function answer(c: Context, sandbox: SandboxContext, serving: Serving, resource: ArmResource): Promise<object> {
  const names = (c.req.query("metricnames") ?? "RequestsPerMinute").split(",").map((name) => name.trim());
  const interval = c.req.query("interval") ?? "PT1M";
  const stepSeconds = (durationMs(interval) ?? 0) / 1000;
  if (stepSeconds < 5)
    throw new ArmError(400, "BadRequest", `The interval '${interval}' must be an ISO 8601 duration of at least 5 seconds, such as PT1M.`);
  const [from, to] = timespan(c.req.query("timespan"));
  const start = from - (from % (stepSeconds * 1000));
  const values: object[] = [];
  for (const name of names) {
    const known = Object.entries(METRICS).find(([key]) => key.toLowerCase() === name.toLowerCase());
    if (!known) {
      throw new ArmError(
        501,
        "NotModeledInSandbox",
        `The sandbox does not measure metric '${name}' of '${resource.type}'. It has: ${Object.keys(METRICS).join(", ")}.`,
      );
    }
    const [key, metric] = known;
    const all = await series(sandbox, serving, resource, key, metric, c.req.query("$filter") ?? "", { from: start, to, stepSeconds });
    values.push({
      id: `${resource.id}/providers/Microsoft.Insights/metrics/${key}`,
      type: "Microsoft.Insights/metrics",
      name: { value: key, localizedValue: metric.title },
      displayDescription: metric.title,
      unit: metric.unit,
      timeseries: all.map((one) => ({
        metadatavalues: Object.entries(one.dimensions).map(([dimension, value]) => ({
          name: { value: dimension, localizedValue: dimension },
          value,
        })),
        data: one.steps.map(({ start: at, value }) => ({
          timeStamp: new Date(at).toISOString().replace(/\.\d+Z$/, "Z"),
          ...(metric.total ? { total: value } : {}),
          average: value,
          minimum: value,
          maximum: value,
        })),
      })),
      errorCode: "Success",
    });
  }
  const span = `${new Date(start).toISOString()}/${new Date(to).toISOString()}`;
  return { cost: 0, timespan: span, interval, namespace: resource.type, resourceregion: resource.location, value: values };
}

interface Query {
  readonly from: number;
  readonly to: number;
  readonly stepSeconds: number;
}

/** Splits by `deployment` and by `statusCode`/`statusCodeClass`/`modelStatusCode` when the filter names them. */
async function series(
  sandbox: SandboxContext,
  serving: Serving,
  resource: ArmResource,
  key: string,
  metric: Metric,
  filter: string,
  query: Query,
): Promise<Series[]> {
  const conditions = [...filter.matchAll(/(\w+)\s+eq\s+'([^']*)'/gi)].map(([, name, value]) => [name!.toLowerCase(), value!] as const);
  const status = conditions.find(([name]) => STATUS_DIMENSIONS.has(name));
  const wanted = conditions.find(([name]) => name === "deployment")?.[1];
  let targets: { id: string; dimensions: Record<string, string> }[] = [{ id: resource.id, dimensions: {} }];
  if (wanted !== undefined && resource.type.toLowerCase() === ENDPOINTS.toLowerCase()) {
    targets = sandbox.resources
      .list(resource.id, DEPLOYMENTS)
      .filter((one) => wanted === "*" || one.name.toLowerCase() === wanted.toLowerCase())
      .map((one) => ({ id: one.id, dimensions: { deployment: one.name } }));
  }
  const found: Series[] = [];
  for (const { id, dimensions } of targets) {
    if (key === "DeploymentCapacity") {
      found.push({ dimensions, steps: [{ start: query.to - (query.to % (query.stepSeconds * 1000)), value: serving.capacity(id).ready }] });
      continue;
    }
    const summaries = await serving.metrics({ id, ...query });
    if (!status || key !== "RequestsPerMinute") {
      found.push({ dimensions, steps: summaries.map((summary) => ({ start: summary.start, value: metric.read(summary) })) });
      continue;
    }
    const [dimension, value] = status;
    const seen = new Set(summaries.flatMap((summary) => Object.keys(summary.byStatus).map((code) => dimensionOf(dimension, code))));
    for (const one of seen) {
      if (value !== "*" && value.toLowerCase() !== one.toLowerCase()) continue;
      const count = (summary: WindowSummary): number =>
        Object.entries(summary.byStatus).reduce((sum, [code, requests]) => sum + (dimensionOf(dimension, code) === one ? requests : 0), 0);
      found.push({
        dimensions: { ...dimensions, [dimension]: one },
        steps: summaries.map((summary) => ({ start: summary.start, value: count(summary) })),
      });
    }
  }
  return found;
}

/** `424/500` is answered status and model's status. */
function dimensionOf(dimension: string, code: string): string {
  const [status, model] = code.split("/");
  if (dimension === "modelstatuscode") return model ?? status!;
  return dimension === "statuscode" ? status! : `${status![0]}xx`;
}

function timespan(text: string | undefined): [number, number] {
  const to = Date.now();
  if (text === undefined) return [to - 3_600_000, to];
  const [first, second] = text.split("/");
  const start = Date.parse(first ?? "");
  const duration = durationMs(first ?? "");
  const end = second === undefined ? to : Date.parse(second);
  if (second === undefined && duration !== undefined) return [to - duration, to];
  if (Number.isNaN(start) || Number.isNaN(end) || start > end) {
    throw new ArmError(400, "BadRequest", `The timespan '${text}' must be two ISO 8601 times (start/end) or a duration.`);
  }
  return [start, Math.min(end, to + 60_000)];
}
