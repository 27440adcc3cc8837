// Virtual networks, private endpoints and private DNS. Nested objects are flattened there, as swagger's x-ms-client-flatten says.
import type { Catalog, WireType } from "./entry.ts";
import { inGroup } from "./entry.ts";

/** Envelope of Microsoft.Network's nested resources. */
const SUB: WireType = { flat: ["id", "name", "type", "etag"] };
const TRACKED: WireType = {
  flat: ["id", "name", "type", "etag", "location", "tags", "extendedLocation", "sku", "zones", "identity", "kind"],
};

const VNET = "Microsoft.Network/virtualNetworks/{virtualNetworkName}";
const ENDPOINT = "Microsoft.Network/privateEndpoints/{privateEndpointName}";
const ZONE = "Microsoft.Network/privateDnsZones/{privateZoneName}";

export const network: Catalog = {
  resources: {
    "network:VirtualNetwork": { path: inGroup(VNET), keeps: ["properties.subnets"] },
    "network:Subnet": { path: inGroup(`${VNET}/subnets/{subnetName}`) },
    "network:NetworkSecurityGroup": {
      path: inGroup("Microsoft.Network/networkSecurityGroups/{networkSecurityGroupName}"),
      keeps: ["properties.securityRules"],
    },
    "network:SecurityRule": {
      path: inGroup("Microsoft.Network/networkSecurityGroups/{networkSecurityGroupName}/securityRules/{securityRuleName}"),
    },
    "network:VirtualNetworkPeering": { path: inGroup(`${VNET}/virtualNetworkPeerings/{virtualNetworkPeeringName}`) },
    "network:PrivateEndpoint": { path: inGroup(ENDPOINT), replaces: ["subnet"] },
    "network:PrivateDnsZoneGroup": { path: inGroup(`${ENDPOINT}/privateDnsZoneGroups/{privateDnsZoneGroupName}`) },
    "network:PublicIPAddress": {
      path: inGroup("Microsoft.Network/publicIPAddresses/{publicIpAddressName}"),
      replaces: ["publicIPAddressVersion", "publicIPPrefix", "sku"],
    },
    "network:NatGateway": { path: inGroup("Microsoft.Network/natGateways/{natGatewayName}") },
    "privatedns:PrivateZone": { path: inGroup(ZONE) },
    "privatedns:VirtualNetworkLink": { path: inGroup(`${ZONE}/virtualNetworkLinks/{virtualNetworkLinkName}`) },
  },
  types: {
    network: {
      Subnet: SUB,
      SecurityRule: SUB,
      Route: SUB,
      Delegation: SUB,
      IPConfiguration: SUB,
      IPConfigurationProfile: SUB,
      ApplicationGatewayIPConfiguration: SUB,
      NetworkInterfaceIPConfiguration: SUB,
      PrivateEndpointIPConfiguration: SUB,
      PrivateLinkServiceConnection: SUB,
      PrivateDnsZoneConfig: SUB,
      PrivateEndpointConnection: SUB,
      PrivateLinkServiceIpConfiguration: SUB,
      ResourceNavigationLink: SUB,
      ServiceAssociationLink: SUB,
      ServiceEndpointPolicyDefinition: SUB,
      VirtualNetworkPeering: SUB,
      BackendAddressPool: SUB,
      FrontendIPConfiguration: { flat: ["id", "name", "type", "etag", "zones"] },
      InboundNatRule: SUB,
      NetworkInterfaceTapConfiguration: SUB,
      NetworkSecurityGroup: TRACKED,
      RouteTable: TRACKED,
      ApplicationSecurityGroup: TRACKED,
      ServiceEndpointPolicy: TRACKED,
      PublicIPAddress: TRACKED,
      LoadBalancerBackendAddress: { flat: ["name"] },
      ApplicationGatewayBackendAddressPool: SUB,
      NatGateway: TRACKED,
      NetworkInterface: TRACKED,
      PrivateEndpoint: TRACKED,
      PrivateLinkService: TRACKED,
      VirtualNetworkTap: TRACKED,
      FlowLog: TRACKED,
    },
  },
};
