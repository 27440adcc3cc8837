// Networks, private endpoints, and who can still reach what has no public access.
import { Agent, request } from "node:https";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { testSandbox } from "../testing.ts";
import type { Answer, TestSandbox } from "../testing.ts";
import { addressOf, contains, overlap, rangeOf } from "./cidr.ts";
import { insideAddress } from "./reach.ts";

let sandbox: TestSandbox;
const group = (): string => `${sandbox.subscription}/resourceGroups/net`;
const network = (name: string): string => `${group()}/providers/Microsoft.Network/virtualNetworks/${name}`;
const endpoint = (name: string): string => `${group()}/providers/Microsoft.Network/privateEndpoints/${name}`;
const account = (): string => `${group()}/providers/Microsoft.Storage/storageAccounts/stprivate1`;
const vault = (): string => `${group()}/providers/Microsoft.KeyVault/vaults/kv-private-1`;

beforeAll(async () => {
  sandbox = await testSandbox();
  await sandbox.call("PUT", group(), { location: "westeurope" });
  await sandbox.grant("Storage Blob Data Contributor");
  await sandbox.grant("Key Vault Administrator");
}, 60_000);
afterAll(async () => await sandbox.stop());

const put = (id: string, properties: object, more: object = { location: "westeurope" }): Promise<Answer> =>
  sandbox.call("PUT", id, { ...more, properties });
const subnet = (id: string, addressPrefix: string): Promise<Answer> => put(id, { addressPrefix }, {});
const connection = (privateLinkServiceId: string, groupId: string): object => ({
  subnet: { id: `${network("one")}/subnets/endpoints` },
  privateLinkServiceConnections: [{ name: "link", properties: { privateLinkServiceId, groupIds: [groupId] } }],
});

test("ranges", () => {
  expect(rangeOf("10.0.0.1/16")).toBeUndefined();
  expect(rangeOf("10.0.0.256/32")).toBeUndefined();
  const wide = rangeOf("10.1.0.0/16")!;
  expect(contains(wide, rangeOf("10.1.255.0/24")!)).toBe(true);
  expect(contains(wide, rangeOf("10.2.0.0/24")!)).toBe(false);
  expect(overlap(wide, rangeOf("10.0.0.0/8")!)).toBe(true);
  expect(addressOf(rangeOf("10.1.2.0/24")!, 260)).toBe("10.1.3.4");
});

test("subnets lie in their network, apart from each other, and stay while they are used", async () => {
  expect((await put(network("one"), { addressSpace: { addressPrefixes: ["10.40.0.1/16"] } })).body.error.message).toMatch(/IPv4 range/);
  expect((await put(network("one"), { addressSpace: { addressPrefixes: ["10.40.0.0/16"] } })).status).toBe(201);
  expect((await subnet(`${network("one")}/subnets/far`, "10.41.0.0/24")).body.error.code).toBe("NetcfgInvalidSubnet");
  expect((await subnet(`${network("one")}/subnets/endpoints`, "10.40.1.0/24")).status).toBe(201);
  expect((await subnet(`${network("one")}/subnets/twin`, "10.40.1.128/25")).body.error.code).toBe("NetcfgSubnetRangesOverlap");
  expect((await sandbox.call("GET", network("one"))).body.properties.subnets).toMatchObject([{ name: "endpoints" }]);
  await put(network("hub"), { addressSpace: { addressPrefixes: ["10.0.0.0/16"] } });
  const half = (from: string, to: string): Promise<Answer> =>
    put(`${network(from)}/virtualNetworkPeerings/to-${to}`, { remoteVirtualNetwork: { id: network(to) } }, {});
  expect((await half("one", "hub")).body.properties).toMatchObject({ allowVirtualNetworkAccess: true });
  await half("hub", "one");
  expect((await sandbox.call("GET", `${network("one")}/virtualNetworkPeerings/to-hub`)).body.properties.peeringState).toBe("Connected");
});

