// Microsoft.Network (API 2024-05-01): virtual networks, their subnets and peerings. What is in a network, see types/privatelink.ts.
import { z } from "zod";
import { ArmError } from "../core.ts";
import type { ArmResource, ResourceType, SandboxContext } from "../core.ts";
import { nameOf, parentId, sameId } from "../arm/ids.ts";
import { contains, overlap, rangeOf } from "../network/cidr.ts";
import type { Range } from "../network/cidr.ts";
import { privateEndpointType } from "../network/reach.ts";
import { notModeled } from "../arm/errors.ts";
import { proxy, tags } from "./shapes.ts";
import { withoutNulls } from "./storage.ts";

const cidr = z.string().refine((text) => rangeOf(text) !== undefined, "must be an IPv4 range such as 10.0.0.0/16");
const named = z.looseObject({ id: z.string() });

const networkType = "Microsoft.Network/virtualNetworks";
const subnetType = `${networkType}/subnets`;
const peeringType = `${networkType}/virtualNetworkPeerings`;

const networkBody = z.looseObject({
  location: z.string().optional(),
  tags,
  properties: z.looseObject({
    addressSpace: z.looseObject({ addressPrefixes: z.array(cidr).min(1, "needs at least one range") }),
    subnets: z.array(z.looseObject({ name: z.string().optional() })).nullish(),
  }),
});

const spaceOf = (network: ArmResource): Range[] =>
  ((network.properties["addressSpace"] as { addressPrefixes?: string[] } | undefined)?.addressPrefixes ?? []).map((text) => rangeOf(text)!);

const virtualNetworks: ResourceType<z.infer<typeof networkBody>> = {
  type: networkType,
  body: networkBody,
  tracked: true,
  latencySeconds: 5,
  check({ after }, sandbox) {
    const there = sandbox.resources.list(after.id, subnetType);
    for (const { name } of (after.properties["subnets"] ?? []) as { name?: string }[]) {
      if (there.some((subnet) => subnet.name.toLowerCase() === name?.toLowerCase())) continue;
      throw notModeled(
        `subnet '${name}' inside the body of a virtual network`,
        "write it as a resource of its own (virtualNetworks/subnets)",
      );
    }
    for (const subnet of there) {
      if (!spaceOf(after).some((space) => contains(space, rangeOf(String(subnet.properties["addressPrefix"]))!)))
        throw outsideOfSpace(subnet, after);
    }
  },
  fill: ({ after }) => {
    const { subnets: _subnets, ...properties } = withoutNulls(after.properties);
    return { ...after, properties: { enableDdosProtection: false, ...properties } };
  },
  show: (network, sandbox) => ({
    ...network,
    properties: {
      ...network.properties,
      subnets: sandbox.resources.list(network.id, subnetType),
      virtualNetworkPeerings: sandbox.resources.list(network.id, peeringType),
    },
  }),
  remove(network, sandbox, cascade) {
    if (!cascade) for (const subnet of sandbox.resources.list(network.id, subnetType)) refuseInUse(subnet, sandbox);
  },
};

const subnetBody = proxy(
  z.looseObject({
    addressPrefix: cidr,
    privateEndpointNetworkPolicies: z.enum(["Disabled", "Enabled", "NetworkSecurityGroupEnabled", "RouteTableEnabled"]).nullish(),
    privateLinkServiceNetworkPolicies: z.enum(["Disabled", "Enabled"]).nullish(),
  }),
);

const subnets: ResourceType<z.infer<typeof subnetBody>> = {
  type: subnetType,
  body: subnetBody,
  check({ after }, sandbox) {
    const network = sandbox.resources.get(parentId(after.id))!;
    const own = rangeOf(String(after.properties["addressPrefix"]))!;
    if (!spaceOf(network).some((space) => contains(space, own))) throw outsideOfSpace(after, network);
    const other = sandbox.resources
      .list(network.id, subnetType)
      .find((one) => !sameId(one.id, after.id) && overlap(rangeOf(String(one.properties["addressPrefix"]))!, own));
    if (!other) return;
    throw new ArmError(
      400,
      "NetcfgSubnetRangesOverlap",
      `Subnet '${after.name}' is not valid because its IP address range overlaps with that of an existing subnet '${other.name}' in virtual network '${network.name}'.`,
    );
  },
  fill: ({ after }) => ({
    ...after,
    properties: {
      privateEndpointNetworkPolicies: "Disabled",
      privateLinkServiceNetworkPolicies: "Enabled",
      delegations: [],
      ...withoutNulls(after.properties),
    },
  }),
  remove(subnet, sandbox, cascade) {
    if (!cascade) refuseInUse(subnet, sandbox);
  },
};

