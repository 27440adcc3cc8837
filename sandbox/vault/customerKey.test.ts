// Customer-managed keys: an RSA key wraps, and storage, registry and workspace take it only as Azure would.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { CryptographyClient, KeyClient } from "@azure/keyvault-keys";
import { type Answer, testSandbox, type TestSandbox } from "../testing.ts";

let sandbox: TestSandbox;
let group: string;
let identity: { id: string; principalId: string; clientId: string };
const location = "westeurope";
const options = { disableChallengeResourceVerification: true };

const put = async (path: string, properties: object, more: object = {}): Promise<Answer> =>
  await sandbox.call("PUT", `${group}/providers/${path}?api-version=2023-07-01`, { location, properties, ...more });
const vaultOf = async (name: string, more: object = {}): Promise<{ id: string; uri: string }> => {
  const properties = { tenantId: sandbox.info.tenantId, sku: { family: "A", name: "standard" }, enableRbacAuthorization: true, ...more };
  const { body } = await put(`Microsoft.KeyVault/vaults/${name}`, properties);
  return { id: body.id as string, uri: (body.properties.vaultUri as string).replace(/\/$/, "") };
};
/** A key of the vault by Resource Manager: its address with the version. */
const keyOf = async (vault: string, name: string, more: object = {}): Promise<string> =>
  (await put(`Microsoft.KeyVault/vaults/${vault}/keys/${name}`, { kty: "RSA", keySize: 2048, ...more })).body.properties
    .keyUriWithVersion as string;

const as = () => ({ identity: { type: "UserAssigned", userAssignedIdentities: { [identity.id]: {} } } });
const storage = async (keyUri: string, name = "stkey"): Promise<Answer> => {
  const [, origin, keyname, keyversion] = /^(https:\/\/[^/]+)\/keys\/([^/]+)\/(.+)$/.exec(keyUri)!;
  const encryption = {
    keySource: "Microsoft.Keyvault",
    identity: { userAssignedIdentity: identity.id },
    keyvaultproperties: { keyname, keyvaulturi: origin, keyversion },
  };
  return await put(
    `Microsoft.Storage/storageAccounts/${name}`,
    { encryption },
    { kind: "StorageV2", sku: { name: "Standard_LRS" }, ...as() },
  );
};
const images = async (keyIdentifier: string, name = "crkey", sku = "Premium"): Promise<Answer> =>
  await put(
    `Microsoft.ContainerRegistry/registries/${name}`,
    { encryption: { status: "enabled", keyVaultProperties: { keyIdentifier, identity: identity.clientId } } },
    { sku: { name: sku }, ...as() },
  );
const refusal = ({ status, body }: Answer): string => `${status} ${body.error?.code}: ${body.error?.message}`;

beforeAll(async () => {
  sandbox = await testSandbox();
  group = `${sandbox.subscription}/resourceGroups/rg-keys`;
  await sandbox.call("PUT", group, { location });
  await sandbox.grant("Key Vault Crypto Officer");
  const { body } = await put("Microsoft.ManagedIdentity/userAssignedIdentities/id-keys", {});
  identity = { id: body.id, ...body.properties };
}, 60_000);
afterAll(async () => await sandbox.stop());

test("an RSA key wraps and unwraps by Azure's client; its versions are there for Resource Manager", async () => {
  const { id, uri } = await vaultOf("kv-wrap");
  const client = new KeyClient(uri, sandbox.credential, options);
  const first = await client.createRsaKey("cmk", { keySize: 3072 });
  const second = await client.createRsaKey("cmk", { keySize: 2048 });
  const secret = randomBytes(32);
  const crypto = new CryptographyClient(`${uri}/keys/cmk/${first.properties.version}`, sandbox.credential, options);
  // The client does what takes the public half by itself; unwrapping is the vault's.
  const { result } = await crypto.wrapKey("RSA-OAEP-256", secret);
  expect(Buffer.from((await crypto.unwrapKey("RSA-OAEP-256", result)).result)).toEqual(secret);
  const other = new CryptographyClient(second.id!, sandbox.credential, options);
  await expect(other.unwrapKey("RSA-OAEP-256", result)).rejects.toMatchObject({ statusCode: 400 });
  await expect(crypto.sign("RS256", randomBytes(32))).rejects.toMatchObject({ statusCode: 501 });

  const read = async (path: string): Promise<Answer> => await sandbox.call("GET", `${id}/keys/cmk${path}?api-version=2023-07-01`);
  expect((await read("")).body.properties).toMatchObject({ kty: "RSA", keySize: 2048, keyUriWithVersion: second.id });
  expect((await read(`/versions/${first.properties.version}`)).body.properties).toMatchObject({
    keySize: 3072,
    keyUriWithVersion: first.id,
  });
  expect((await read("/versions/none")).status).toBe(404);
});

