// Online deployments (`az ml online-deployment`), managed and Kubernetes.
// https://learn.microsoft.com/azure/machine-learning/reference-yaml-deployment-managed-online; REST OnlineDeployment 2023-04-01-preview.
import { dataCollector, collectorBody } from "../common/data-collector.ts";
import { codeOf, deploymentFields, modelMark } from "../common/deployment.ts";
import { isoMillis, isoSeconds } from "../common/duration.ts";
import { environmentMark } from "../common/marks.ts";
import { object, union, type Entity } from "../schema/compound.ts";
import { readOnly, required } from "../schema/field.ts";
import { bool, any, camelToSnake, int, oneOf, str } from "../schema/scalars.ts";
import { defineKind, type Build, type Draft } from "./kind.ts";
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
  ...deploymentFields,
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
  if (!/^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/.test(entity.name))
    build.problem(["name"], `must be ${endpointName.expects}`, "start it with a letter and use letters, digits and hyphens", entity.name);
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
    instanceType: entity.instance_type || null,
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
