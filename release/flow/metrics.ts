// The metrics of a job's runs, read from the workspace's MLflow service, and their table.
import type { RunStep } from "./follow.ts";
import { table } from "../table.ts";
import type { Workspace } from "./workspace.ts";

export interface Metric {
  readonly step: string;
  readonly name: string;
  /** The last value that was logged. */
  readonly value: number;
}

interface MlflowRun {
  readonly run: { readonly data: { readonly metrics?: readonly { key: string; value: number }[] } };
}

/** Last value of each metric of each step. MLflow REST `runs/get`. */
export async function metricsOf(workspace: Workspace, steps: readonly Pick<RunStep, "runId" | "name">[]): Promise<Metric[]> {
  const base = await workspace.mlflow();
  const { azure } = workspace;
  const all = await Promise.all(
    steps.map(async ({ runId, name }) => {
      const url = `${base}/runs/get?run_id=${encodeURIComponent(runId)}`;
      const found = await azure.find<MlflowRun>(url, { scope: azure.cloud.resourceManagerScope });
      return (found?.run.data.metrics ?? []).map(({ key, value }) => ({ step: name, name: key, value }));
    }),
  );
  return all.flat();
}

/** A table for a terminal: one row a metric, the step named once. */
export function metricsTable(metrics: readonly Metric[]): string {
  const rows = metrics.map(({ step, name, value }, index) => [
    metrics[index - 1]?.step === step ? "" : step,
    name,
    Number.isInteger(value) ? String(value) : value.toPrecision(5),
  ]);
  return table(["step", "metric", "value"], rows, ["left", "left", "right"]);
}
