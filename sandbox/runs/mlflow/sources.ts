// Between a model's source as an MLflow client writes or reads it and the `modelUri` of the model version in the workspace.
import type { ArmResource } from "../../core.ts";
import { artifactStoreUri } from "../artifacts.ts";
import { workspaceUri } from "../workspace.ts";
import type { MlflowCall } from "./call.ts";
import { invalid, missing } from "./error.ts";
import { textOf } from "../text.ts";

/** Where a source lies, and the run it belongs to if its place says so. */
export interface Source {
  readonly uri: string;
  readonly runId: string | undefined;
}

const inStore = (workspace: ArmResource, path: string): string =>
  `${workspaceUri(workspace)}/datastores/workspaceartifactstore/paths/${path}`;

/** Throws INVALID_PARAMETER_VALUE for a source that no one but the client can read. */
export function sourceUri(call: MlflowCall, source: string): Source {
  const logged = /^models:\/(m-[^/]+)\/?$/.exec(source);
  if (logged) {
    const row = call.sandbox.db
      .prepare("SELECT run, path FROM logged_models WHERE workspace = ? AND id = ? AND deleted = 0")
      .get(call.key, logged[1]!);
    if (!row) throw missing(`Logged model with ID '${logged[1]}' not found.`);
    return {
      uri: inStore(call.workspace, `ExperimentRun/dcid.${String(row["run"] ?? logged[1])}/${String(row["path"])}`),
      runId: row["run"] === null ? undefined : String(row["run"]),
    };
  }
  const version = /^models:\/([^/]+)\/(\d+)\/?$/.exec(source);
  if (version) {
    const properties = call.sandbox.resources.get(`${call.workspace.id}/models/${version[1]}/versions/${version[2]}`)?.properties;
    if (!properties) throw missing(`Model Version (name=${version[1]}, version=${version[2]}) not found`);
    return { uri: textOf(properties["modelUri"]), runId: properties["jobName"] as string | undefined };
  }
  const run =
    /^azureml:\/\/.*\/experiments\/[^/]+\/runs\/([^/]+)\/artifacts\/?(.*)$/i.exec(source) ??
    /^mlflow-artifacts:\/+(?:[^/]*:\d+\/+)?[^/]+\/([^/]+)\/artifacts\/?(.*)$/i.exec(source) ??
    /^runs:\/+([^/]+)\/(.*)$/i.exec(source);
  if (run) return { uri: inStore(call.workspace, `ExperimentRun/dcid.${run[1]}/${run[2]}`.replace(/\/+$/, "")), runId: run[1] };
  const origin = /^azureml:\/\/artifacts\/([^/]+)\/([^/]+)\/(.*)$/i.exec(source);
  if (origin) return { uri: inStore(call.workspace, `${origin[1]}/${origin[2]}/${origin[3]}`.replace(/\/+$/, "")), runId: undefined };
  const job = /^azureml:\/\/jobs\/([^/]+)\//i.exec(source);
  if (/^azureml:/i.test(source) || /^https?:\/\//i.test(source)) return { uri: source, runId: job?.[1] };
  throw invalid(`Invalid model version source '${source}': it must be a run's artifact (runs:/…), an azureml:// address or a blob URL.`);
}

/** What `get-download-uri` answers: the run's artifact if that is where the model lies, else the version's own address. */
export function downloadUri(call: MlflowCall, version: ArmResource, experimentOf: (run: string) => string | undefined): string {
  const uri = textOf(version.properties["modelUri"]);
  const run =
    /\/paths\/ExperimentRun\/dcid\.([^/]+)\/?(.*)$/i.exec(uri) ??
    /^azureml:\/\/jobs\/([^/]+)\/outputs\/artifacts(?:\/paths)?\/(.*)$/i.exec(uri);
  const experiment = run && experimentOf(run[1]!);
  const [model, number] = [version.id.split("/").at(-3)!, version.name];
  if (run && experiment) {
    const path = run[2]!.replace(/\/+$/, "");
    return call.azureml
      ? `azureml://${call.host}/mlflow/v2.0${call.workspace.id}/experiments/${experiment}/runs/${run[1]}/artifacts/${path}`
      : `mlflow-artifacts:/${experiment}/${run[1]}/artifacts/${path}`;
  }
  // azureml-mlflow takes what follows the two names as a path below them.
  return call.azureml ? `azureml://artifacts/Model/${model}/${number}` : `mlflow-artifacts:/models/${model}/${number}`;
}

/** Place of an address that this server gave: `{experiment}/{run}/artifacts/…` or `models/{name}/{version}/…`. */
export function proxiedUri(
  path: string,
  modelUri: (name: string, version: string) => string | undefined,
): { uri: string; rest: string } | undefined {
  const model = /^models\/([^/]+)\/([^/]+)(?:\/(.*))?$/.exec(path);
  if (model) {
    const uri = modelUri(model[1]!, model[2]!);
    return uri === undefined ? undefined : { uri, rest: model[3] ?? "" };
  }
  const run = /^[^/]+\/([^/]+)\/artifacts(?:\/(.*))?$/.exec(path);
  return run ? { uri: artifactStoreUri(run[1]!), rest: run[2] ?? "" } : undefined;
}