function outsideOfSpace(subnet: ArmResource, network: ArmResource): ArmError {
  return new ArmError(400, "NetcfgInvalidSubnet", `Subnet '${subnet.name}' is not valid in virtual network '${network.name}'.`);
}

/** https://learn.microsoft.com/azure/virtual-network/troubleshoot-vnet-deletion */
function refuseInUse(subnet: ArmResource, sandbox: SandboxContext): void {
  const user = sandbox.resources
    .all(privateEndpointType)
    .find(({ properties }) => sameId(String((properties["subnet"] as { id?: string } | undefined)?.id), subnet.id));
  if (!user) return;
  throw new ArmError(
    400,
    "InUseSubnetCannotBeDeleted",
    `Subnet ${subnet.name} is in use by ${user.id} and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.`,
  );
}

const peeringBody = proxy(
  z.looseObject({
    remoteVirtualNetwork: named,
    allowVirtualNetworkAccess: z.boolean().nullish(),
    allowForwardedTraffic: z.boolean().nullish(),
    allowGatewayTransit: z.boolean().nullish(),
    useRemoteGateways: z.boolean().nullish(),
  }),
);

const remoteOf = (peering: ArmResource): string => String((peering.properties["remoteVirtualNetwork"] as { id?: string } | undefined)?.id);

const peerings: ResourceType<z.infer<typeof peeringBody>> = {
  type: peeringType,
  body: peeringBody,
  check({ after }, sandbox) {
    const own = sandbox.resources.get(parentId(after.id))!;
    const remote = sandbox.resources.get(remoteOf(after));
    if (!remote || remote.type.toLowerCase() !== networkType.toLowerCase())
      throw new ArmError(
        400,
        "InvalidResourceReference",
        `Resource ${remoteOf(after)} referenced by resource ${after.id} was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.`,
      );
    const clash = spaceOf(own).find((space) => spaceOf(remote).some((other) => overlap(space, other)));
    if (!clash) return;
    throw new ArmError(
      400,
      "VnetAddressSpacesOverlap",
      `Cannot create or update peering ${after.id}. Virtual networks ${own.id} and ${remote.id} cannot be peered because their address spaces overlap.`,
    );
  },
  fill: ({ after }) => ({
    ...after,
    properties: {
      allowVirtualNetworkAccess: true,
      allowForwardedTraffic: false,
      allowGatewayTransit: false,
      useRemoteGateways: false,
      ...withoutNulls(after.properties),
    },
  }),
  // Connected once the other side has its half.
  show(peering, sandbox) {
    const back = sandbox.resources.list(remoteOf(peering), peeringType).some((one) => sameId(remoteOf(one), parentId(peering.id)));
    return { ...peering, properties: { ...peering.properties, peeringState: back ? "Connected" : "Initiated" } };
  },
};

/** The subnet's range, for those who take addresses in it. Throws ArmError when there is no such subnet. */
export function subnetRange(id: string, asker: string, sandbox: SandboxContext): Range {
  const subnet = sandbox.resources.get(id);
  if (subnet?.type.toLowerCase() === subnetType.toLowerCase()) return rangeOf(String(subnet.properties["addressPrefix"]))!;
  throw new ArmError(
    400,
    "InvalidResourceReference",
    `Resource ${id} referenced by resource ${asker} was not found. Please make sure that the referenced resource exists, and that both resources are in the same region. (subnet '${nameOf(id)}')`,
  );
}

/** @param id what should be a virtual network */
export function checkNetwork(id: string, asker: string, sandbox: SandboxContext): void {
  if (sandbox.resources.get(id)?.type.toLowerCase() === networkType.toLowerCase()) return;
  throw new ArmError(400, "InvalidResourceReference", `Resource ${id} referenced by resource ${asker} was not found.`);
}

export const networkTypes = [virtualNetworks, subnets, peerings];
