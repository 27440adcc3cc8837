// Deployment templates of a registry (`az ml deployment-template`): how models of a kind are deployed.
// REST deploymenttemplates of the registry's own service, as azure-ai-ml sends them.
import { anyDict } from "../common/asset-fields.ts";
import { isoMillis, isoSeconds } from "../common/duration.ts";
import { armVersioned, registryUri } from "../schema/azure.ts";
import { list, object, union, type Entity } from "../schema/compound.ts";
import { nullable, required } from "../schema/field.ts";
import { bool, int, str, version } from "../schema/scalars.ts";
import { defineKind } from "./kind.ts";

const probe = object({
  period: int,
  initial_delay: int,
  timeout: int,
  success_threshold: int,
  failure_threshold: int,
  scheme: str,
  method: str,
  path: str,
  port: int,
});
const accelerator = object({
  accelerator_type: required(str),
  number_of_accelerators_per_model_instance: required(int),
  default: nullable(bool),
});

const fields = {
  name: required(str),
  display_name: str,
  description: str,
  version: required(version),
  tags: anyDict,
  type: str,
  deployment_template_type: str,
  environment_variables: anyDict,
  request_settings: object({ request_timeout_ms: int, max_concurrent_requests_per_instance: int }),
  liveness_probe: probe,
  readiness_probe: probe,
  instance_count: int,
  model_mount_path: str,
  allowed_instance_types: list(str),
  default_instance_type: str,
  environment: union(registryUri("environment"), armVersioned("environment", { bare: true })),
  accelerator_maps: list(accelerator),
  scoring_port: int,
  scoring_path: str,
} as const;
export type DeploymentTemplateEntity = Entity<typeof fields>;

export const deploymentTemplate = defineKind<DeploymentTemplateEntity>({
  kind: "deploymentTemplate",
  noun: "deploymentTemplate",
  field: object(fields, { pathAware: true }),
  build: (entity) => ({
    name: entity.name,
    version: entity.version,
    body: {
      name: entity.name,
      version: entity.version,
      type: "deploymenttemplates",
      displayName: filled(entity.display_name),
      description: filled(entity.description),
      deploymentTemplateType: filled(entity.deployment_template_type),
      tags: filled(entity.tags),
      // As text, without `azureml:` in front: the registry's service finds it.
      environmentId: filled(entity.environment),
      environmentVariables: filled(entity.environment_variables),
      modelMountPath: filled(entity.model_mount_path),
      requestSettings: filled(entity.request_settings) && {
        maxConcurrentRequestsPerInstance: entity.request_settings!.max_concurrent_requests_per_instance,
        requestTimeout: isoMillis(entity.request_settings!.request_timeout_ms),
      },
      livenessProbe: probeBody(entity.liveness_probe),
      readinessProbe: probeBody(entity.readiness_probe),
      defaultInstanceType: filled(entity.default_instance_type),
      instanceCount: entity.instance_count,
      scoringPath: filled(entity.scoring_path),
      scoringPort: entity.scoring_port,
      // The service knows the list by both names.
      allowedInstanceTypes: filled(entity.allowed_instance_types),
      allowedInstanceType: filled(entity.allowed_instance_types),
      acceleratorMaps: filled(
        entity.accelerator_maps?.map((item) => ({
          acceleratorType: item.accelerator_type,
          numberOfAcceleratorsPerModelInstance: item.number_of_accelerators_per_model_instance,
          default: item.default,
        })),
      ),
    },
  }),
});

const probeBody = (value: Entity<typeof probe.fields> | undefined): unknown =>
  value &&
  filled(value) && {
    failureThreshold: value.failure_threshold,
    successThreshold: value.success_threshold,
    timeout: isoSeconds(value.timeout),
    period: isoSeconds(value.period),
    initialDelay: isoSeconds(value.initial_delay),
    scheme: value.scheme,
    httpMethod: value.method,
    path: value.path,
    port: value.port,
  };

/** Null for what is empty: text, a list, a mapping with nothing in it. */
function filled(value: string | unknown[] | Record<string, unknown> | undefined): unknown {
  if (value === undefined || value === "") return null;
  return typeof value === "string" || Object.keys(value).length ? value : null;
}
