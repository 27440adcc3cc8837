// Microsoft.Network (API 2024-05-01, DNS 2020-06-01): private endpoints, their DNS zone groups, private DNS zones and their links.
import { z } from "zod";
import { ArmError } from "../core.ts";
import type { ArmResource, ResourceType, SandboxContext } from "../core.ts";
import { nameOf, parentId, sameId } from "../arm/ids.ts";
import { notModeled } from "../arm/errors.ts";
import { addressOf } from "../network/cidr.ts";
import { connectionsOf, privateEndpointType } from "../network/reach.ts";
import type { LinkConnection } from "../network/reach.ts";
import { linkGroupsOf } from "../network/groups.ts";
import { checkNetwork, subnetRange } from "./network.ts";
import { proxy, tags } from "./shapes.ts";
import { withoutNulls } from "./storage.ts";
import { text } from "../state/values.ts";

const named = z.looseObject({ id: z.string() });
const connection = z.looseObject({
  name: z.string().optional(),
  properties: z.looseObject({
    privateLinkServiceId: z.string(),
    groupIds: z.array(z.string()).length(1, "takes exactly one group"),
    requestMessage: z.string().max(140).nullish(),
  }),
});

const endpointBody = z.looseObject({
  location: z.string().optional(),
  tags,
  properties: z.looseObject({
    subnet: named,
    privateLinkServiceConnections: z.array(connection).nullish(),
    manualPrivateLinkServiceConnections: z.array(connection).nullish(),
    customNetworkInterfaceName: z.string().nullish(),
  }),
});

const privateEndpoints: ResourceType<z.infer<typeof endpointBody>> = {
  type: privateEndpointType,
  body: endpointBody,
  tracked: true,
  latencySeconds: 30,
  check({ after, before }, sandbox) {
    if ((after.properties["manualPrivateLinkServiceConnections"] as unknown[] | undefined)?.length)
      throw notModeled("private endpoints whose connection someone else approves", "use privateLinkServiceConnections");
    if (connectionsOf(after).length !== 1)
      throw bad(
        "PrivateEndpointMustHaveOnePrivateLinkServiceConnection",
        `Private endpoint ${after.id} needs exactly one connection in properties.privateLinkServiceConnections.`,
      );
    const subnet = subnetId(after);
    subnetRange(subnet, after.id, sandbox);
    if (before && !sameId(subnetId(before), subnet))
      throw bad("PropertyChangeNotAllowed", `The subnet of private endpoint ${after.id} cannot be changed.`);
    for (const { properties } of connectionsOf(after)) checkTarget(properties, after, sandbox);
  },
  fill({ before, after }, sandbox) {
    const { properties } = connectionsOf(after)[0]!;
    const address =
      (before?.properties["customDnsConfigs"] as { ipAddresses?: string[] }[] | undefined)?.[0]?.ipAddresses?.[0] ??
      freeAddress(after, sandbox);
    const nic = text(after.properties["customNetworkInterfaceName"]) || `${after.name}.nic.${address.replaceAll(".", "-")}`;
    return {
      ...after,
      properties: {
        ...withoutNulls(after.properties),
        privateLinkServiceConnections: connectionsOf(after).map((one) => approved(one, after)),
        manualPrivateLinkServiceConnections: [],
        networkInterfaces: [{ id: `${after.id.slice(0, after.id.lastIndexOf("/privateEndpoints/"))}/networkInterfaces/${nic}` }],
        customDnsConfigs: [{ fqdn: `${nameOf(properties.privateLinkServiceId)}.${properties.groupIds[0]}`, ipAddresses: [address] }],
      },
    };
  },
};

function approved(one: LinkConnection, endpoint: ArmResource): LinkConnection {
  const name = one.name ?? endpoint.name;
  return {
    ...one,
    name,
    id: `${endpoint.id}/privateLinkServiceConnections/${name}`,
    properties: { ...one.properties, privateLinkServiceConnectionState: { status: "Approved", description: "Auto-Approved" } },
  };
}

function checkTarget(
  { privateLinkServiceId, groupIds }: LinkConnection["properties"],
  endpoint: ArmResource,
  sandbox: SandboxContext,
): void {
  const target = sandbox.resources.get(privateLinkServiceId);
  if (!target)
    throw bad("InvalidResourceReference", `Resource ${privateLinkServiceId} referenced by resource ${endpoint.id} was not found.`);
  const groups = linkGroupsOf(target.type);
  if (!groups)
    throw notModeled(
      `private endpoints to ${target.type}`,
      "it has those to workspaces and registries of Azure ML, storage accounts, vaults and container registries",
    );
  if (groups.includes(groupIds[0]!)) {
    if (groupIds[0] === "registry" && target.sku?.["name"] !== "Premium")
      throw bad(
        "PrivateEndpointNotSupportedForSku",
        `Private endpoints of container registries take the sku Premium; '${target.name}' has ${String(target.sku?.["name"])}.`,
      );
    return;
  }
  throw bad(
    "InvalidGroupId",
    `Call to ${target.type} failed. Error message: Group id '${groupIds[0]}' is not one of ${groups.join(", ")}.`,
  );
}

