// Models (`az ml model`): custom, MLflow, Triton.
// https://learn.microsoft.com/azure/machine-learning/reference-yaml-model; REST ModelVersion 2023-08-01-preview.
import { UploadMark } from "../body.ts";
import { anyDict } from "../common/asset-fields.ts";
import { isUrl } from "../schema/azure.ts";
import { dict, extend, list, object, type Entity } from "../schema/compound.ts";
import { readOnly, required } from "../schema/field.ts";
import { any, oneOf, str, version } from "../schema/scalars.ts";
import { contentHash, jsonHash, uploadFiles } from "../upload.ts";
import { isMap, pythonString, type Yaml } from "../yaml/value.ts";
import { requireName } from "../common/marks.ts";
import { defineKind, type Build, type Draft } from "./kind.ts";

const template = object({ asset_id: str });

const fields = {
  name: str,
  id: readOnly(any),
  type: oneOf(["custom_model", "mlflow_model", "triton_model"]),
  path: str,
  version,
  description: str,
  properties: anyDict,
  tags: anyDict,
  stage: str,
  utc_time_created: readOnly(any),
  flavors: anyDict,
  creation_context: readOnly(any),
  job_name: readOnly(any),
  latest_version: readOnly(any),
  datastore: str,
  intellectual_property: readOnly(any),
  system_metadata: dict(),
  default_deployment_template: template,
  allowed_deployment_templates: list(template),
} as const;

/** A model inside a deployment. */
export const inlineModel = object(fields, { pathAware: true, expects: "a model (name, path, …)" });
export type ModelEntity = Entity<typeof fields>;

export const model = defineKind<ModelEntity>({
  kind: "model",
  noun: "model",
  field: extend(inlineModel, { name: required(str) }),
  build: buildModel,
});

/** The request of a model. */
export function buildModel(entity: ModelEntity, build: Build): Draft {
  const templated = Boolean(entity.default_deployment_template || entity.allowed_deployment_templates?.length);
  const type = entity.type ?? "custom_model";
  requireName(entity, build);
  for (const [key, value] of Object.entries(entity.flavors ?? {}))
    if (!isMap(value)) build.problem(["flavors", key], "must be a mapping", "write the flavor's fields below it", value);
  if (type === "mlflow_model" && entity.path?.split("/").at(-1)?.includes("."))
    build.problem(
      ["path"],
      "an mlflow_model is a folder, not a file",
      "name the folder that holds the file MLmodel, or write `type: custom_model`",
      entity.path,
    );
  const unnamed = entity.name === undefined ? anonymousName(entity, build) : undefined;
  return {
    name: entity.name ?? unnamed ?? null,
    version: entity.version || (unnamed ? "1" : null),
    body: {
      properties: {
        description: entity.description,
        tags: asText(entity.tags),
        properties: asText(entity.properties),
        flavors:
          entity.flavors && Object.keys(entity.flavors).length
            ? Object.fromEntries(Object.entries(entity.flavors).map(([key, value]) => [key, { data: value }]))
            : null,
        modelType: type,
        modelUri: pathOf(entity, build),
        stage: templated ? null : entity.stage,
        isAnonymous: unnamed !== undefined,
        isArchived: false,
        systemMetadata: entity.system_metadata && Object.keys(entity.system_metadata).length ? entity.system_metadata : null,
        defaultDeploymentTemplate: entity.default_deployment_template && { assetId: entity.default_deployment_template.asset_id },
        allowedDeploymentTemplates: entity.allowed_deployment_templates?.length
          ? entity.allowed_deployment_templates.map((item) => ({ assetId: item.asset_id }))
          : null,
      },
    },
  };
}

// Without a name (inside a deployment) it is named after its content, which therefore has to be here.
function anonymousName({ path }: ModelEntity, build: Build): string {
  if (path && (isUrl(path) || path.startsWith("runs:/")))
    build.problem(["path"], "a model without a name must be local", "add `name:`, or name a file or folder here", path);
  return path ? jsonHash(contentHash(build.files, uploadFiles(build.files, build.absolute(path)))) : "";
}

function pathOf(entity: ModelEntity, build: Build): unknown {
  const path = entity.path;
  if (!path) {
    build.problem(["path"], "a model needs a path", "add `path:`", path);
    return null;
  }
  if (isUrl(path) || path.startsWith("runs:/")) return path;
  if (!build.files.stat(build.absolute(path)))
    build.problem(
      ["path"],
      `no such file or folder: ${build.absolute(path)}`,
      "correct the path; it is taken from the folder of this file",
      path,
    );
  return new UploadMark("model", build.shown(path), build.absolute(path), { datastore: entity.datastore });
}

const asText = (values: Record<string, Yaml> | undefined): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values ?? {})
      .filter(([, value]) => value !== null)
      .map(([key, value]) => [key, pythonString(value)]),
  );
