// Feature sets (`az ml feature-set`): features of a specification's folder, for entities of the feature store.
// https://learn.microsoft.com/azure/machine-learning/reference-yaml-feature-set; REST FeaturesetVersion 2025-12-01.
import { UploadMark } from "../body.ts";
import { anyDict } from "../common/asset-fields.ts";
import { specificationText } from "../common/feature-specification.ts";
import { recurrenceTrigger, triggerBody } from "../common/trigger.ts";
import { isUrl } from "../schema/azure.ts";
import { dict, list, object, type Entity } from "../schema/compound.ts";
import { readOnly, required } from "../schema/field.ts";
import { any, bool, exactly, str } from "../schema/scalars.ts";
import { stage } from "./feature-store-entity.ts";
import { defineKind, type Build } from "./kind.ts";

const materialization = object({
  schedule: recurrenceTrigger,
  notification: object({ email_on: required(list(exactly(["JobCompleted", "JobFailed", "JobCancelled"]))), emails: required(list(str)) }),
  resource: object({ instance_type: required(str) }),
  spark_configuration: anyDict,
  offline_enabled: bool,
  online_enabled: bool,
});

const fields = {
  name: required(str),
  version: required(str),
  latest_version: readOnly(any),
  specification: required(object({ path: required(str) })),
  entities: required(list(str)),
  stage,
  description: str,
  tags: dict(str),
  materialization_settings: materialization,
} as const;
export type FeatureSetEntity = Entity<typeof fields>;

export const featureSet = defineKind<FeatureSetEntity>({
  kind: "featureSet",
  noun: "featureSet",
  field: object(fields, { pathAware: true }),
  build: (entity, build) => ({
    name: entity.name,
    version: entity.version,
    body: {
      properties: {
        description: entity.description,
        properties: { featuresetPropertiesVersion: "1", featuresetProperties: specificationText(entity.specification.path, build) },
        tags: entity.tags ?? {},
        entities: entity.entities,
        specification: { path: pathOf(entity.specification.path, build) },
        stage: entity.stage ?? "Development",
        materializationSettings: entity.materialization_settings && materializationBody(entity.materialization_settings),
      },
    },
  }),
});

const pathOf = (path: string, build: Build): unknown =>
  isUrl(path) ? path : new UploadMark("data", build.shown(path), build.absolute(path));

function materializationBody(value: NonNullable<FeatureSetEntity["materialization_settings"]>): unknown {
  const stores = value.offline_enabled ? (value.online_enabled ? "OnlineAndOffline" : "Offline") : value.online_enabled ? "Online" : "None";
  return {
    schedule: value.schedule && triggerBody(value.schedule),
    notification: value.notification && { emailOn: value.notification.email_on, emails: value.notification.emails },
    resource: value.resource && { instanceType: value.resource.instance_type },
    sparkConfiguration: value.spark_configuration,
    storeType: stores,
  };
}
