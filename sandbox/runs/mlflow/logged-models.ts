// MLflow 3's logged models: a model that a run made, with parameters and tags of its own. Their files lie among the run's artifacts.
import { randomBytes } from "node:crypto";
import type { SQLOutputValue } from "node:sqlite";
import { runsOf } from "../store.ts";
import { artifactUri, pairsIn, pairsOut } from "./shapes.ts";
import { count, optional, pageOf, text, type Handler, type MlflowCall } from "./call.ts";
import { experimentOf } from "./experiments.ts";
import { missing } from "./error.ts";
import { filterOf, orderBy, type Look } from "./filter.ts";

interface LoggedModel {
  readonly id: string;
  readonly experiment: string;
  readonly run: string | undefined;
  readonly name: string;
  /** Folder among the run's artifacts. */
  readonly path: string;
  readonly modelType: string | undefined;
  readonly status: string;
  readonly created: number;
  readonly updated: number;
  readonly params: Record<string, string>;
  readonly tags: Record<string, string>;
}

function fromRow(row: Record<string, SQLOutputValue>): LoggedModel {
  return {
    id: String(row["id"]),
    experiment: String(row["experiment"]),
    run: row["run"] === null ? undefined : String(row["run"]),
    name: String(row["name"]),
    path: String(row["path"]),
    modelType: row["model_type"] === null ? undefined : String(row["model_type"]),
    status: String(row["status"]),
    created: Number(row["created"]),
    updated: Number(row["updated"]),
    params: JSON.parse(String(row["params"])) as Record<string, string>,
    tags: JSON.parse(String(row["tags"])) as Record<string, string>,
  };
}

function all(call: MlflowCall): LoggedModel[] {
  return call.sandbox.db
    .prepare("SELECT * FROM logged_models WHERE workspace = ? AND deleted = 0 ORDER BY created DESC")
    .all(call.key)
    .map(fromRow);
}

function modelOf(call: MlflowCall): LoggedModel {
  const id = call.path["model"]!;
  const row = call.sandbox.db.prepare("SELECT * FROM logged_models WHERE workspace = ? AND id = ? AND deleted = 0").get(call.key, id);
  if (!row) throw missing(`Logged model with ID '${id}' not found.`);
  return fromRow(row);
}

function out(call: MlflowCall, model: LoggedModel) {
  return {
    info: {
      model_id: model.id,
      experiment_id: model.experiment,
      name: model.name,
      creation_timestamp_ms: model.created,
      last_updated_timestamp_ms: model.updated,
      artifact_uri: `${artifactUri(call, { experiment: model.experiment, id: model.run ?? model.id })}/${model.path}`,
      status: model.status,
      ...(model.modelType ? { model_type: model.modelType } : {}),
      ...(model.run ? { source_run_id: model.run } : {}),
      tags: pairsOut(model.tags),
    },
    data: { params: pairsOut(model.params), metrics: [] },
  };
}

const create: Handler = (call) => {
  const experiment = experimentOf(call, text(call.fields, "experiment_id"));
  const run = optional(call.fields, "source_run_id");
  if (run && !runsOf(call.sandbox).get(call.key, run)) throw missing(`Run with id=${run} not found`);
  const id = `m-${randomBytes(16).toString("hex")}`;
  const name = optional(call.fields, "name") || id;
  // The first model of a name takes the path that `runs:/<run>/<name>` reads, as with MLflow 2.
  const taken = run !== undefined && all(call).some((one) => one.run === run && one.path === name);
  const now = Date.now();
  call.sandbox.db
    .prepare(
      "INSERT INTO logged_models (workspace, id, experiment, run, name, path, model_type, status, created, updated, params, tags) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
    )
    .run(
      call.key,
      id,
      experiment.id,
      run ?? null,
      name,
      run && !taken ? name : `models/${id}`,
      optional(call.fields, "model_type") ?? null,
      "LOGGED_MODEL_PENDING",
      now,
      now,
      JSON.stringify(pairsIn(call.fields["params"])),
      JSON.stringify(pairsIn(call.fields["tags"])),
    );
  return { model: out(call, modelOf({ ...call, path: { model: id } })) };
};

function change(call: MlflowCall, values: Record<string, string | number>): { model: unknown } {
  const model = modelOf(call);
  const set = { ...values, updated: Date.now() };
  call.sandbox.db
    .prepare(
      `UPDATE logged_models SET ${Object.keys(set)
        .map((name) => `${name} = ?`)
        .join(", ")} WHERE workspace = ? AND id = ?`,
    )
    .run(...Object.values(set), call.key, model.id);
  return { model: out(call, modelOf(call)) };
}

const statuses: Readonly<Record<string, string>> = {
  "1": "LOGGED_MODEL_PENDING",
  "2": "LOGGED_MODEL_READY",
  "3": "LOGGED_MODEL_UPLOAD_FAILED",
};

const search: Handler = (call) => {
  const experiments = new Set((call.fields["experiment_ids"] ?? []) as string[]);
  const matches = filterOf(optional(call.fields, "filter"));
  const look =
    (model: LoggedModel): Look =>
    (kind, key) =>
      kind === "params"
        ? model.params[key]
        : kind === "tags"
          ? model.tags[key]
          : {
              name: model.name,
              model_id: model.id,
              model_type: model.modelType,
              status: model.status,
              source_run_id: model.run,
              creation_timestamp: model.created,
              creation_time: model.created,
              last_updated_timestamp: model.updated,
            }[key];
  const order = ((call.fields["order_by"] ?? []) as { field_name: string; ascending?: boolean }[]).map(
    (one) => `${one.field_name} ${one.ascending === false ? "DESC" : "ASC"}`,
  );
  const found = orderBy(
    all(call).filter((model) => experiments.has(model.experiment) && matches(look(model))),
    order,
    look,
  );
  const { items, next } = pageOf(found, call.fields, count(call.fields, "max_results", 100, 1000));
  return { models: items.map((model) => out(call, model)), ...(next ? { next_page_token: next } : {}) };
};

export const loggedModelCalls: Readonly<Record<string, Handler>> = {
  "POST logged-models": create,
  "POST logged-models/search": search,
  "GET logged-models/:model": (call) => ({ model: out(call, modelOf(call)) }),
  "PATCH logged-models/:model": (call) => {
    const status = text(call.fields, "status");
    return change(call, { status: statuses[status] ?? status });
  },
  "DELETE logged-models/:model": (call) => (
    change(call, {}),
    call.sandbox.db.prepare("UPDATE logged_models SET deleted = 1 WHERE workspace = ? AND id = ?").run(call.key, call.path["model"]!),
    {}
  ),
  "PATCH logged-models/:model/tags": (call) =>
    change(call, { tags: JSON.stringify({ ...modelOf(call).tags, ...pairsIn(call.fields["tags"]) }) }),
  "DELETE logged-models/:model/tags/:tag": (call) => {
    const { [call.path["tag"]!]: _, ...tags } = modelOf(call).tags;
    return change(call, { tags: JSON.stringify(tags) });
  },
  "POST logged-models/:model/params": (call) =>
    change(call, { params: JSON.stringify({ ...modelOf(call).params, ...pairsIn(call.fields["params"]) }) }),
};
