// Batch deployments (`az ml batch-deployment`) of a model; without a `type`, the older form with its settings at the top.
// https://learn.microsoft.com/azure/machine-learning/reference-yaml-deployment-batch; REST BatchDeployment 2025-12-01.
import { resourcesBody } from "../common/command-body.ts";
import { resources } from "../common/command-fields.ts";
import { codeOf, deploymentFields, modelMark } from "../common/deployment.ts";
import { isoSeconds } from "../common/duration.ts";
import { environmentMark } from "../common/marks.ts";
import { ReferenceMark } from "../body.ts";
import { anyDict } from "../common/asset-fields.ts";
import { compute } from "../schema/azure.ts";
import { object, type Entity } from "../schema/compound.ts";
import { readOnly, required, type Field } from "../schema/field.ts";
import { any, int, oneOf, str } from "../schema/scalars.ts";
import type { Kind } from "../asset.ts";
import { defineKind, type Build, type KindDefinition } from "./kind.ts";

const type = oneOf(["pipeline", "model"]);
const settingFields = {
  error_threshold: int,
  retry_settings: object({ max_retries: int, timeout: int }),
  mini_batch_size: int,
  logging_level: str,
  output_action: oneOf(["append_row", "summary_only"]),
  output_file_name: str,
  max_concurrency_per_instance: int,
} as const;
// The SDK's class of settings wants this one.
const settings = object({ ...settingFields, mini_batch_size: required(int), instance_count: int, environment_variables: anyDict });

// The SDK's own class fails at these where the type is not given.
const ofPipelines: Field<undefined> = {
  expects: "absent",
  load: (_, at) => at.fail("belongs to a deployment of a pipeline", "add `type: pipeline`", undefined, "key"),
};

const untyped = {
  ...deploymentFields,
  ...settingFields,
  compute,
  resources,
  type,
  job_definition: ofPipelines,
  component: ofPipelines,
  creation_context: readOnly(any),
  provisioning_state: readOnly(any),
} as const;
const typed = { ...deploymentFields, compute: required(compute), error_threshold: int, resources, type, settings } as const;

export type BatchDeploymentEntity = Entity<typeof untyped> & { settings?: undefined };
export type ModelBatchDeploymentEntity = Entity<typeof typed>;
type Settings = Partial<Entity<typeof settings.fields>>;

export const batchDeployment = deployment<BatchDeploymentEntity>(
  "batchDeployment",
  object(untyped, { pathAware: true }) as never,
  (entity) => ({
    ...entity,
    environment_variables: entity.environment_variables ?? {},
  }),
);

export const modelBatchDeployment = deployment<ModelBatchDeploymentEntity>(
  "modelBatchDeployment",
  object(typed, { pathAware: true }) as never,
  // Without settings the SDK takes those few that stand at the top.
  (entity) => entity.settings ?? { error_threshold: entity.error_threshold, environment_variables: entity.environment_variables },
);

function deployment<E extends BatchDeploymentEntity | ModelBatchDeploymentEntity>(
  kind: Kind,
  field: Field<E>,
  settingsOf: (entity: E) => Settings,
): KindDefinition<E> {
  return defineKind<E>({
    kind,
    noun: "batchDeployment",
    field,
    build(entity, build) {
      const given = settingsOf(entity);
      checkSettings(entity, given, build);
      return {
        name: entity.name.toLowerCase(),
        version: null,
        body: {
          location: null,
          tags: entity.tags ?? {},
          properties: {
            description: entity.description,
            compute: computeOf(entity.compute),
            resources: resourcesBody(entity.resources ?? (given.instance_count ? { instance_count: given.instance_count } : undefined)),
            codeConfiguration: codeOf(entity, build),
            environmentId: environmentMark(entity.environment, build, ["environment"]),
            model: entity.model === undefined ? null : { assetId: modelMark(entity.model, build), referenceType: "Id" },
            outputFileName: given.output_file_name,
            outputAction: given.output_action && (given.output_action === "summary_only" ? "SummaryOnly" : "AppendRow"),
            errorThreshold: given.error_threshold,
            retrySettings: given.retry_settings && {
              maxRetries: given.retry_settings.max_retries,
              timeout: isoSeconds(given.retry_settings.timeout),
            },
            loggingLevel: given.logging_level,
            miniBatchSize: given.mini_batch_size,
            maxConcurrencyPerInstance: given.max_concurrency_per_instance,
            environmentVariables: given.environment_variables,
            properties: entity.properties ?? {},
          },
        },
      };
    },
  });
}

const computeOf = (name: string | undefined): unknown => (name === undefined ? null : new ReferenceMark("compute", name));

function checkSettings(entity: BatchDeploymentEntity | ModelBatchDeploymentEntity, given: Settings, build: Build): void {
  const place = entity.settings ? ["settings"] : [];
  if (given.output_action === "summary_only" && given.output_file_name)
    build.problem(
      [...place, "output_file_name"],
      "with `output_action: summary_only` there is no output file",
      "remove it, or write `output_action: append_row`",
      given.output_file_name,
    );
  if (entity.resources && given.instance_count)
    build.problem(
      [...place, "instance_count"],
      "stands beside `resources`, which says the number of instances too",
      "write it as resources.instance_count",
      given.instance_count,
    );
}
