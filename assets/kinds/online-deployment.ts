// Online deployments (`az ml online-deployment`), managed and Kubernetes.
// https://learn.microsoft.com/azure/machine-learning/reference-yaml-deployment-managed-online; REST OnlineDeployment 2023-04-01-preview.
import { DependencyMark, ReferenceMark, UploadMark } from "../body.ts";
import { anyDict } from "../common/asset-fields.ts";
import { dataCollector, collectorBody } from "../common/data-collector.ts";
import { isoMillis, isoSeconds } from "../common/duration.ts";
import { environmentMark, versioned } from "../common/marks.ts";
import { armVersioned, isGit, isUrl, registryUri } from "../schema/azure.ts";
import { object, union, type Entity } from "../schema/compound.ts";
import { readOnly, required } from "../schema/field.ts";
import { any, bool, camelToSnake, int, oneOf, str } from "../schema/scalars.ts";
import { anonymousEnvironment, namedEnvironment } from "./environment.ts";
import { defineKind, type Build, type Draft } from "./kind.ts";
import { buildModel, inlineModel } from "./model.ts";
import { checkNameLength, endpointName } from "./online-endpoint.ts";
import type { YamlMap } from "../yaml/value.ts";

const probe = object({ period: int, initial_delay: int, timeout: int, success_threshold: int, failure_threshold: int });
const scaleSettings = union(
  object({ type: required(oneOf(["default"], { transform: camelToSnake })) }),
  object({
    type: required(oneOf(["target_utilization"], { transform: camelToSnake })),
    polling_interval: int,
    target_utilization_percentage: int,
    min_instances: int,
    max_instances: int,
  }),
);
const amounts = object(
  { cpu: str, memory: str, gpu: str },
  { before: (value: YamlMap) => new Map([...value].map(([key, item]) => [key === "nvidia.com/gpu" ? "gpu" : key, item])) },
);

const fields = {
  name: required(str),
  endpoint_name: required(str),
  description: str,
  id: str,
  tags: anyDict,
  properties: anyDict,
  model: union(registryUri("model"), armVersioned("model", { bare: true }), inlineModel),
  code_configuration: object({ code: str, scoring_script: str }, { pathAware: true }),
  environment: union(registryUri("environment"), armVersioned("environment", { bare: true }), namedEnvironment, anonymousEnvironment),
  environment_variables: anyDict,
  app_insights_enabled: bool,
  scale_settings: scaleSettings,
  request_settings: object({ request_timeout_ms: int, max_concurrent_requests_per_instance: int, max_queue_wait_ms: int }),
  liveness_probe: probe,
  readiness_probe: probe,
  provisioning_state: str,
  instance_count: int,
  type: oneOf(["managed", "kubernetes"], { transform: camelToSnake }),
  model_mount_path: str,
  instance_type: str,
  data_collector: dataCollector,
} as const;

const managed = object(
  {
    ...fields,
    instance_type: required(str),
    egress_public_network_access: oneOf(["enabled", "disabled"]),
    private_network_connection: bool,
    creation_context: readOnly(any),
  },
  { pathAware: true },
);
const kubernetes = object({ ...fields, resources: object({ requests: amounts, limits: amounts }) }, { pathAware: true });

export type OnlineDeploymentEntity = Entity<typeof fields> &
  Partial<Entity<typeof managed.fields>> &
  Partial<Entity<typeof kubernetes.fields>>;

export const managedOnlineDeployment = defineKind<OnlineDeploymentEntity>({
  kind: "managedOnlineDeployment",
  noun: "onlineDeployment",
  field: managed,
  build: (entity, build) => buildDeployment(entity, build, "Managed"),
});
export const kubernetesOnlineDeployment = defineKind<OnlineDeploymentEntity>({
  kind: "kubernetesOnlineDeployment",
  noun: "onlineDeployment",
  field: kubernetes,
  build: (entity, build) => buildDeployment(entity, build, "Kubernetes"),
});

