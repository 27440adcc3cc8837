// From the deployment files of CLI v1 to the endpoint and deployment of v2. Pure: files in, documents and notes out.
// https://learn.microsoft.com/azure/machine-learning/migrate-to-v2-managed-online-endpoints
import type { Files } from "../files.ts";
import { ProblemsError } from "../problems.ts";
import { At, BAD, loadValue, type Field } from "../schema/field.ts";
import { readSource, type Source } from "../yaml/source.ts";
import { isMap, pythonString } from "../yaml/value.ts";
import { compact } from "./compact.ts";
import { environmentOf } from "./environment.ts";
import { managedTarget, kubernetesTarget, type Target } from "./targets.ts";
import { deploymentConfigs, inferenceConfig, type AciConfig, type AksConfig, type InferenceConfig } from "./schema.ts";

export interface MigrateOptions {
  /** Name of the endpoint that the files shall make. */
  readonly endpoint: string;
  /** `azureml:name:version` of the model. */
  readonly model: string;
  /** Folder that the written files will lie in, as `files` resolves it: their paths are relative to it. */
  readonly out: string;
}

/** What the v1 files become. Documents are plain data, to be written as YAML. */
export interface Migrated {
  readonly kind: "managed" | "kubernetes";
  readonly endpoint: Readonly<Record<string, unknown>>;
  readonly deployment: Readonly<Record<string, unknown>>;
  /** What has no counterpart, or works otherwise, each with what to do. */
  readonly notes: readonly string[];
}

type Read = { inference?: InferenceConfig; deployment?: { type: string; config: AciConfig | AksConfig }; folder: string };

/** At most one inference configuration and one deployment configuration. @throws ProblemsError with file:line:column of every mistake */
export function migrate(paths: readonly string[], files: Files, options: MigrateOptions): Migrated {
  const read: Partial<Read> = {};
  for (const path of paths) {
    const full = files.resolve(".", path);
    const source = readSource(files, full, path);
    const found = readOne(source, files, full);
    for (const part of ["inference", "deployment"] as const) {
      if (!found[part]) continue;
      if (read[part]) throw new ProblemsError([source.problem([], `is a second ${part} configuration`, "give one of each kind")]);
      Object.assign(read, { [part]: found[part] });
    }
    if (found.inference) read.folder = found.folder;
  }
  const notes: string[] = [];
  const { type, config } = read.deployment ?? { type: "aci", config: { computeType: "aci" } as AciConfig };
  if (!read.deployment) notes.push("no deployment configuration was given: a managed endpoint with one small instance is assumed");
  const target: Target = type === "aci" ? managedTarget(config, notes) : kubernetesTarget(config, type, notes);
  const { tags, properties, description } = config;
  const name = target.deploymentName ?? "blue";
  const scoring = read.inference ? environmentOf(read.inference, read.folder ?? ".", files, options.out, notes) : {};
  if (!read.inference)
    notes.push("no inference configuration was given: add code_configuration and environment, unless the model is an MLflow model");
  return {
    kind: target.kind,
    endpoint: compact({
      $schema: schema(`${target.kind}OnlineEndpoint`),
      name: options.endpoint,
      description: description ?? read.inference?.description,
      ...target.endpoint,
      traffic: target.traffic === undefined ? undefined : { [name]: target.traffic },
      tags,
    }),
    deployment: compact({
      $schema: schema(`${target.kind}OnlineDeployment`),
      name,
      endpoint_name: options.endpoint,
      model: options.model,
      ...scoring,
      ...target.deployment,
      tags,
      properties,
    }),
    notes,
  };
}

const schema = (kind: string): string => `https://azuremlschemas.azureedge.net/latest/${kind}.schema.json`;

function readOne(source: Source, files: Files, full: string): Read {
  const { root } = source;
  const folder = files.folder(full);
  const has = (key: string): boolean => isMap(root) && root.has(key);
  if (has("entryScript")) return { inference: load(inferenceConfig, source, files, folder), folder };
  if (!has("computeType"))
    throw new ProblemsError([
      source.problem(
        [],
        "is neither an inference configuration (entryScript) nor a deployment configuration (computeType) of CLI v1",
        "give such a file; files of v2 need no migration",
      ),
    ]);
  const type = pythonString(isMap(root) ? (root.get("computeType") ?? "") : "").toLowerCase();
  const field = deploymentConfigs[type as keyof typeof deploymentConfigs] as Field<AciConfig | AksConfig> | undefined;
  if (!field)
    throw new ProblemsError([
      source.problem(
        ["computeType"],
        "must be aci, aks or aksendpoint",
        type === "local" ? "a local deployment is what the sandbox is for: npm start" : "correct it",
        type,
      ),
    ]);
  return { deployment: { type, config: load(field, source, files, folder) }, folder };
}

function load<T>(field: Field<T>, source: Source, files: Files, folder: string): T {
  const at = new At({ source, base: folder, files });
  const loaded = loadValue(field, source.root, at);
  if (loaded === BAD) throw new ProblemsError(at.problems);
  return loaded;
}
