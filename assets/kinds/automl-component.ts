// Components of automated ML (`az ml component`, `type: automl`): a task and no more, as Azure's own have it.
import { automlTasks } from "../automl/tasks.ts";
import { withoutEmpty } from "../common/empty.ts";
import { dict, object, type Entity } from "../schema/compound.ts";
import { required } from "../schema/field.ts";
import { exactly, oneOf } from "../schema/scalars.ts";
import { commonSpec, componentDraft, componentFields, sourceOf, versionProperties } from "./command-component.ts";
import { defineKind } from "./kind.ts";

const fields = { ...componentFields, properties: dict(), type: required(oneOf(["automl"])), task: required(exactly(automlTasks)) } as const;
export type AutomlComponentEntity = Entity<typeof fields>;

export const automlComponent = defineKind<AutomlComponentEntity>({
  kind: "automlComponent",
  noun: "component",
  field: object(fields, { unknown: "drop" }),
  build(entity, build) {
    const spec = {
      ...commonSpec(entity, build, undefined),
      is_deterministic: entity.is_deterministic ?? true,
      type: "automl",
      task: entity.task,
      _source: sourceOf(entity, undefined),
    };
    return componentDraft(
      entity,
      withoutEmpty(spec) as Record<string, unknown>,
      versionProperties(entity.properties, undefined),
      undefined,
    );
  },
});
