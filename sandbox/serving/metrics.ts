// Azure Monitor's metrics over REST: of online endpoints, deployments and workspaces.
// https://learn.microsoft.com/rest/api/monitor/metrics/list (2018-01-01 and later)
import type { Context, Hono } from "hono";
import { ArmError } from "../core.ts";
import type { ArmResource, SandboxContext } from "../core.ts";
import { durationMs } from "./durations.ts";
import { servingOf } from "./registered.ts";
import { metricNamed, readSeries } from "./series.ts";
import type { Serving } from "./serving.ts";

const PATH =
  /^(\/subscriptions\/.+\/Microsoft\.MachineLearningServices\/workspaces\/[^/]+(?:\/onlineEndpoints\/[^/]+(?:\/deployments\/[^/]+)?)?)\/providers\/microsoft\.insights\/metrics$/i;

export function mountMetrics(app: Hono, sandbox: SandboxContext): void {
  app.get("/subscriptions/*", async (c, next) => {
    const id = PATH.exec(new URL(c.req.url).pathname)?.[1];
    if (id === undefined) return await next();
    const caller = await sandbox.authenticate(c.req.header("authorization"), "arm");
    sandbox.access.demand(caller, { operation: "Microsoft.Insights/metrics/read", scope: decodeURIComponent(id) });
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
    const known = metricNamed(name, resource.type);
    const [key, metric] = known;
    const all = await readSeries(sandbox, serving, resource, known, c.req.query("$filter") ?? "", { from: start, to, stepSeconds });
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
