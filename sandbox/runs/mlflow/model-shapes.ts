// Registered models and versions: found among the workspace's model resources, and shown as MLflow has them.
import type { ArmResource } from "../../core.ts";
import { modelVersionType } from "../models.ts";
import { runsOf } from "../store.ts";
import { textOf } from "../text.ts";
import { text, type MlflowCall } from "./call.ts";
import { missing } from "./error.ts";
import { pairsOut } from "./shapes.ts";
import { downloadUri } from "./sources.ts";

export type Properties = Record<string, unknown> & { tags?: Record<string, string> | null; description?: string | null };

export const properties = (resource: ArmResource): Properties => resource.properties;

export function modelOf(call: MlflowCall, name = text(call.fields, "name")): ArmResource {
  const found = call.sandbox.resources.get(`${call.workspace.id}/models/${name}`);
  if (!found) throw missing(`Registered Model with name=${name} not found`);
  return found;
}

export function versionOf(call: MlflowCall, name = text(call.fields, "name"), version = text(call.fields, "version")): ArmResource {
  const found = call.sandbox.resources.get(`${call.workspace.id}/models/${name}/versions/${version}`);
  if (!found) throw missing(`Model Version (name=${name}, version=${version}) not found`);
  return found;
}

export const versionsOf = (call: MlflowCall, model: string): ArmResource[] =>
  call.sandbox.resources
    .list(`${call.workspace.id}/models/${model}`, modelVersionType)
    .toSorted((a, b) => b.name.localeCompare(a.name, "en", { numeric: true }));

export const time = (resource: ArmResource, name: "createdAt" | "lastModifiedAt"): number =>
  Date.parse(textOf(resource.systemData?.[name])) || 0;

export function aliasesOf(call: MlflowCall, model: string): { alias: string; version: string }[] {
  return call.sandbox.db
    .prepare("SELECT alias, version FROM model_aliases WHERE workspace = ? AND model = ? ORDER BY alias")
    .all(call.key, model)
    .map((row) => ({ alias: String(row["alias"]), version: String(row["version"]) }));
}

export const nameOfModel = (version: ArmResource): string => version.id.split("/").at(-3)!;

export function versionOut(call: MlflowCall, version: ArmResource) {
  const name = nameOfModel(version);
  const job = version.properties["jobName"];
  return {
    name,
    version: version.name,
    creation_timestamp: time(version, "createdAt"),
    last_updated_timestamp: time(version, "lastModifiedAt"),
    current_stage: textOf(version.properties["stage"]) || "None",
    description: properties(version).description ?? "",
    source: downloadUri(call, version, (run) => runsOf(call.sandbox).get(call.key, run)?.experiment),
    status: "READY",
    tags: pairsOut(properties(version).tags ?? {}),
    aliases: aliasesOf(call, name)
      .filter((one) => one.version === version.name)
      .map((one) => one.alias),
    ...(typeof job === "string" ? { run_id: job } : {}),
  };
}

export function modelOut(call: MlflowCall, model: ArmResource) {
  const latest = versionsOf(call, model.name)[0];
  return {
    name: model.name,
    creation_timestamp: time(model, "createdAt"),
    last_updated_timestamp: time(model, "lastModifiedAt"),
    description: properties(model).description ?? "",
    tags: pairsOut(properties(model).tags ?? {}),
    aliases: aliasesOf(call, model.name),
    latest_versions: latest ? [versionOut(call, latest)] : [],
  };
}