const subnetId = (endpoint: ArmResource): string => String((endpoint.properties["subnet"] as { id?: string } | undefined)?.id);

/** The first that no other private endpoint of the subnet has; Azure keeps the first four. */
function freeAddress(endpoint: ArmResource, sandbox: SandboxContext): string {
  const range = subnetRange(subnetId(endpoint), endpoint.id, sandbox);
  const taken = new Set(
    sandbox.resources
      .all(privateEndpointType)
      .filter((one) => sameId(subnetId(one), subnetId(endpoint)))
      .flatMap((one) => (one.properties["customDnsConfigs"] as { ipAddresses: string[] }[]).flatMap(({ ipAddresses }) => ipAddresses)),
  );
  for (let n = 4; n < range.last - range.first; n++) {
    const address = addressOf(range, n);
    if (!taken.has(address)) return address;
  }
  throw bad("SubnetIsFull", `Subnet ${subnetId(endpoint)} does not have enough capacity for 1 IP addresses.`);
}

const zoneType = "Microsoft.Network/privateDnsZones";
const linkType = `${zoneType}/virtualNetworkLinks`;

const groupBody = proxy(
  z.looseObject({
    privateDnsZoneConfigs: z
      .array(z.looseObject({ name: z.string(), properties: z.looseObject({ privateDnsZoneId: z.string() }) }))
      .min(1)
      .max(5),
  }),
);

const zoneGroups: ResourceType<z.infer<typeof groupBody>> = {
  type: `${privateEndpointType}/privateDnsZoneGroups`,
  body: groupBody,
  check({ after }, sandbox) {
    for (const { properties } of after.properties["privateDnsZoneConfigs"] as { properties: { privateDnsZoneId: string } }[]) {
      const zone = sandbox.resources.get(properties.privateDnsZoneId);
      if (zone?.type.toLowerCase() !== zoneType.toLowerCase())
        throw bad(
          "InvalidPrivateDnsZoneIds",
          `Private Dns Zone group ${after.id} has invalid private dns zone ids (${properties.privateDnsZoneId}).`,
        );
    }
    const other = sandbox.resources
      .list(parentId(after.id), `${privateEndpointType}/privateDnsZoneGroups`)
      .find((one) => !sameId(one.id, after.id));
    if (other)
      throw bad(
        "MoreThanOnePrivateDnsZoneGroupPerPrivateEndpointNotAllowed",
        `Private endpoint ${parentId(after.id)} cannot have more than one private dns zone group; it has '${other.name}'.`,
      );
  },
};

const zoneBody = z.looseObject({ location: z.string(), tags, properties: z.looseObject({}).nullish() });

const checkGlobal = ({ after }: { after: ArmResource }): void => {
  if (after.location?.toLowerCase() !== "global")
    throw bad(
      "LocationNotAvailableForResourceType",
      `The provided location '${after.location}' is not available for resource type '${after.type}'. List of available regions for the resource type is 'global'.`,
    );
};

const zones: ResourceType<z.infer<typeof zoneBody>> = {
  type: zoneType,
  body: zoneBody,
  names: {
    pattern: /^(?=.{1,253}$)[a-z0-9_-]+(\.[a-z0-9_-]+)+$/i,
    rule: "a domain name of two labels or more, such as privatelink.blob.core.windows.net",
  },
  latencySeconds: 30,
  check: checkGlobal,
  fill: ({ after }) => ({
    ...after,
    properties: {
      maxNumberOfRecordSets: 25_000,
      maxNumberOfVirtualNetworkLinks: 1000,
      maxNumberOfVirtualNetworkLinksWithRegistration: 100,
      ...after.properties,
    },
  }),
  show: (zone, sandbox) => ({
    ...zone,
    properties: { ...zone.properties, numberOfVirtualNetworkLinks: sandbox.resources.list(zone.id, linkType).length },
  }),
  remove(zone, sandbox, cascade) {
    if (cascade || sandbox.resources.list(zone.id, linkType).length === 0) return;
    throw new ArmError(
      409,
      "CannotDeleteResource",
      "Cannot delete resource while nested resources exist. Some existing nested resource IDs include: 'Microsoft.Network/privateDnsZones/virtualNetworkLinks'. Please delete all nested resources before deleting this resource.",
    );
  },
};

const linkBody = z.looseObject({
  location: z.string(),
  tags,
  properties: z.looseObject({ virtualNetwork: named, registrationEnabled: z.boolean().nullish() }),
});

const links: ResourceType<z.infer<typeof linkBody>> = {
  type: linkType,
  body: linkBody,
  latencySeconds: 30,
  check(change, sandbox) {
    checkGlobal(change);
    checkNetwork((change.after.properties["virtualNetwork"] as { id: string }).id, change.after.id, sandbox);
  },
  fill: ({ after }) => ({
    ...after,
    properties: { registrationEnabled: false, ...withoutNulls(after.properties), virtualNetworkLinkState: "Completed" },
  }),
};

const bad = (code: string, message: string): ArmError => new ArmError(400, code, message);

export const privateLinkTypes = [privateEndpoints, zoneGroups, zones, links];