function buildDeployment(entity: OnlineDeploymentEntity, build: Build, endpointComputeType: "Managed" | "Kubernetes"): Draft {
  const managedOne = endpointComputeType === "Managed";
  checkNameLength(entity.name, build);
  if (!endpointNameFits(entity.name)) build.problem(["name"], `must be ${endpointName.expects}`, endpointNameFix, entity.name);
  if (managedOne && entity.scale_settings && entity.scale_settings.type !== "default")
    build.problem(
      ["scale_settings", "type"],
      "a managed deployment has the default scale settings",
      "write `type: default`; autoscale rules are set with Azure Monitor",
      entity.scale_settings.type,
    );
  if (!managedOne) refuseRegistries(entity, build);
  const properties = {
    endpointComputeType,
    codeConfiguration: codeOf(entity, build),
    environmentId: environmentMark(entity.environment, build, ["environment"]),
    model: modelMark(entity.model, build),
    modelMountPath: entity.model_mount_path,
    scaleSettings: entity.scale_settings && scaleBody(entity.scale_settings),
    // The SDK sends it as a property; the field of that name is not on the wire.
    properties: { ...entity.properties, ...(entity.private_network_connection && { "private-network-connection": true }) },
    description: entity.description,
    environmentVariables: entity.environment_variables ?? {},
    appInsightsEnabled: entity.app_insights_enabled ?? false,
    requestSettings: entity.request_settings && {
      maxQueueWait: isoMillis(entity.request_settings.max_queue_wait_ms),
      maxConcurrentRequestsPerInstance: entity.request_settings.max_concurrent_requests_per_instance,
      requestTimeout: isoMillis(entity.request_settings.request_timeout_ms),
    },
    livenessProbe: probeBody(entity.liveness_probe),
    readinessProbe: probeBody(entity.readiness_probe),
    instanceType: entity.instance_type,
    dataCollector: entity.data_collector && collectorBody(entity.data_collector, entity, build),
    containerResourceRequirements: entity.resources && {
      containerResourceRequests: entity.resources.requests,
      containerResourceLimits: entity.resources.limits,
    },
    egressPublicNetworkAccess: entity.egress_public_network_access,
  };
  return {
    name: entity.name.toLowerCase(),
    version: null,
    body: { location: null, tags: entity.tags ?? {}, sku: { name: "Default", capacity: entity.instance_count }, properties },
  };
}

const endpointNameFix = "start it with a letter and use letters, digits and hyphens";
const endpointNameFits = (name: string): boolean => /^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/.test(name);

const probeBody = (value: OnlineDeploymentEntity["liveness_probe"]): unknown =>
  value && {
    failureThreshold: value.failure_threshold,
    successThreshold: value.success_threshold,
    timeout: isoSeconds(value.timeout),
    period: isoSeconds(value.period),
    initialDelay: isoSeconds(value.initial_delay),
  };

function scaleBody(value: NonNullable<OnlineDeploymentEntity["scale_settings"]>): unknown {
  if (value.type === "default") return { scaleType: "Default" };
  const { min_instances, max_instances, polling_interval, target_utilization_percentage } = value;
  return {
    scaleType: "TargetUtilization",
    minInstances: min_instances,
    maxInstances: max_instances,
    pollingInterval: isoSeconds(polling_interval),
    targetUtilizationPercentage: target_utilization_percentage,
  };
}

function codeOf(entity: OnlineDeploymentEntity, build: Build): unknown {
  const configuration = entity.code_configuration;
  if (!configuration) return null;
  if (configuration.code !== undefined && configuration.scoring_script === undefined)
    build.problem(["code_configuration"], "code needs a scoring script", "add `scoring_script:`");
  if (configuration.code === undefined) {
    build.problem(["code_configuration"], "a code configuration needs the folder of the code", "add `code:`");
    return null;
  }
  return { codeId: codeMark(configuration.code, configuration.scoring_script, build), scoringScript: configuration.scoring_script };
}

function codeMark(code: string, script: string | undefined, build: Build): unknown {
  if (code.startsWith("azureml:") && !code.startsWith("azureml://") && !/[:@]|^\/subscriptions\//.test(code.slice("azureml:".length)))
    build.problem(["code_configuration", "code"], "needs a version", "write azureml:<code>:<version>, or the path of a folder", code);
  if (code.startsWith("azureml:") && !code.startsWith("azureml://")) return new ReferenceMark("code", code.slice("azureml:".length));
  if (code.startsWith("/subscriptions/")) return new ReferenceMark("code", code);
  if (isUrl(code) || isGit(code)) return code;
  const folder = build.absolute(code);
  const path = ["code_configuration", "code"];
  if (!build.files.stat(folder))
    build.problem(path, `no such folder: ${folder}`, "correct the path; it is taken from the folder of this file", code);
  else if (script && !build.files.stat(build.files.resolve(folder, script)))
    build.problem(
      ["code_configuration", "scoring_script"],
      `no such file: ${build.files.resolve(folder, script)}`,
      "correct the path; it is taken from the folder of the code",
      script,
    );
  return new UploadMark("code", build.shown(code), folder);
}

function modelMark(model: OnlineDeploymentEntity["model"], build: Build): unknown {
  if (model === undefined) return null;
  if (typeof model === "string") return versioned("model", model, build, ["model"]);
  return new DependencyMark(build.inline("model", model, buildModel(model, build)));
}

function refuseRegistries(entity: OnlineDeploymentEntity, build: Build): void {
  for (const [path, value] of [
    [["environment"], entity.environment],
    [["model"], entity.model],
    [["code_configuration", "code"], entity.code_configuration?.code],
  ] as const) {
    if (typeof value === "string" && value.startsWith("azureml://registries/"))
      build.problem(
        [...path],
        "a Kubernetes deployment takes nothing from a registry",
        "share it to the workspace and name it there",
        value,
      );
  }
}
