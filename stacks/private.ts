// Closes a stage off: its virtual network, and private endpoints to all that it is made of.
import { interpolate } from "@pulumi/pulumi";
import type { Input, Resource } from "@pulumi/pulumi";
import { PrivateNetwork } from "../components/network/privateNetwork.ts";
import type { Workspace } from "../components/workspace.ts";
import type { StageSettings } from "../settings/stage.ts";

export interface PrivatePlace {
  readonly resourceGroupName: Input<string>;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly networkName: string;
}

/** @returns what has to be there before data is sent to the workspace or an endpoint is called */
export function closeOff(settings: StageSettings, workspace: Workspace, place: PrivatePlace): Resource[] {
  const { networkName, ...placed } = place;
  const { addressSpace, peers, subnetId, dns } = settings.virtualNetwork;
  const network = new PrivateNetwork(settings.stage, {
    ...placed,
    dns,
    place: subnetId === undefined ? { name: networkName, addressSpace, peers } : { subnetId },
  });
  const { storage, vault, containerRegistry } = workspace.nodes;
  return [
    ...network.link("workspace", "amlworkspace", workspace.workspaceId),
    ...network.link("blob", "blob", storage.id),
    ...network.link("file", "file", storage.id),
    ...network.link("vault", "vault", vault.id),
    ...network.link("images", "registry", containerRegistry.id),
  ];
}

/** What jobs and builds may reach: host names, and the ML registry by a private endpoint of its own. */
export function outboundRules(settings: StageSettings, registryId: Input<string>): Record<string, object> {
  const hosts = settings.virtualNetwork.outbound.map((destination) => [
    `host-${destination.replaceAll("*", "any").replaceAll(".", "-")}`,
    { type: "FQDN", category: "UserDefined", destination },
  ]);
  const registry = { serviceResourceId: interpolate`${registryId}`, subresourceTarget: "amlregistry", sparkEnabled: false };
  return { ...Object.fromEntries(hosts), registry: { type: "PrivateEndpoint", category: "UserDefined", destination: registry } };
}