test("a private endpoint leads to one service of a resource that is there, and its zone group to zones that are there", async () => {
  await put(account(), { publicNetworkAccess: "Disabled" }, { location: "westeurope", kind: "StorageV2", sku: { name: "Standard_LRS" } });
  expect((await put(endpoint("none"), connection(`${account()}x`, "blob"))).body.error.code).toBe("InvalidResourceReference");
  expect((await put(endpoint("none"), connection(account(), "vault"))).body.error.message).toMatch(/not one of blob/);
  expect((await put(endpoint("none"), connection(network("one"), "blob"))).status).toBe(501);
  const made = await put(endpoint("blob"), connection(account(), "blob"));
  expect(made.body.properties).toMatchObject({
    privateLinkServiceConnections: [{ properties: { privateLinkServiceConnectionState: { status: "Approved" } } }],
    customDnsConfigs: [{ ipAddresses: ["10.40.1.4"] }],
  });
  expect((await sandbox.call("GET", account())).body.properties.privateEndpointConnections).toMatchObject([
    { properties: { privateEndpoint: { id: endpoint("blob") }, groupIds: ["blob"] } },
  ]);
  expect((await sandbox.call("DELETE", `${network("one")}/subnets/endpoints`)).body.error.code).toBe("InUseSubnetCannotBeDeleted");
  const zone = `${group()}/providers/Microsoft.Network/privateDnsZones/privatelink.blob.core.windows.net`;
  const zones = { privateDnsZoneConfigs: [{ name: "blob", properties: { privateDnsZoneId: zone } }] };
  expect((await put(`${endpoint("blob")}/privateDnsZoneGroups/default`, zones, {})).body.error.code).toBe("InvalidPrivateDnsZoneIds");
  expect((await put(zone, {})).body.error.message).toMatch(/'global'/);
  expect((await put(zone, {}, { location: "global" })).status).toBe(201);
  expect((await put(`${endpoint("blob")}/privateDnsZoneGroups/default`, zones, {})).status).toBe(201);
  const link = `${zone}/virtualNetworkLinks/one`;
  expect((await put(link, { virtualNetwork: { id: network("one") } }, { location: "global" })).status).toBe(201);
  expect((await sandbox.call("DELETE", zone)).status).toBe(409);
});

/** A GET from the address; its status and the code of its error. */
function from(localAddress: string, url: string, token: string): Promise<{ status: number; code: string }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, "x-ms-version": "2023-11-03" };
    request(url, { headers, agent: new Agent({ localAddress, family: 4 }) }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () =>
        resolve({ status: response.statusCode!, code: /<Code>(\w+)|"code":"(\w+)/.exec(text)?.slice(1).find(Boolean) ?? "" }),
      );
    })
      .on("error", reject)
      .end();
  });
}

test("what has no public access answers to who comes through its private endpoint, and to no one else", async () => {
  const blobs = (await sandbox.call("GET", account())).body.properties.primaryEndpoints.blob as string;
  const storage = await sandbox.token("https://storage.azure.com");
  expect(await from("127.0.0.1", `${blobs}?comp=list`, storage)).toEqual({ status: 403, code: "AuthorizationFailure" });
  expect(await from(insideAddress, `${blobs}?comp=list`, storage)).toMatchObject({ status: 200 });

  const properties = { tenantId: sandbox.info.tenantId, sku: { family: "A", name: "standard" }, enableRbacAuthorization: true };
  const { vaultUri } = (await put(vault(), { ...properties, publicNetworkAccess: "disabled" })).body.properties as { vaultUri: string };
  const keys = `${vaultUri}keys?api-version=7.4`;
  const token = await sandbox.token("https://vault.azure.net");
  for (const address of ["127.0.0.1", insideAddress]) expect(await from(address, keys, token)).toEqual({ status: 403, code: "Forbidden" });
  await put(endpoint("vault"), connection(vault(), "vault"));
  expect(await from("127.0.0.1", keys, token)).toMatchObject({ status: 403 });
  expect(await from(insideAddress, keys, token)).toMatchObject({ status: 200 });
});
