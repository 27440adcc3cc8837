// Azure Monitor's metrics of a resource. https://learn.microsoft.com/rest/api/monitor/metrics/list (2023-10-01)
import type { Azure } from "./client.ts";

interface Metrics {
  readonly value: readonly {
    readonly timeseries: readonly { readonly data: readonly { readonly total?: number; readonly average?: number }[] }[];
  }[];
}

/** The sum of a counted metric over the last hours, at most 93 days (2,232 hours). */
export async function totalOf(azure: Azure, resourceId: string, metric: string, hours: number, signal?: AbortSignal): Promise<number> {
  const end = new Date();
  const start = new Date(end.getTime() - hours * 3_600_000);
  const query = {
    metricnames: metric,
    aggregation: "Total",
    timespan: `${start.toISOString()}/${end.toISOString()}`,
    // As coarse as the time allows: Azure gives at most 1,440 points at a time.
    interval: hours <= 12 ? "PT1M" : "PT1H",
  };
  const path = `${resourceId}/providers/Microsoft.Insights/metrics`;
  const found = await azure.get<Metrics>(path, { apiVersion: "2023-10-01", query, ...(signal ? { signal } : {}) });
  return found.value.flatMap(({ timeseries }) => timeseries.flatMap(({ data }) => data)).reduce((sum, { total = 0 }) => sum + total, 0);
}
