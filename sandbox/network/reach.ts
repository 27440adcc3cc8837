// Who can reach a resource's data plane: everybody, or, where public network access is off, only who comes through a private endpoint.
import type { DatabaseSync } from "node:sqlite";
import type { ArmResource } from "../core.ts";

/**
 * Where a connection comes from. The sandbox has no networks of machines, only this machine's loopback: what connects from the
 * address 127.0.0.2 stands for a machine in the virtual network (or one peered with it), everything else for the internet.
 */
export type From = "inside" | "outside";

/** `mlops sandbox env` names it as MLOPS_SOURCE_ADDRESS; `curl --interface 127.0.0.2` does the same by hand. */
export const insideAddress = "127.0.0.2";

export const fromOf = (remoteAddress: string | undefined): From =>
  remoteAddress === insideAddress || remoteAddress === `::ffff:${insideAddress}` ? "inside" : "outside";

export const privateEndpointType = "Microsoft.Network/privateEndpoints";

/** One connection of a private endpoint, as its body has it. */
export interface LinkConnection {
  readonly name?: string;
  readonly id?: string;
  readonly properties: {
    readonly privateLinkServiceId: string;
    readonly groupIds: readonly string[];
    readonly privateLinkServiceConnectionState?: { readonly status?: string; readonly description?: string };
  };
}

/** Connections of a private endpoint. */
export const connectionsOf = (endpoint: ArmResource): readonly LinkConnection[] =>
  (endpoint.properties["privateLinkServiceConnections"] ?? []) as LinkConnection[];

export interface Links {
  /** Private endpoints with an approved connection to the resource. */
  to(resourceId: string): ArmResource[];
}

/** @param db the sandbox's state; other processes of the sandbox read it too */
export function linksIn(db: DatabaseSync): Links {
  const all = db.prepare("SELECT json FROM resources WHERE type = ?");
  return {
    to(resourceId) {
      const target = resourceId.toLowerCase();
      return (all.all(privateEndpointType.toLowerCase()) as { json: string }[])
        .map(({ json }) => JSON.parse(json) as ArmResource)
        .filter((endpoint) =>
          connectionsOf(endpoint).some(
            ({ properties }) =>
              properties.privateLinkServiceId.toLowerCase() === target &&
              properties.privateLinkServiceConnectionState?.status === "Approved",
          ),
        );
    },
  };
}

/** Storage accounts and Azure ML write `Disabled`, vaults `disabled`. */
export const isClosed = (resource: ArmResource): boolean => String(resource.properties["publicNetworkAccess"]).toLowerCase() === "disabled";

/** Who may come: `inside` with a private endpoint to `linked` (default: the resource itself), `nobody` without one. */
export function openTo(resource: ArmResource, links: Links, linked: string = resource.id): "everybody" | From | "nobody" {
  if (!isClosed(resource)) return "everybody";
  return links.to(linked).length > 0 ? "inside" : "nobody";
}

export const mayReach = (open: ReturnType<typeof openTo>, from: From): boolean => open === "everybody" || open === from;