test("storage: no protection against purging, no role, no such key, no RSA, disabled; then it is taken", async () => {
  const { id } = await vaultOf("kv-open");
  const open = await keyOf("kv-open", "cmk");
  expect(refusal(await storage(open))).toBe("400 KeyVaultPolicyError: Keyvault policy recoverable is not set");
  await vaultOf("kv-open", { enablePurgeProtection: true });
  expect(refusal(await storage(open))).toMatch(/^400 KeyVaultAuthenticationFailure: /);
  await sandbox.grant("Key Vault Crypto Service Encryption User", `${id}/keys/cmk`, identity.principalId);
  expect(refusal(await storage(open.replace(/\/[^/]+$/, `/${"0".repeat(32)}`)))).toMatch(/^400 KeyVaultEncryptionKeyNotFound: /);
  expect(refusal(await storage(await keyOf("kv-open", "curve", { kty: "EC", curveName: "P-256" })))).toMatch(/it must be RSA/);
  expect(refusal(await storage(await keyOf("kv-open", "off", { attributes: { enabled: false } })))).toMatch(/is disabled, expired/);
  const { status, body } = await storage(open);
  expect([status, body.properties.encryption.keySource]).toEqual([200, "Microsoft.Keyvault"]);
});

test("images: Premium only, from the beginning only, and not from a vault behind a firewall", async () => {
  const { id } = await vaultOf("kv-images", { enablePurgeProtection: true });
  const uri = await keyOf("kv-images", "cmk");
  expect(refusal(await images(uri))).toMatch(
    /^400 CMK_ERROR: Failed to access KeyId '.*'\. Verify that identity '.*' has 'Get, Wrap Key, Unwrap Key'/,
  );
  await sandbox.grant("Key Vault Crypto Service Encryption User", `${id}/keys/cmk`, identity.principalId);
  expect(refusal(await images(uri, "crkey", "Basic"))).toMatch(/'Premium' tier only/);
  await vaultOf("kv-images", { enablePurgeProtection: true, publicNetworkAccess: "disabled" });
  expect(refusal(await images(uri))).toMatch(/^400 CMK_ERROR/);
  // Storage is a service that vaults trust.
  expect((await storage(uri, "stimages")).status).toBe(200);
  await vaultOf("kv-images", { enablePurgeProtection: true });
  expect((await images(uri)).status).toBeLessThan(202);
  await put("Microsoft.ContainerRegistry/registries/crplain", {}, { sku: { name: "Premium" } });
  expect(refusal(await images(uri, "crplain"))).toMatch(/when a registry is created/);
});

test("a workspace whose key cannot be reached is refused; one that has a key keeps to its vault", async () => {
  const { id } = await vaultOf("kv-ml", { enablePurgeProtection: true });
  const { id: own } = await vaultOf("kv-own");
  const account = await put("Microsoft.Storage/storageAccounts/stml", {}, { kind: "StorageV2", sku: { name: "Standard_LRS" } });
  const insights = await put("Microsoft.Insights/components/appi", { Application_Type: "web" }, { kind: "web" });
  const workspace = async (keyVaultArmId: string, keyIdentifier: string, status = "Enabled"): Promise<Answer> => {
    const encryption = {
      ...{ status, identity: { userAssignedIdentity: identity.id } },
      keyVaultProperties: { keyVaultArmId, keyIdentifier },
    };
    const path = `${group}/providers/Microsoft.MachineLearningServices/workspaces/mlw-key?api-version=2024-10-01`;
    const properties = { storageAccount: account.body.id, keyVault: own, applicationInsights: insights.body.id, encryption };
    return await sandbox.call("PUT", path, {
      location,
      properties,
      ...as(),
      identity: { type: "SystemAssigned, UserAssigned", userAssignedIdentities: { [identity.id]: {} } },
    });
  };
  const uri = await keyOf("kv-ml", "cmk");
  expect(refusal(await workspace(id, uri))).toMatch(/^400 BadRequest: The workspace's identity has no permission to get, wrap and unwrap/);
  await sandbox.grant("Key Vault Crypto Service Encryption User", `${id}/keys/cmk`, identity.principalId);
  expect(refusal(await workspace(id, uri.replace(/\/[^/]+$/, "")))).toMatch(/must name a key with its version/);
  expect(refusal(await workspace(own, await keyOf("kv-own", "cmk")))).toBe(
    "400 BadRequest: CMK workspaces should have purge protection enabled on their CMK keyvault.",
  );
  expect((await sandbox.ended(await workspace(id, uri))).body.status ?? "Succeeded").toBe("Succeeded");
  const next = await keyOf("kv-ml", "next");
  await sandbox.grant("Key Vault Crypto Service Encryption User", `${id}/keys/next`, identity.principalId);
  expect((await sandbox.ended(await workspace(id, next))).body.status ?? "Succeeded").toBe("Succeeded");
  expect(refusal(await workspace(id, next, "Disabled"))).toMatch(/is set when a workspace is created/);
  const { id: elsewhere } = await vaultOf("kv-else", { enablePurgeProtection: true });
  expect(refusal(await workspace(elsewhere, await keyOf("kv-else", "cmk")))).toMatch(/another key in the same key vault/);
}, 60_000);
