// The azure-native classes of networks, apart from the others: only private stages load them.
export { PrivateDnsZoneGroup } from "@pulumi/azure-native/network/privateDnsZoneGroup.js";
export { PrivateEndpoint } from "@pulumi/azure-native/network/privateEndpoint.js";
export { Subnet } from "@pulumi/azure-native/network/subnet.js";
export { VirtualNetwork } from "@pulumi/azure-native/network/virtualNetwork.js";
export { VirtualNetworkPeering } from "@pulumi/azure-native/network/virtualNetworkPeering.js";
export { PrivateZone } from "@pulumi/azure-native/privatedns/privateZone.js";
export { VirtualNetworkLink } from "@pulumi/azure-native/privatedns/virtualNetworkLink.js";

export type { PrivateEndpointArgs } from "@pulumi/azure-native/network/privateEndpoint.js";
export type { VirtualNetworkArgs } from "@pulumi/azure-native/network/virtualNetwork.js";
