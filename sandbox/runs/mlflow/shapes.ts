// Runs, experiments and metrics as MLflow's REST API shows them (mlflow/protos/service.proto).
import type { SandboxContext } from "../../core.ts";
import { latestMetrics, paramsOf, tagsOf, type MetricPoint } from "../logged.ts";
import { mlflowStatus, type Experiment, type Run } from "../run.ts";
import type { MlflowCall } from "./call.ts";
import { textOf } from "../text.ts";

/** JSON has no NaN and no infinity; protobuf's JSON form writes them as text. */
export const numberOut = (value: number): number | string => (Number.isFinite(value) ? value : String(value));

export const metricOut = (point: MetricPoint) => ({
  key: point.key,
  value: numberOut(point.value),
  timestamp: point.timestamp,
  step: point.step,
});

export const pairsOut = (pairs: Readonly<Record<string, string>>) => Object.entries(pairs).map(([key, value]) => ({ key, value }));

/** Tags of a list `[{key, value}]`. */
export const pairsIn = (list: unknown): Record<string, string> =>
  Object.fromEntries(((list ?? []) as { key: string; value?: unknown }[]).map(({ key, value }) => [key, textOf(value)]));

/** Where the run's artifacts are, in a form that the asking client can read: `azureml://…` with azureml-mlflow installed, else through this server. */
export function artifactUri(call: MlflowCall, run: Pick<Run, "experiment" | "id">): string {
  return call.azureml
    ? `azureml://${call.host}/mlflow/v2.0${call.workspace.id}/experiments/${run.experiment}/runs/${run.id}/artifacts`
    : `mlflow-artifacts:/${run.experiment}/${run.id}/artifacts`;
}

export function experimentOut(call: MlflowCall, experiment: Experiment) {
  return {
    experiment_id: experiment.id,
    name: experiment.name,
    artifact_location: call.azureml
      ? `azureml://${call.host}/mlflow/v2.0${call.workspace.id}/experiments/${experiment.id}`
      : `mlflow-artifacts:/${experiment.id}`,
    lifecycle_stage: experiment.deleted ? "deleted" : "active",
    creation_time: experiment.created,
    last_update_time: experiment.updated,
    tags: pairsOut(experiment.tags),
  };
}

/** The tags that MLflow reads of a run: what was set, and what every run has. */
export function allTags(sandbox: SandboxContext, run: Run): Record<string, string> {
  return {
    "mlflow.runName": run.displayName,
    ...(run.parent ? { "mlflow.parentRunId": run.parent } : {}),
    "mlflow.rootRunId": run.root,
    "mlflow.user": run.principal,
    ...(run.description ? { "mlflow.note.content": run.description } : {}),
    ...tagsOf(sandbox, run),
  };
}

export function runOut(call: MlflowCall, run: Run) {
  return {
    info: infoOut(call, run),
    data: {
      metrics: latestMetrics(call.sandbox, run).map(metricOut),
      params: pairsOut(paramsOf(call.sandbox, run)),
      tags: pairsOut(allTags(call.sandbox, run)),
    },
    inputs: { dataset_inputs: run.datasets },
    ...(run.models.length > 0 ? { outputs: { model_outputs: run.models } } : {}),
  };
}

export function infoOut(call: MlflowCall, run: Run) {
  return {
    run_id: run.id,
    run_uuid: run.id,
    run_name: run.displayName,
    experiment_id: run.experiment,
    user_id: run.principal,
    status: mlflowStatus(run.status),
    start_time: run.started ?? run.created,
    ...(run.ended === undefined ? {} : { end_time: run.ended }),
    artifact_uri: artifactUri(call, run),
    lifecycle_stage: run.deleted ? "deleted" : "active",
  };
}
