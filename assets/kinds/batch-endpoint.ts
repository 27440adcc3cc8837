// Batch endpoints (`az ml batch-endpoint`).
// https://learn.microsoft.com/azure/machine-learning/reference-yaml-endpoint-batch; REST BatchEndpoint 2025-12-01.
import { object, type Entity } from "../schema/compound.ts";
import type { Field } from "../schema/field.ts";
import { str } from "../schema/scalars.ts";
import { defineKind } from "./kind.ts";
import { checkNameLength, endpointFields } from "./online-endpoint.ts";

// The SDK fails at any identity of a batch endpoint: Azure gives it none, its deployments run as the compute.
const noIdentity: Field<undefined> = {
  expects: "absent",
  load: (_, at) => at.fail("a batch endpoint has no identity of its own", "remove it, and give the compute an identity", undefined, "key"),
};

const fields = { ...endpointFields, identity: noIdentity, defaults: object({ deployment_name: str }) } as const;
export type BatchEndpointEntity = Entity<typeof fields>;

const AUTH_MODES: Record<string, string> = { aml_token: "amlToken", key: "key", aad_token: "aadToken" };

export const batchEndpoint = defineKind<BatchEndpointEntity>({
  kind: "batchEndpoint",
  noun: "batchEndpoint",
  field: object(fields, { pathAware: true }),
  build(entity, build) {
    checkNameLength(entity.name, build);
    return {
      name: entity.name,
      version: null,
      body: {
        // Azure wants the workspace's own region; a caller sets it.
        location: null,
        tags: entity.tags ?? {},
        properties: {
          description: entity.description,
          authMode: AUTH_MODES[entity.auth_mode ?? "aad_token"],
          properties: entity.properties ?? {},
          defaults: entity.defaults && { deploymentName: entity.defaults.deployment_name },
        },
      },
    };
  },
});
