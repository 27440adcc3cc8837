// Spark components (`az ml component`, `type: spark`). https://learn.microsoft.com/azure/machine-learning/reference-yaml-component-spark.
import { withoutEmpty } from "../common/empty.ts";
import { codeMark, environmentMark } from "../common/marks.ts";
import { componentConf, sparkEnvironment, sparkFields } from "../common/spark.ts";
import { list, object, type Entity } from "../schema/compound.ts";
import { any, oneOf, str } from "../schema/scalars.ts";
import {
  commonSpec,
  componentDraft,
  componentFields,
  includePath,
  sourceOf,
  unknownFields,
  versionProperties,
} from "./command-component.ts";
import { defineKind, type AnonymousSource, type Build, type Draft } from "./kind.ts";

const fields = { ...componentFields, ...sparkFields, type: oneOf(["spark"]), additional_includes: list(str) } as const;
export const anonymousSparkComponent = object({ ...fields, name: any, version: any }, { unknown: "keep", expects: "a Spark component" });
export type SparkComponentEntity = Entity<typeof fields>;

export const sparkComponent = defineKind<SparkComponentEntity>({
  kind: "sparkComponent",
  noun: "component",
  field: object(fields, { unknown: "keep" }),
  anonymousField: anonymousSparkComponent as never,
  build: (entity, build) => buildSparkComponent(entity, build, build.anonymous ?? undefined),
});

/** The request of a Spark component. */
export function buildSparkComponent(entity: SparkComponentEntity, build: Build, anonymous?: AnonymousSource): Draft {
  // The SDK's default: the folder of the file.
  const { environment, conf, properties, code = ".", ...rest } = entity;
  const includes = (entity.additional_includes ?? []).map((path, index) => includePath(path, index, code, build));
  const spec = {
    ...unknownFields(entity, fields),
    ...commonSpec(rest, build, anonymous),
    is_deterministic: entity.is_deterministic ?? true,
    code: codeMark(code, build, "none", includes),
    entry: entity.entry,
    py_files: entity.py_files,
    jars: entity.jars,
    files: entity.files,
    archives: entity.archives,
    conf: conf && componentConf(conf),
    environment: environmentMark(environment ?? undefined, build, ["environment"], sparkEnvironment),
    args: entity.args,
    properties: properties,
    type: "spark",
    additional_includes: includes.length ? entity.additional_includes : null,
    _source: sourceOf(entity, anonymous),
  };
  return componentDraft(entity, withoutEmpty(spec) as Record<string, unknown>, versionProperties(properties, anonymous), anonymous);
}
