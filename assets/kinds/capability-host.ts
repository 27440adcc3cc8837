// Capability hosts of hubs and projects (`az ml capability-host`): the stores and services that agents use.
// https://learn.microsoft.com/azure/ai-foundry/agents/concepts/capability-hosts; REST CapabilityHost 2025-12-01.
import { list, object, type Entity } from "../schema/compound.ts";
import { required } from "../schema/field.ts";
import { str } from "../schema/scalars.ts";
import { defineKind } from "./kind.ts";

const connections = list(str);
const fields = {
  name: required(str),
  description: str,
  capability_host_kind: str,
  vector_store_connections: connections,
  ai_services_connections: connections,
  storage_connections: connections,
  thread_storage_connections: connections,
} as const;
export type CapabilityHostEntity = Entity<typeof fields>;

export const capabilityHost = defineKind<CapabilityHostEntity>({
  kind: "capabilityHost",
  noun: "capabilityHost",
  field: object(fields, { pathAware: true }),
  build: (entity) => ({
    name: entity.name,
    version: null,
    body: {
      properties: {
        description: entity.description,
        capabilityHostKind: entity.capability_host_kind ?? "Agents",
        vectorStoreConnections: entity.vector_store_connections,
        aiServicesConnections: entity.ai_services_connections,
        // In a project without any, Azure's default storage connection takes their place.
        storageConnections: entity.storage_connections,
        threadStorageConnections: entity.thread_storage_connections,
      },
    },
  }),
});
