// The model registry of the tracking API. Registered models and versions are the workspace's own model resources.
import type { ArmResource } from "../../core.ts";
import { ensureModel, modelType, modelVersionType, registerModel } from "../models.ts";
import { runsOf } from "../store.ts";
import { count, optional, pageOf, text, type Fields, type Handler, type MlflowCall } from "./call.ts";
import { exists, invalid } from "./error.ts";
import { filterOf, orderBy, type Look } from "./filter.ts";
import { pairsIn } from "./shapes.ts";
import { downloadUri, sourceUri } from "./sources.ts";
import { textOf } from "../text.ts";
import {
  aliasesOf,
  modelOf,
  modelOut,
  nameOfModel,
  properties,
  time,
  versionOf,
  versionOut,
  versionsOf,
  type Properties,
} from "./model-shapes.ts";

/** Keeps changed properties; times and who are the router's words. */
function change(call: MlflowCall, resource: ArmResource, changes: Properties): ArmResource {
  return call.sandbox.resources.put({
    ...resource,
    systemData: { ...resource.systemData, lastModifiedAt: new Date().toISOString(), lastModifiedBy: call.principalId },
    properties: { ...resource.properties, ...changes },
  });
}

const tagsWith = (resource: ArmResource, fields: Fields): Properties => ({
  tags: { ...properties(resource).tags, [text(fields, "key")]: optional(fields, "value") ?? "" },
});

function tagsWithout(resource: ArmResource, fields: Fields): Properties {
  const { [text(fields, "key")]: _, ...tags } = properties(resource).tags ?? {};
  return { tags };
}

const createModel: Handler = (call) => {
  const name = text(call.fields, "name");
  if (call.sandbox.resources.get(`${call.workspace.id}/models/${name}`)) throw exists(`Registered Model (name=${name}) already exists.`);
  const description = optional(call.fields, "description");
  const model = ensureModel(call.sandbox, call.workspace, name, {
    ...(description ? { description } : {}),
    tags: pairsIn(call.fields["tags"]),
    principalId: call.principalId,
  });
  return { registered_model: modelOut(call, model) };
};

const deleteModel: Handler = (call) => {
  const model = modelOf(call);
  for (const version of versionsOf(call, model.name)) call.sandbox.resources.delete(version.id);
  call.sandbox.db.prepare("DELETE FROM model_aliases WHERE workspace = ? AND model = ?").run(call.key, model.name);
  call.sandbox.resources.delete(model.id);
  return {};
};

const searchModels: Handler = (call) => {
  const matches = filterOf(optional(call.fields, "filter"));
  const look =
    (model: ArmResource): Look =>
    (kind, key) =>
      kind === "tags"
        ? properties(model).tags?.[key]
        : {
            name: model.name,
            creation_timestamp: time(model, "createdAt"),
            last_updated_timestamp: time(model, "lastModifiedAt"),
            timestamp: time(model, "lastModifiedAt"),
          }[key];
  const found = call.sandbox.resources.list(call.workspace.id, modelType).filter((model) => matches(look(model)));
  const order = call.fields["order_by"];
  const sorted = orderBy(found, order === undefined ? ["name ASC"] : ([order].flat() as string[]), look);
  const { items, next } = pageOf(sorted, call.fields, count(call.fields, "max_results", 100, 1000));
  return { registered_models: items.map((model) => modelOut(call, model)), ...(next ? { next_page_token: next } : {}) };
};

const searchVersions: Handler = (call) => {
  const matches = filterOf(optional(call.fields, "filter"));
  const look =
    (version: ArmResource): Look =>
    (kind, key) =>
      kind === "tags"
        ? properties(version).tags?.[key]
        : {
            name: nameOfModel(version),
            version_number: Number(version.name),
            run_id: version.properties["jobName"] as string | undefined,
            source_path: textOf(version.properties["modelUri"]),
            creation_timestamp: time(version, "createdAt"),
            last_updated_timestamp: time(version, "lastModifiedAt"),
          }[key];
  const found = call.sandbox.resources.list(`${call.workspace.id}/models`, modelVersionType).filter((version) => matches(look(version)));
  const order = call.fields["order_by"];
  const sorted = orderBy(
    found,
    order === undefined ? ["last_updated_timestamp DESC", "name ASC", "version_number DESC"] : ([order].flat() as string[]),
    look,
  );
  const { items, next } = pageOf(sorted, call.fields, count(call.fields, "max_results", 10_000, 200_000));
  return { model_versions: items.map((version) => versionOut(call, version)), ...(next ? { next_page_token: next } : {}) };
};

const createVersion: Handler = async (call) => {
  const name = text(call.fields, "name");
  const source = sourceUri(call, text(call.fields, "source"));
  const runId = optional(call.fields, "run_id") || source.runId;
  const run = runId ? runsOf(call.sandbox).get(call.key, runId) : undefined;
  modelOf(call, name);
  const description = optional(call.fields, "description");
  const version = await registerModel(call.sandbox, call.workspace, {
    name,
    uri: source.uri,
    principalId: call.principalId,
    tags: pairsIn(call.fields["tags"]),
    ...(description ? { description } : {}),
    ...(run ? { jobName: run.id, properties: { "azureml.experimentId": run.experiment, "azureml.runId": run.id } } : {}),
  });
  return { model_version: versionOut(call, version) };
};

