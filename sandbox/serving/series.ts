// The metrics of Azure Monitor that the sandbox measures: endpoints and deployments from what the router counted and the processes used,
// workspaces from the core quota. https://learn.microsoft.com/azure/machine-learning/monitor-azure-machine-learning-reference
import { ArmError } from "../core.ts";
import type { ArmResource, SandboxContext } from "../core.ts";
import { reservedCores } from "./quota.ts";
import type { WindowSummary } from "./router/window.ts";
import { DEPLOYMENTS, ENDPOINTS } from "./serving.ts";
import type { Serving } from "./serving.ts";
import { specOf } from "./spec.ts";
import type { UsageStep } from "./usage.ts";

const STATUS_DIMENSIONS = new Set(["statuscode", "statuscodeclass", "modelstatuscode"]);

/** What is known of one metric. */
export interface Metric {
  readonly unit: "Count" | "Milliseconds" | "Percent";
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
  CpuUtilizationPercentage: { unit: "Percent", title: "CPU Utilization Percentage", read: () => 0, total: false },
  CpuMemoryUtilizationPercentage: { unit: "Percent", title: "CPU Memory Utilization Percentage", read: () => 0, total: false },
  "Quota Utilization Percentage": { unit: "Percent", title: "Quota Utilization Percentage", read: () => 0, total: false },
};

/** Of which type each metric is that not every type has. */
const OF_TYPE: Readonly<Record<string, string>> = {
  DeploymentCapacity: DEPLOYMENTS,
  CpuUtilizationPercentage: DEPLOYMENTS,
  CpuMemoryUtilizationPercentage: DEPLOYMENTS,
  "Quota Utilization Percentage": "Microsoft.MachineLearningServices/workspaces",
};

/** The metric of that name, in any case. Throws ArmError 501 for one that is not measured. */
export function metricNamed(name: string, type: string): readonly [key: string, metric: Metric] {
  const known = Object.entries(METRICS).find(([key]) => key.toLowerCase() === name.toLowerCase());
  const of = known && (OF_TYPE[known[0]] ?? ENDPOINTS);
  const fits =
    of !== undefined &&
    (type.toLowerCase() === of.toLowerCase() || (!OF_TYPE[known![0]] && type.toLowerCase() === DEPLOYMENTS.toLowerCase()));
  // An endpoint gives its deployments' capacity, one by one.
  if (known && (fits || (known[0] === "DeploymentCapacity" && type.toLowerCase() === ENDPOINTS.toLowerCase()))) return known;
  throw new ArmError(
    501,
    "NotModeledInSandbox",
    `The sandbox does not measure metric '${name}' of '${type}'. It has: ${Object.keys(METRICS).join(", ")}.`,
  );
}

/** A series of one dimension's value (or of all together). */
export interface Series {
  readonly dimensions: Readonly<Record<string, string>>;
  readonly steps: readonly { readonly start: number; readonly value: number }[];
}

/** Milliseconds since 1970; steps of `stepSeconds` from `from` on. */
export interface Query {
  readonly from: number;
  readonly to: number;
  readonly stepSeconds: number;
}

/** Splits by `deployment` and by `statusCode`/`statusCodeClass`/`modelStatusCode` when the filter names them. */
export async function readSeries(
  sandbox: SandboxContext,
  serving: Serving,
  resource: ArmResource,
  [key, metric]: readonly [string, Metric],
  filter: string,
  query: Query,
): Promise<Series[]> {
  const conditions = [...filter.matchAll(/(\w+)\s+eq\s+'([^']*)'/gi)].map(([, name, value]) => [name!.toLowerCase(), value!] as const);
  const statuses = conditions.filter(([name]) => STATUS_DIMENSIONS.has(name));
  const wanted = conditions.find(([name]) => name === "deployment")?.[1];
  let targets: { id: string; dimensions: Record<string, string> }[] = [{ id: resource.id, dimensions: {} }];
  if (wanted !== undefined && resource.type.toLowerCase() === ENDPOINTS.toLowerCase()) {
    targets = sandbox.resources
      .list(resource.id, DEPLOYMENTS)
      .filter((one) => wanted === "*" || one.name.toLowerCase() === wanted.toLowerCase())
      .map((one) => ({ id: one.id, dimensions: { deployment: one.name } }));
  }
  if (key === "Quota Utilization Percentage")
    return [{ dimensions: {}, steps: [{ start: stepOf(query), value: quotaPercent(sandbox, serving, resource) }] }];
  const found: Series[] = [];
  for (const { id, dimensions } of targets) {
    if (key === "DeploymentCapacity") {
      found.push({ dimensions, steps: [{ start: stepOf(query), value: serving.capacity(id).ready }] });
      continue;
    }
    if (key in USED) {
      found.push({ dimensions, steps: serving.usage.read(id, query).map((step) => ({ start: step.start, value: USED[key]!(step) })) });
      continue;
    }
    const summaries = await serving.metrics({ id, ...query });
    if (statuses.length === 0 || key !== "RequestsPerMinute") {
      found.push({ dimensions, steps: summaries.map((summary) => ({ start: summary.start, value: metric.read(summary) })) });
      continue;
    }
    // One dimension at a time; several values of it are several series.
    const dimension = statuses[0]![0];
    const values = statuses.map(([, value]) => value.toLowerCase());
    const seen = new Set(summaries.flatMap((summary) => Object.keys(summary.byStatus).map((code) => dimensionOf(dimension, code))));
    for (const one of seen) {
      if (!values.includes("*") && !values.includes(one.toLowerCase())) continue;
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

/** The last step of a query, for what is only known at this moment. */
const stepOf = ({ to, stepSeconds }: Query): number => to - (to % (stepSeconds * 1000));

const USED: Readonly<Record<string, (step: UsageStep) => number>> = {
  CpuUtilizationPercentage: (step) => step.cpuPercent,
  CpuMemoryUtilizationPercentage: (step) => step.memoryPercent,
};

/** How much of the region's cores managed deployments hold, in percent. */
function quotaPercent(sandbox: SandboxContext, serving: Serving, workspace: ArmResource): number {
  const location = workspace.location ?? "";
  const used = sandbox.resources
    .all(DEPLOYMENTS)
    .filter((one) => one.location?.toLowerCase() === location.toLowerCase() && one.properties["provisioningState"] !== "Failed")
    .reduce((sum, one) => sum + reservedCores(specOf(one)), 0);
  return (100 * used) / serving.quota.limit(sandbox.subscriptionId, location);
}
