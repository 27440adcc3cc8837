// Model packages (`az ml model package`): the request that builds an environment in which a model is served.
// https://learn.microsoft.com/azure/machine-learning/how-to-package-models; REST PackageRequest 2023-04-01-preview.
import { ReferenceMark } from "../body.ts";
import { anyDict } from "../common/asset-fields.ts";
import { codeConfiguration } from "../common/deployment.ts";
import { codeMark, versioned } from "../common/marks.ts";
import { pascal } from "../common/identity.ts";
import { dict, list, object, union, type Entity } from "../schema/compound.ts";
import { required, type Field } from "../schema/field.ts";
import { camelToSnake, oneOf, str } from "../schema/scalars.ts";
import { defineKind, type Build } from "./kind.ts";

const aware = { pathAware: true } as const;
const snake = { transform: camelToSnake } as const;
// The SDK fails at any route: its schema of one is broken.
const route: Field<undefined> = {
  expects: "absent",
  load: (_, at) =>
    at.fail("cannot be read by the official SDK, so neither here", "remove it, and set the routes in the environment", undefined, "key"),
};
const inference = object(
  { liveness_route: route, readiness_route: route, scoring_route: route, entry_script: str, configuration: anyDict },
  aware,
);
const server = object(
  {
    type: required(oneOf(["azureml_online", "azureml_batch", "custom", "triton"])),
    code_configuration: codeConfiguration,
    inference_configuration: inference,
  },
  aware,
);
const pathType = oneOf(["path_id", "url", "path_version"], snake);
const input = object(
  {
    type: oneOf(["uri_file", "uri_folder"], snake),
    mode: oneOf(["read_only_mount", "download"], snake),
    path: union(
      object({ input_path_type: pathType, resource_id: str }, aware),
      object({ input_path_type: pathType, url: str }, aware),
      object({ input_path_type: pathType, resource_name: str, resource_version: str }, aware),
    ),
    mount_path: str,
  },
  aware,
);

const fields = {
  target_environment: required(union(dict(str), str)),
  base_environment_source: object({ type: required(str), resource_id: str }, aware),
  inferencing_server: required(server),
  model_configuration: object({ mode: oneOf(["copy", "download"]), mount_path: str }, aware),
  inputs: list(input),
  tags: anyDict,
  environment_variables: anyDict,
} as const;
export type ModelPackageEntity = Entity<typeof fields>;

export const modelPackage = defineKind<ModelPackageEntity>({
  kind: "modelPackage",
  noun: "modelPackage",
  field: object(fields, aware),
  build(entity, build) {
    const target = targetOf(entity.target_environment, build);
    return {
      name: target.split("/")[0]!,
      version: null,
      body: {
        // The whole id begins with the place and the GUID of the workspace, which a caller knows.
        targetEnvironmentId: `azureml://locations/{location}/workspaces/{workspaceId}/environments/${target}`,
        baseEnvironmentSource: entity.base_environment_source && {
          baseEnvironmentSourceType: entity.base_environment_source.type,
          resourceId: environmentOf(entity.base_environment_source.resource_id, build),
        },
        inferencingServer: serverBody(entity.inferencing_server, build),
        modelConfiguration: entity.model_configuration && {
          mode: entity.model_configuration.mode,
          mountPath: entity.model_configuration.mount_path,
        },
        inputs: entity.inputs?.length ? entity.inputs.map(inputBody) : null,
        tags: entity.tags && Object.keys(entity.tags).length ? entity.tags : null,
        environmentVariables: entity.environment_variables,
      },
    };
  },
});

function targetOf(value: ModelPackageEntity["target_environment"], build: Build): string {
  if (typeof value === "string") return value.replace(/^azureml:(\w+):(\d+)$/, "$1/versions/$2");
  if (value.name === undefined) build.problem(["target_environment"], "needs the name of an environment", "add `name:`");
  return value.name ?? "";
}

function environmentOf(id: string | undefined, build: Build): unknown {
  const path = ["base_environment_source", "resource_id"];
  if (id === undefined) {
    build.problem(path, "the environment to build upon is missing", "write azureml:<environment>:<version>");
    return null;
  }
  return versioned("environment", id.startsWith("azureml://") ? id : id.replace(/^azureml:/, ""), build, path);
}

function serverBody(value: ModelPackageEntity["inferencing_server"], build: Build): unknown {
  if (value.type === "azureml_online" || value.type === "azureml_batch")
    return {
      serverType: value.type === "azureml_online" ? "AzureMLOnline" : "AzureMLBatch",
      codeConfiguration: value.code_configuration && codeBody(value.code_configuration, build),
    };
  // The SDK sends a Triton server as a custom one.
  return {
    serverType: "Custom",
    inferenceConfiguration: value.inference_configuration && { entryScript: value.inference_configuration.entry_script },
  };
}

function codeBody({ code, scoring_script: script }: Entity<typeof codeConfiguration.fields>, build: Build): unknown {
  const path = ["inferencing_server", "code_configuration"];
  if (!code) build.problem(path, "a code configuration needs the folder of the code", "add `code:`");
  if (!script) build.problem(path, "code needs a scoring script", "add `scoring_script:`");
  if (!code) return null;
  if (code.startsWith("azureml:") && !code.startsWith("azureml://"))
    return { codeId: new ReferenceMark("code", code.slice("azureml:".length)), scoringScript: script };
  const full = build.absolute(code);
  if (!/^([a-z+]+:\/\/|\/subscriptions\/)/i.test(code) && !build.files.stat(full))
    build.problem([...path, "code"], `no such folder: ${full}`, "correct the path; it is taken from the folder of this file", code);
  return { codeId: codeMark(code, build, "any"), scoringScript: script };
}

function inputBody(value: Entity<typeof input.fields>): unknown {
  return { inputType: pascal(value.type), path: value.path && pathBody(value.path), mode: pascal(value.mode), mountPath: value.mount_path };
}

function pathBody(value: NonNullable<Entity<typeof input.fields>["path"]>): unknown {
  if ("url" in value) return { inputPathType: "Url", url: value.url };
  if ("resource_name" in value || "resource_version" in value)
    return { inputPathType: "PathVersion", resourceName: value.resource_name, resourceVersion: value.resource_version };
  return { inputPathType: "PathId", resourceId: (value as { resource_id?: string }).resource_id };
}
