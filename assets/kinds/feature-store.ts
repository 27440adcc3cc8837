// Feature stores (`az ml feature-store`): workspaces of their own kind.
// https://learn.microsoft.com/azure/machine-learning/reference-yaml-feature-store; REST Workspace 2024-10-01-preview.
import { workspaceBody, workspaceFields } from "../common/workspace-fields.ts";
import { object, type Entity } from "../schema/compound.ts";
import { required } from "../schema/field.ts";
import { str } from "../schema/scalars.ts";
import { defineKind } from "./kind.ts";

/** The SDK takes any type here; Azure has one for each. */
const store = object({ type: required(str), target: required(str) });

const fields = {
  ...workspaceFields,
  compute_runtime: object({ spark_runtime_version: required(str) }),
  offline_store: store,
  online_store: store,
  materialization_identity: object({ principal_id: str, client_id: str, resource_id: str }),
} as const;
export type FeatureStoreEntity = Entity<typeof fields>;

export const featureStore = defineKind<FeatureStoreEntity>({
  kind: "featureStore",
  noun: "featureStore",
  field: object(fields, { pathAware: true }),
  build: (entity) => ({
    name: entity.name,
    version: null,
    // The stores are connections that the SDK's own template makes beside the workspace.
    body: workspaceBody(entity, "featurestore", {
      enableDataIsolation: false,
      featureStoreSettings: { computeRuntime: { sparkRuntimeVersion: entity.compute_runtime?.spark_runtime_version ?? "3.4.0" } },
    }),
  }),
});
