// Serverless endpoints and the marketplace subscriptions that they need (`az ml serverless-endpoint`, `az ml marketplace-subscription`).
// https://learn.microsoft.com/azure/machine-learning/how-to-deploy-models-serverless; REST ServerlessEndpoint 2025-12-01.
import { dict, object, type Entity } from "../schema/compound.ts";
import { readOnly, required } from "../schema/field.ts";
import { any, str } from "../schema/scalars.ts";
import { defineKind } from "./kind.ts";

// The SDK's classes of these two take any other key and leave it out of the request.
const options = { pathAware: true, unknown: "drop" } as const;

const endpointFields = {
  name: required(str),
  model_id: required(str),
  tags: dict(str),
  location: str,
  properties: dict(str),
  auth_mode: str,
  id: readOnly(any),
  provisioning_state: readOnly(any),
  scoring_uri: readOnly(any),
  headers: readOnly(any),
  system_data: readOnly(any),
} as const;
export type ServerlessEndpointEntity = Entity<typeof endpointFields>;

export const serverlessEndpoint = defineKind<ServerlessEndpointEntity>({
  kind: "serverlessEndpoint",
  noun: "serverlessEndpoint",
  field: object(endpointFields, options),
  build: (entity) => ({
    name: entity.name,
    version: null,
    body: {
      location: entity.location,
      sku: { name: "Consumption" },
      tags: entity.tags,
      properties: { modelSettings: { modelId: entity.model_id } },
    },
  }),
});

const subscriptionFields = {
  name: required(str),
  model_id: required(str),
  id: readOnly(any),
  marketplace_plan: readOnly(any),
  status: readOnly(any),
  provisioning_state: readOnly(any),
  system_data: readOnly(any),
} as const;
export type MarketplaceSubscriptionEntity = Entity<typeof subscriptionFields>;

export const marketplaceSubscription = defineKind<MarketplaceSubscriptionEntity>({
  kind: "marketplaceSubscription",
  noun: "marketplaceSubscription",
  field: object(subscriptionFields, options),
  build: (entity) => ({ name: entity.name, version: null, body: { properties: { modelId: entity.model_id } } }),
});
