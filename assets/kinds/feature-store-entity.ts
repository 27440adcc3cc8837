// Entities of a feature store (`az ml feature-store-entity`): the columns by which features are joined.
// https://learn.microsoft.com/azure/machine-learning/reference-yaml-featurestore-entity; REST FeaturestoreEntityVersion 2025-12-01.
import { dict, list, object, type Entity } from "../schema/compound.ts";
import { readOnly, required } from "../schema/field.ts";
import { any, exactly, str } from "../schema/scalars.ts";
import { defineKind } from "./kind.ts";

const TYPES = {
  string: "String",
  integer: "Integer",
  long: "Long",
  float: "Float",
  double: "Double",
  binary: "Binary",
  datetime: "Datetime",
  boolean: "Boolean",
} as const;
type ColumnType = keyof typeof TYPES;

/** A column of an index. */
export const dataColumn = object({ name: required(str), type: required(exactly(Object.keys(TYPES) as ColumnType[])) });
/** What assets of a feature store go through. */
export const stage = exactly(["Development", "Production", "Archived"]);

const fields = {
  name: required(str),
  version: required(str),
  latest_version: readOnly(any),
  index_columns: required(list(dataColumn)),
  stage,
  description: str,
  tags: dict(str),
  properties: dict(str),
} as const;
export type FeatureStoreEntityEntity = Entity<typeof fields>;

export const featureStoreEntity = defineKind<FeatureStoreEntityEntity>({
  kind: "featureStoreEntity",
  noun: "featureStoreEntity",
  field: object(fields, { pathAware: true }),
  build: (entity) => ({
    name: entity.name,
    version: entity.version,
    body: {
      properties: {
        description: entity.description,
        indexColumns: entity.index_columns.map((column) => ({ columnName: column.name, dataType: TYPES[column.type] })),
        tags: entity.tags ?? {},
        properties: entity.properties ?? {},
        stage: entity.stage ?? "Development",
      },
    },
  }),
});
