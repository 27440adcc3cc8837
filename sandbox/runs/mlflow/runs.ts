// Runs of the tracking API: made, changed, logged to, searched.
import { randomUUID } from "node:crypto";
import { transaction } from "../../state/database.ts";
import { deleteTag, latestMetrics, logMetrics, logParams, metricHistory, paramsOf, setTags, type MetricPoint } from "../logged.ts";
import { azureStatus, isEnded, mlflowStatus, type Run } from "../run.ts";
import { changeStatus } from "../status.ts";
import { runsOf } from "../store.ts";
import { count, numeric, optional, pageOf, text, type Handler, type MlflowCall } from "./call.ts";
import { invalid, missing } from "./error.ts";
import { experimentOf } from "./experiments.ts";
import { filterOf, orderBy, type Look } from "./filter.ts";
import { allTags, artifactUri, infoOut, metricOut, pairsIn, runOut } from "./shapes.ts";

/** Throws RESOURCE_DOES_NOT_EXIST. `run_uuid` is the old name. */
export function runOf(call: MlflowCall): Run {
  const id = optional(call.fields, "run_id") ?? text(call.fields, "run_uuid");
  const found = runsOf(call.sandbox).get(call.key, id);
  if (!found) throw missing(`Run with id=${id} not found`);
  return found;
}

function writable(call: MlflowCall): Run {
  const run = runOf(call);
  if (run.deleted) throw invalid(`The run ${run.id} must be in the 'active' state. Current state is deleted.`);
  return run;
}

const create: Handler = (call) => {
  const experiment = experimentOf(call, optional(call.fields, "experiment_id") ?? "0");
  if (experiment.deleted) throw invalid(`The experiment ${experiment.id} must be in the 'active' state. Current state is deleted.`);
  const { "mlflow.runName": named, "mlflow.parentRunId": parentId, ...tags } = pairsIn(call.fields["tags"]);
  const parent = parentId ? runsOf(call.sandbox).get(call.key, parentId) : undefined;
  const id = randomUUID();
  const started = call.fields["start_time"] === undefined ? Date.now() : numeric(call.fields["start_time"], "start_time");
  const run = runsOf(call.sandbox).create({
    workspace: call.key,
    id,
    experiment: experiment.id,
    kind: "mlflow",
    status: "Running",
    principal: call.principalId,
    displayName: optional(call.fields, "run_name") ?? named ?? id,
    created: started,
    started,
    ...(parent ? { parent: parent.id, root: parent.root } : {}),
  });
  setTags(call.sandbox, run, tags);
  return { run: runOut(call, run) };
};

const update: Handler = (call) => {
  const run = writable(call);
  const status = optional(call.fields, "status");
  const name = optional(call.fields, "run_name");
  if (name) runsOf(call.sandbox).update(run.workspace, run.id, { displayName: name });
  const wanted = status === undefined ? undefined : azureStatus(status);
  if (status !== undefined && !wanted) throw invalid(`Invalid status '${status}': one of RUNNING, SCHEDULED, FINISHED, FAILED, KILLED.`);
  // A job's own status is the job runner's to say; a client that ends "its" run in a job must not end the job.
  if (wanted && run.kind === "mlflow") {
    if (isEnded(run.status) && !isEnded(wanted)) runsOf(call.sandbox).update(run.workspace, run.id, { status: wanted, ended: undefined });
    else changeStatus(call.sandbox, run, wanted);
    const ended = call.fields["end_time"];
    if (isEnded(wanted) && ended !== undefined) runsOf(call.sandbox).update(run.workspace, run.id, { ended: numeric(ended, "end_time") });
  }
  return { run_info: infoOut(call, runOf(call)) };
};

const setDeleted =
  (deleted: boolean): Handler =>
  (call) => {
    const run = runOf(call);
    if (deleted && run.kind !== "mlflow" && !isEnded(run.status))
      throw invalid(`Run ${run.id} is a job that is ${run.status}; cancel the job first.`);
    runsOf(call.sandbox).update(run.workspace, run.id, { deleted });
    return {};
  };

function point(raw: unknown): MetricPoint {
  const { key, value, timestamp, step } = raw as Record<string, unknown>;
  if (typeof key !== "string" || key === "") throw invalid("Missing value for required parameter 'key'.");
  return {
    key,
    value: numeric(value, `metrics[${key}].value`),
    timestamp: timestamp === undefined ? Date.now() : numeric(timestamp, `metrics[${key}].timestamp`),
    step: step === undefined ? 0 : numeric(step, `metrics[${key}].step`),
  };
}

const logMetric: Handler = (call) => {
  logMetrics(call.sandbox, writable(call), [point(call.fields)]);
  return {};
};

const logParam: Handler = (call) => {
  logParams(call.sandbox, writable(call), { [text(call.fields, "key")]: optional(call.fields, "value") ?? "" });
  return {};
};

const logBatch: Handler = (call) => {
  const run = writable(call);
  const metrics = ((call.fields["metrics"] ?? []) as unknown[]).map(point);
  const params = pairsIn(call.fields["params"]);
  const tags = pairsIn(call.fields["tags"]);
  const total = metrics.length + Object.keys(params).length + Object.keys(tags).length;
  if (metrics.length > 1000 || total > 1200)
    throw invalid(
      `A batch logging request can contain at most 1000 metrics and 1200 entities; this one has ${metrics.length} and ${total}.`,
    );
  transaction(call.sandbox.db, () => {
    logParams(call.sandbox, run, params);
    setTags(call.sandbox, run, tags);
    logMetrics(call.sandbox, run, metrics);
  });
  return {};
};

