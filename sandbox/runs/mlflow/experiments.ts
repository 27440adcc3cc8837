// Experiments of the tracking API.
import type { Experiment } from "../run.ts";
import { runsOf } from "../store.ts";
import { count, optional, pageOf, text, type Handler, type MlflowCall } from "./call.ts";
import { exists, invalid, missing } from "./error.ts";
import { filterOf, orderBy, type Look } from "./filter.ts";
import { experimentOut, pairsIn } from "./shapes.ts";

/** Throws RESOURCE_DOES_NOT_EXIST. MLflow's `0` is Azure's experiment named Default. */
export function experimentOf(call: MlflowCall, id: string): Experiment {
  const store = runsOf(call.sandbox);
  const found = id === "0" ? store.experiment(call.key, "Default") : store.experimentById(call.key, id);
  if (!found) throw missing(`No Experiment with id=${id} exists`);
  return found;
}

const create: Handler = (call) => {
  const name = text(call.fields, "name");
  if (name.length > 255 || /\p{Cc}/u.test(name))
    throw invalid(`Invalid experiment name '${name.slice(0, 80)}': at most 255 printable characters.`);
  const store = runsOf(call.sandbox);
  const before = store.experimentNamed(call.key, name);
  if (before)
    throw exists(`Experiment '${name}' already exists${before.deleted ? " in deleted state; restore it or use another name" : ""}.`);
  const made = store.experiment(call.key, name);
  store.updateExperiment(made.id, { tags: pairsIn(call.fields["tags"]) });
  return { experiment_id: made.id };
};

const get: Handler = (call) => ({ experiment: experimentOut(call, experimentOf(call, text(call.fields, "experiment_id"))) });

const byName: Handler = (call) => {
  const name = text(call.fields, "experiment_name");
  const found = name === "Default" ? runsOf(call.sandbox).experiment(call.key, name) : runsOf(call.sandbox).experimentNamed(call.key, name);
  if (!found) throw missing(`Could not find experiment with name '${name}'`);
  return { experiment: experimentOut(call, found) };
};

const search: Handler = (call) => {
  const view = optional(call.fields, "view_type") ?? "ACTIVE_ONLY";
  const matches = filterOf(optional(call.fields, "filter"));
  const found = runsOf(call.sandbox)
    .experiments(call.key)
    .filter((one) => (view === "ALL" ? true : one.deleted === (view === "DELETED_ONLY")) && matches(look(one)));
  const order = call.fields["order_by"];
  const sorted = orderBy(found, order === undefined ? [] : ([order].flat() as string[]), look);
  const { items, next } = pageOf(sorted, call.fields, count(call.fields, "max_results", 1000, 50_000));
  return { experiments: items.map((one) => experimentOut(call, one)), ...(next ? { next_page_token: next } : {}) };
};

const look =
  (one: Experiment): Look =>
  (kind, key) =>
    kind === "tags"
      ? one.tags[key]
      : { name: one.name, experiment_id: one.id, creation_time: one.created, last_update_time: one.updated }[key];

const setDeleted =
  (deleted: boolean): Handler =>
  (call) => {
    const found = experimentOf(call, text(call.fields, "experiment_id"));
    runsOf(call.sandbox).updateExperiment(found.id, { deleted });
    return {};
  };

const update: Handler = (call) => {
  const found = experimentOf(call, text(call.fields, "experiment_id"));
  const name = text(call.fields, "new_name");
  const other = runsOf(call.sandbox).experimentNamed(call.key, name);
  if (other && other.id !== found.id) throw exists(`Experiment '${name}' already exists.`);
  runsOf(call.sandbox).updateExperiment(found.id, { name });
  return {};
};

const setTag: Handler = (call) => {
  const found = experimentOf(call, text(call.fields, "experiment_id"));
  runsOf(call.sandbox).updateExperiment(found.id, {
    tags: { ...found.tags, [text(call.fields, "key")]: optional(call.fields, "value") ?? "" },
  });
  return {};
};

const deleteTag: Handler = (call) => {
  const found = experimentOf(call, text(call.fields, "experiment_id"));
  const key = text(call.fields, "key");
  if (found.tags[key] === undefined) throw missing(`No tag with name: ${key} in experiment with id ${found.id}`);
  const { [key]: _, ...rest } = found.tags;
  runsOf(call.sandbox).updateExperiment(found.id, { tags: rest });
  return {};
};

export const experimentCalls: Readonly<Record<string, Handler>> = {
  "POST experiments/create": create,
  "GET experiments/get": get,
  "GET experiments/get-by-name": byName,
  "POST experiments/search": search,
  "GET experiments/search": search,
  "GET experiments/list": search,
  "POST experiments/delete": setDeleted(true),
  "POST experiments/restore": setDeleted(false),
  "POST experiments/update": update,
  "POST experiments/set-experiment-tag": setTag,
  "POST experiments/delete-experiment-tag": deleteTag,
};