const deleteVersion: Handler = (call) => {
  const version = versionOf(call);
  call.sandbox.db
    .prepare("DELETE FROM model_aliases WHERE workspace = ? AND model = ? AND version = ?")
    .run(call.key, nameOfModel(version), version.name);
  call.sandbox.resources.delete(version.id);
  return {};
};

const stages = ["None", "Staging", "Production", "Archived"];

const transition: Handler = (call) => {
  const stage = stages.find((one) => one.toLowerCase() === text(call.fields, "stage").toLowerCase());
  if (!stage) throw invalid(`Invalid Model Version stage: ${text(call.fields, "stage")}. Value must be one of ${stages.join(", ")}.`);
  const version = versionOf(call);
  if (String(call.fields["archive_existing_versions"]) === "true")
    for (const other of versionsOf(call, nameOfModel(version)))
      if (other.id !== version.id && other.properties["stage"] === stage) change(call, other, { stage: "Archived" });
  return { model_version: versionOut(call, change(call, version, { stage })) };
};

const latestVersions: Handler = (call) => {
  const model = modelOf(call);
  const wanted = ([call.fields["stages"] ?? []].flat() as string[]).map((one) => one.toLowerCase());
  const seen = new Map<string, ArmResource>();
  for (const version of versionsOf(call, model.name)) {
    const stage = textOf(version.properties["stage"]) || "None";
    if ((wanted.length === 0 || wanted.includes(stage.toLowerCase())) && !seen.has(stage)) seen.set(stage, version);
  }
  return { model_versions: [...seen.values()].map((version) => versionOut(call, version)) };
};

const setAlias: Handler = (call) => {
  const version = versionOf(call);
  const alias = text(call.fields, "alias");
  if (!/^[\w-]{1,255}$/.test(alias) || /^v?\d+$/i.test(alias) || alias.toLowerCase() === "latest")
    throw invalid(`Invalid alias name '${alias}': letters, digits, '_' and '-', not a version number and not 'latest'.`);
  call.sandbox.db
    .prepare("INSERT OR REPLACE INTO model_aliases (workspace, model, alias, version) VALUES (?,?,?,?)")
    .run(call.key, nameOfModel(version), alias, version.name);
  return {};
};

const dropAlias: Handler = (call) => {
  call.sandbox.db
    .prepare("DELETE FROM model_aliases WHERE workspace = ? AND model = ? AND alias = ?")
    .run(call.key, modelOf(call).name, text(call.fields, "alias"));
  return {};
};

const byAlias: Handler = (call) => {
  const model = modelOf(call);
  const alias = text(call.fields, "alias");
  const found = aliasesOf(call, model.name).find((one) => one.alias === alias);
  if (!found) throw invalid(`Registered model alias ${alias} not found.`);
  return { model_version: versionOut(call, versionOf(call, model.name, found.version)) };
};

export const modelCalls: Readonly<Record<string, Handler>> = {
  "POST registered-models/create": createModel,
  "GET registered-models/get": (call) => ({ registered_model: modelOut(call, modelOf(call)) }),
  "GET registered-models/search": searchModels,
  "GET registered-models/list": searchModels,
  "PATCH registered-models/update": (call) => ({
    registered_model: modelOut(call, change(call, modelOf(call), { description: optional(call.fields, "description") ?? null })),
  }),
  "POST registered-models/rename": () => {
    throw invalid("Azure Machine Learning does not rename registered models; register the versions under the new name.");
  },
  "DELETE registered-models/delete": deleteModel,
  "POST registered-models/set-tag": (call) => (change(call, modelOf(call), tagsWith(modelOf(call), call.fields)), {}),
  "DELETE registered-models/delete-tag": (call) => (change(call, modelOf(call), tagsWithout(modelOf(call), call.fields)), {}),
  "POST registered-models/get-latest-versions": latestVersions,
  "GET registered-models/get-latest-versions": latestVersions,
  "POST registered-models/alias": setAlias,
  "DELETE registered-models/alias": dropAlias,
  "GET registered-models/alias": byAlias,
  "POST model-versions/create": createVersion,
  "GET model-versions/get": (call) => ({ model_version: versionOut(call, versionOf(call)) }),
  "GET model-versions/search": searchVersions,
  "PATCH model-versions/update": (call) => ({
    model_version: versionOut(call, change(call, versionOf(call), { description: optional(call.fields, "description") ?? null })),
  }),
  "POST model-versions/transition-stage": transition,
  "DELETE model-versions/delete": deleteVersion,
  "GET model-versions/get-download-uri": (call) => ({
    artifact_uri: downloadUri(call, versionOf(call), (run) => runsOf(call.sandbox).get(call.key, run)?.experiment),
  }),
  "POST model-versions/set-tag": (call) => (change(call, versionOf(call), tagsWith(versionOf(call), call.fields)), {}),
  "DELETE model-versions/delete-tag": (call) => (change(call, versionOf(call), tagsWithout(versionOf(call), call.fields)), {}),
};
