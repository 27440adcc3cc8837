// Pipeline components (`az ml component`). https://learn.microsoft.com/azure/machine-learning/reference-yaml-component-pipeline;
// REST ComponentVersion 2024-01-01-preview.
import { componentInputs, pipelineOutputs } from "../common/ports.ts";
import { buildNodes, portsOf } from "../pipeline/nodes.ts";
import { pipelineJobs } from "../pipeline/node-fields.ts";
import { dict, object, type Entity } from "../schema/compound.ts";
import { any, oneOf } from "../schema/scalars.ts";
import { commonSpec, componentDraft, componentFields, sourceOf, unknownFields } from "./command-component.ts";
import { defineKind, type Draft } from "./kind.ts";

const fields = {
  ...componentFields,
  type: oneOf(["pipeline"]),
  jobs: pipelineJobs,
  inputs: componentInputs,
  outputs: pipelineOutputs,
  properties: dict(),
} as const;

export type PipelineComponentEntity = Entity<typeof fields>;

export const pipelineComponent = defineKind<PipelineComponentEntity>({
  kind: "pipelineComponent",
  noun: "component",
  field: object(fields, { unknown: "keep" }),
  anonymousField: object({ ...fields, name: any, version: any }, { unknown: "keep" }) as never,
  build(entity, build): Draft {
    const anonymous = build.anonymous ?? undefined;
    // First, since it finds out which inputs are optional.
    const jobs = buildNodes(entity.jobs ?? {}, portsOf(entity), build, true);
    const spec = {
      ...unknownFields(entity, fields),
      ...commonSpec(entity, build, anonymous),
      jobs,
      type: "pipeline",
      _source: sourceOf(entity, anonymous),
    };
    return componentDraft(entity, spec, entity.properties ?? {}, anonymous, null);
  },
});
