// A stage's virtual network: a subnet for private endpoints, one for the machines that deploy, and the names by which both find each other.
import { ComponentResource, output } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Output, Resource } from "@pulumi/pulumi";
import { overridden } from "../override.ts";
import type { Override } from "../override.ts";
import {
  PrivateDnsZoneGroup,
  PrivateEndpoint,
  PrivateZone,
  Subnet,
  VirtualNetwork,
  VirtualNetworkLink,
  VirtualNetworkPeering,
} from "./azure.ts";
import type { PrivateEndpointArgs, VirtualNetworkArgs } from "./azure.ts";

/** A service of a resource ("group id") → private DNS zones: https://learn.microsoft.com/azure/private-link/private-endpoint-dns */
const zonesOf = {
  amlworkspace: ["privatelink.api.azureml.ms", "privatelink.notebooks.azure.net"],
  amlregistry: ["privatelink.api.azureml.ms"],
  blob: ["privatelink.blob.core.windows.net"],
  file: ["privatelink.file.core.windows.net"],
  vault: ["privatelink.vaultcore.azure.net"],
  registry: ["privatelink.azurecr.io"],
} as const;

export type LinkGroup = keyof typeof zonesOf;

export interface PrivateNetworkArgs {
  readonly resourceGroupName: Input<string>;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  /** A network of the stage's own, halved into `endpoints` and `runners`; or a subnet that somebody else keeps. Plain data: it decides what is made. */
  readonly place:
    | { readonly name: string; readonly addressSpace: string; readonly peers: readonly string[] }
    | { readonly subnetId: string };
  /** `own`: zones in the stage's resource group. `none`: whoever keeps the network writes the records (a policy, a hub's zones). */
  readonly dns: "own" | "none";
  readonly override?: { readonly virtualNetwork?: Override<VirtualNetworkArgs>; readonly privateEndpoint?: Override<PrivateEndpointArgs> };
}

/** https://learn.microsoft.com/azure/machine-learning/how-to-configure-private-link */
export class PrivateNetwork extends ComponentResource {
  /** Where private endpoints are. */
  readonly subnetId: Output<string>;
  readonly nodes: { readonly virtualNetwork?: VirtualNetwork; readonly endpoints: PrivateEndpoint[] };
  readonly #name: string;
  readonly #args: PrivateNetworkArgs;
  readonly #zones = new Map<string, PrivateZone>();
  readonly #networkId: Output<string>;

  constructor(name: string, args: PrivateNetworkArgs, opts?: ComponentResourceOptions) {
    super("mlops:network:PrivateNetwork", name, {}, opts);
    this.#name = name;
    this.#args = args;
    if ("subnetId" in args.place) {
      this.subnetId = output(args.place.subnetId);
      this.#networkId = output(args.place.subnetId.replace(/\/subnets\/[^/]+$/i, ""));
      this.nodes = { endpoints: [] };
    } else {
      const { virtualNetwork, subnetId } = this.#ownNetwork(args.place);
      this.subnetId = subnetId;
      this.#networkId = virtualNetwork.id;
      this.nodes = { virtualNetwork, endpoints: [] };
    }
    this.registerOutputs({ subnetId: this.subnetId });
  }

  /**
   * A private endpoint to one service of a resource.
   * @param what tells it apart within the stage: `workspace`, `blob`
   * @returns what has to be there before anyone calls the resource from inside
   */
  link(what: string, group: LinkGroup, resourceId: Input<string>): Resource[] {
    const { resourceGroupName, location, tags, dns, override } = this.#args;
    const child = { parent: this };
    const name = `${this.#name}-private-${what}`;
    const endpoint = new PrivateEndpoint(
      name,
      overridden(
        {
          ...{ resourceGroupName, location, tags: { ...tags }, privateEndpointName: `pe-${this.#name}-${what}` },
          subnet: { id: this.subnetId },
          privateLinkServiceConnections: [{ name: what, privateLinkServiceId: resourceId, groupIds: [group] }],
        },
        override?.privateEndpoint,
      ),
      child,
    );
    this.nodes.endpoints.push(endpoint);
    if (dns === "none") return [endpoint];
    const zones = zonesOf[group].map((zone) => ({ name: zone.replaceAll(".", "-"), privateDnsZoneId: this.#zone(zone).id }));
    const names = new PrivateDnsZoneGroup(
      `${name}-zones`,
      { resourceGroupName, privateEndpointName: endpoint.name, privateDnsZoneGroupName: "default", privateDnsZoneConfigs: zones },
      child,
    );
    return [endpoint, names];
  }

  #ownNetwork(place: { readonly name: string; readonly addressSpace: string; readonly peers: readonly string[] }): {
    virtualNetwork: VirtualNetwork;
    subnetId: Output<string>;
  } {
    const { resourceGroupName, location, tags, override } = this.#args;
    const child = { parent: this };
    const virtualNetwork = new VirtualNetwork(
      `${this.#name}-network`,
      overridden(
        {
          ...{ resourceGroupName, location, tags: { ...tags }, virtualNetworkName: place.name },
          addressSpace: { addressPrefixes: [place.addressSpace] },
        },
        override?.virtualNetwork,
      ),
      child,
    );
    const inside = { resourceGroupName, virtualNetworkName: virtualNetwork.name };
    const [first, second] = halves(place.addressSpace);
    const endpoints = new Subnet(`${this.#name}-subnet-endpoints`, { ...inside, subnetName: "endpoints", addressPrefix: first }, child);
    // One write at a time: Azure refuses two in the same network at once.
    let last: Resource = new Subnet(
      `${this.#name}-subnet-runners`,
      { ...inside, subnetName: "runners", addressPrefix: second },
      { ...child, dependsOn: endpoints },
    );
    for (const [i, id] of place.peers.entries()) {
      last = new VirtualNetworkPeering(
        `${this.#name}-peering-${i + 1}`,
        {
          ...inside,
          virtualNetworkPeeringName: `to-${id.split("/").at(-1)}`,
          remoteVirtualNetwork: { id },
          allowVirtualNetworkAccess: true,
          allowForwardedTraffic: true,
        },
        { ...child, dependsOn: last },
      );
    }
    return { virtualNetwork, subnetId: endpoints.id };
  }

  #zone(privateZoneName: string): PrivateZone {
    const known = this.#zones.get(privateZoneName);
    if (known) return known;
    const { resourceGroupName, tags } = this.#args;
    const name = `${this.#name}-zone-${privateZoneName.split(".")[1]}`;
    const placed = { resourceGroupName, location: "global", tags: { ...tags }, privateZoneName };
    const zone = new PrivateZone(name, placed, { parent: this });
    new VirtualNetworkLink(
      `${name}-link`,
      {
        ...placed,
        privateZoneName: zone.name,
        virtualNetworkLinkName: this.#name,
        registrationEnabled: false,
        virtualNetwork: { id: this.#networkId },
      },
      { parent: this },
    );
    this.#zones.set(privateZoneName, zone);
    return zone;
  }
}

/** `10.40.0.0/24` → `10.40.0.0/25`, `10.40.0.128/25` */
export function halves(cidr: string): [string, string] {
  const [address, bits] = cidr.split("/") as [string, string];
  const length = Number(bits) + 1;
  const number = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0) + 2 ** (32 - length);
  const second = [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
  return [`${address}/${length}`, `${second}/${length}`];
}
