// Parallel components (`az ml component`, `type: parallel`). https://learn.microsoft.com/azure/machine-learning/reference-yaml-job-parallel.
import { componentResources } from "../common/command-fields.ts";
import { withoutEmpty } from "../common/empty.ts";
import { isBinding } from "../common/job-io.ts";
import { miniBatchSize, parallelFields, partitionKeys, taskBody } from "../common/parallel.ts";
import { dict, object, type Entity } from "../schema/compound.ts";
import { nullable, required } from "../schema/field.ts";
import { any, int, oneOf } from "../schema/scalars.ts";
import { commonSpec, componentDraft, componentFields, sourceOf, specResources, versionProperties, withCount } from "./command-component.ts";
import { defineKind, type AnonymousSource, type Build, type Draft } from "./kind.ts";

const fields = {
  ...componentFields,
  ...parallelFields,
  properties: dict(),
  type: required(oneOf(["parallel"])),
  resources: componentResources,
  instance_count: nullable(int),
} as const;
export const anonymousParallelComponent = object(
  { ...fields, name: any, version: any },
  { unknown: "drop", expects: "a parallel component" },
);
export type ParallelComponentEntity = Entity<typeof fields>;

export const parallelComponent = defineKind<ParallelComponentEntity>({
  kind: "parallelComponent",
  noun: "component",
  field: object(fields, { unknown: "drop" }),
  anonymousField: anonymousParallelComponent as never,
  build: (entity, build) => buildParallelComponent(entity, build, build.anonymous ?? undefined),
});

/** The request of a parallel component. */
export function buildParallelComponent(entity: ParallelComponentEntity, build: Build, anonymous?: AnonymousSource): Draft {
  // A binding of a node written inline stays with the node.
  const size = anonymous === "YAML.JOB" && isBinding(entity.mini_batch_size) ? undefined : entity.mini_batch_size;
  const spec = {
    ...commonSpec(entity, build, anonymous),
    is_deterministic: entity.is_deterministic ?? true,
    resources: specResources(withCount(entity, build)),
    logging_level: entity.logging_level,
    task: taskBody(entity.task, build, ["task"]),
    mini_batch_size: miniBatchSize(size, build, ["mini_batch_size"]) ?? "0",
    partition_keys: partitionKeys(entity.partition_keys),
    input_data: entity.input_data,
    retry_settings: entity.retry_settings,
    max_concurrency_per_instance: entity.max_concurrency_per_instance,
    error_threshold: entity.error_threshold,
    mini_batch_error_threshold: entity.mini_batch_error_threshold,
    type: "parallel",
    _source: sourceOf(entity, anonymous),
  };
  return componentDraft(entity, withoutEmpty(spec) as Record<string, unknown>, versionProperties(entity.properties, anonymous), anonymous);
}
