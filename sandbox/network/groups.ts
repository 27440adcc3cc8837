// Which resource types take private endpoints, and for which of their services ("group ids"); and how such a resource shows them.
// https://learn.microsoft.com/azure/private-link/private-endpoint-overview#private-link-resource
import type { ArmResource } from "../core.ts";
import { connectionsOf } from "./reach.ts";
import type { Links } from "./reach.ts";

const groups: Readonly<Record<string, readonly string[]>> = {
  "microsoft.machinelearningservices/workspaces": ["amlworkspace"],
  "microsoft.machinelearningservices/registries": ["amlregistry"],
  "microsoft.storage/storageaccounts": ["blob", "blob_secondary", "table", "queue", "file", "web", "dfs"],
  "microsoft.keyvault/vaults": ["vault"],
  "microsoft.containerregistry/registries": ["registry"],
};

/** Undefined for a type that takes no private endpoint. */
export const linkGroupsOf = (type: string): readonly string[] | undefined => groups[type.toLowerCase()];

/** The resource, of this type, with `properties.privateEndpointConnections` where it has any. Rows of some lists say no type of their own. */
export function withConnections(resource: ArmResource, type: string, links: Links): ArmResource {
  if (!linkGroupsOf(type)) return resource;
  const connections = links.to(resource.id).map((endpoint) => {
    const { privateLinkServiceConnectionState, groupIds } = connectionsOf(endpoint)[0]!.properties;
    return {
      id: `${resource.id}/privateEndpointConnections/${endpoint.name}`,
      name: endpoint.name,
      type: `${resource.type}/privateEndpointConnections`,
      properties: { privateEndpoint: { id: endpoint.id }, groupIds, privateLinkServiceConnectionState, provisioningState: "Succeeded" },
    };
  });
  return connections.length > 0
    ? { ...resource, properties: { ...resource.properties, privateEndpointConnections: connections } }
    : resource;
}