const setTag: Handler = (call) => {
  const run = writable(call);
  const key = text(call.fields, "key");
  const value = optional(call.fields, "value") ?? "";
  if (key === "mlflow.runName") runsOf(call.sandbox).update(run.workspace, run.id, { displayName: value });
  else if (key === "mlflow.note.content") runsOf(call.sandbox).update(run.workspace, run.id, { description: value });
  else setTags(call.sandbox, run, { [key]: value });
  return {};
};

const dropTag: Handler = (call) => {
  const run = writable(call);
  const key = text(call.fields, "key");
  if (!deleteTag(call.sandbox, run, key)) throw missing(`No tag with name: ${key} in run with id ${run.id}`);
  return {};
};

const logInputs: Handler = (call) => {
  const run = writable(call);
  const datasets = [...run.datasets, ...((call.fields["datasets"] ?? []) as unknown[])];
  runsOf(call.sandbox).update(run.workspace, run.id, {
    datasets: [...new Map(datasets.map((one) => [JSON.stringify(one), one])).values()],
  });
  return {};
};

const logOutputs: Handler = (call) => {
  const run = writable(call);
  runsOf(call.sandbox).update(run.workspace, run.id, { models: [...run.models, ...((call.fields["models"] ?? []) as unknown[])] });
  return {};
};

const history: Handler = (call) => {
  const run = runOf(call);
  const points = metricHistory(call.sandbox, run, text(call.fields, "metric_key"));
  const { items, next } = pageOf(points, call.fields, count(call.fields, "max_results", 25_000, 25_000));
  return { metrics: items.map(metricOut), ...(next ? { next_page_token: next } : {}) };
};

const search: Handler = (call) => {
  const ids = (call.fields["experiment_ids"] ?? []) as string[];
  const experiments = ids.map((id) => (id === "0" ? experimentOf(call, id).id : id));
  const view = optional(call.fields, "run_view_type") ?? "ACTIVE_ONLY";
  const matches = filterOf(optional(call.fields, "filter"));
  const lookOf = lookIn(call);
  const found = runsOf(call.sandbox)
    .list(call.key, experiments)
    .filter((run) => (view === "ALL" ? true : run.deleted === (view === "DELETED_ONLY")) && matches(lookOf(run)));
  const sorted = orderBy(found, (call.fields["order_by"] ?? []) as string[], lookOf);
  const { items, next } = pageOf(sorted, call.fields, count(call.fields, "max_results", 1000, 50_000));
  return { runs: items.map((run) => runOut(call, run)), ...(next ? { next_page_token: next } : {}) };
};

function lookIn(call: MlflowCall): (run: Run) => Look {
  return (run) => {
    let metrics: Map<string, number> | undefined;
    let params: Record<string, string> | undefined;
    let tags: Record<string, string> | undefined;
    return (kind, key) => {
      switch (kind) {
        case "metrics":
          return (metrics ??= new Map(latestMetrics(call.sandbox, run).map((one) => [one.key, one.value]))).get(key);
        case "params":
          return (params ??= paramsOf(call.sandbox, run))[key];
        case "tags":
          return (tags ??= allTags(call.sandbox, run))[key];
        case "attributes":
          return attribute(call, run, key);
        default:
          return undefined;
      }
    };
  };
}

function attribute(call: MlflowCall, run: Run, key: string): string | number | undefined {
  const values: Record<string, string | number | undefined> = {
    run_id: run.id,
    run_name: run.displayName,
    "run name": run.displayName,
    Run_name: run.displayName,
    status: mlflowStatus(run.status),
    user_id: run.principal,
    start_time: run.started ?? run.created,
    created: run.created,
    Created: run.created,
    end_time: run.ended,
    artifact_uri: artifactUri(call, run),
    experiment_id: run.experiment,
  };
  if (!(key in values)) throw invalid(`Invalid attribute key '${key}' specified. Valid keys are ${Object.keys(values).join(", ")}.`);
  return values[key];
}

export const runCalls: Readonly<Record<string, Handler>> = {
  "POST runs/create": create,
  "POST runs/update": update,
  "POST runs/delete": setDeleted(true),
  "POST runs/restore": setDeleted(false),
  "GET runs/get": (call) => ({ run: runOut(call, runOf(call)) }),
  "POST runs/search": search,
  "POST runs/log-metric": logMetric,
  "POST runs/log-parameter": logParam,
  "POST runs/log-batch": logBatch,
  // azureml-mlflow's own: everything is kept before the answer, so there is nothing to wait for.
  "POST runs/log-batch-async": (call) => ({ ...(logBatch(call) as object), batch_tracking_id: "" }),
  "GET runs/get-run-data-status": () => ({ is_complete: true }),
  "POST runs/set-tag": setTag,
  "POST runs/delete-tag": dropTag,
  "POST runs/log-inputs": logInputs,
  "POST runs/outputs": logOutputs,
  // MLflow 1 and 2 record what was logged as a model in a tag that clients write themselves.
  "POST runs/log-model": (call) => {
    const run = writable(call);
    const before = JSON.parse(allTags(call.sandbox, run)["mlflow.log-model.history"] ?? "[]") as unknown[];
    setTags(call.sandbox, run, {
      "mlflow.log-model.history": JSON.stringify([...before, JSON.parse(text(call.fields, "model_json")) as unknown]),
    });
    return {};
  },
  "GET metrics/get-history": history,
};
