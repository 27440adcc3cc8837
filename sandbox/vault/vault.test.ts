// A vault's keys by Azure's own client: made, read, signed with, and found again after a restart.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createHash, createPublicKey, verify } from "node:crypto";
import { CryptographyClient, KeyClient } from "@azure/keyvault-keys";
import { testSandbox } from "../testing.ts";
import type { TestSandbox } from "../testing.ts";

let sandbox: TestSandbox;
let vault: string;
let client: KeyClient;
// The sandbox's vaults are not below vault.azure.net, which the client would insist on.
const options = { disableChallengeResourceVerification: true };
const digest = createHash("sha256").update("release").digest();

async function vaultOf(name: string, more: object = {}): Promise<{ id: string; uri: string }> {
  const id = `${sandbox.subscription}/resourceGroups/rg-vault/providers/Microsoft.KeyVault/vaults/${name}`;
  const properties = { tenantId: sandbox.info.tenantId, sku: { family: "A", name: "standard" }, enableRbacAuthorization: true, ...more };
  const made = await sandbox.call("PUT", `${id}?api-version=2023-07-01`, { location: "westeurope", properties });
  return { id, uri: made.body.properties.vaultUri as string };
}

beforeAll(async () => {
  sandbox = await testSandbox();
  await sandbox.call("PUT", `${sandbox.subscription}/resourceGroups/rg-vault`, { location: "westeurope" });
  const made = await vaultOf("kv-one");
  vault = made.id;
  await sandbox.grant("Key Vault Crypto Officer");
  client = new KeyClient(made.uri, sandbox.credential, options);
}, 60_000);
afterAll(async () => await sandbox.stop());

test("a key is made, read back, and has versions", async () => {
  const first = await client.createEcKey("signing", { curve: "P-256", tags: { team: "ml" } });
  expect(first.keyType).toBe("EC");
  expect(first.properties).toMatchObject({ name: "signing", enabled: true, tags: { team: "ml" } });
  const second = await client.createEcKey("signing", { curve: "P-256" });
  expect(second.properties.version).not.toBe(first.properties.version);
  expect((await client.getKey("signing")).id).toBe(second.id);
  expect((await client.getKey("signing", { version: first.properties.version! })).key!.x).toEqual(first.key!.x);
  const versions = [];
  for await (const { version } of client.listPropertiesOfKeyVersions("signing")) versions.push(version);
  expect(versions).toEqual([first.properties.version, second.properties.version]);
  const keys = [];
  for await (const { name } of client.listPropertiesOfKeys()) keys.push(name);
  expect(keys).toEqual(["signing"]);
});

test("what a key signs, the vault and anybody with the public key verify; nothing else", async () => {
  const key = await client.createEcKey("proof", { curve: "P-256" });
  const crypto = new CryptographyClient(key.id!, sandbox.credential, options);
  const { result, keyID } = await crypto.sign("ES256", digest);
  expect(keyID).toBe(key.id);
  expect((await crypto.verify("ES256", digest, result)).result).toBe(true);
  expect((await crypto.verify("ES256", createHash("sha256").update("other").digest(), result)).result).toBe(false);
  const { x, y } = key.key!;
  const jwk = { kty: "EC", crv: "P-256", x: Buffer.from(x!).toString("base64url"), y: Buffer.from(y!).toString("base64url") };
  const publicKey = createPublicKey({ key: jwk, format: "jwk" });
  expect(verify("sha256", Buffer.from("release"), { key: publicKey, dsaEncoding: "ieee-p1363" }, result)).toBe(true);
  const other = await client.createEcKey("other", { curve: "P-256" });
  const others = new CryptographyClient(other.id!, sandbox.credential, options);
  expect((await others.verify("ES256", digest, result)).result).toBe(false);
});

test("refusals: no token, another service's token, an unknown key, a disabled one, what is not modelled", async () => {
  const ask = async (path: string, token?: string) =>
    await fetch(
      `${client.vaultUrl.replace(/\/$/, "")}${path}?api-version=7.5`,
      token ? { headers: { authorization: `Bearer ${token}` } } : {},
    );
  const challenge = await ask("/keys/signing");
  expect(challenge.status).toBe(401);
  expect(challenge.headers.get("www-authenticate")).toContain('resource="https://vault.azure.net"');
  expect((await ask("/keys/signing", await sandbox.token("https://storage.azure.com"))).status).toBe(401);
  const token = await sandbox.token("https://vault.azure.net");
  expect((await ask("/secrets/x", token)).status).toBe(501);
  await expect(client.getKey("nothing")).rejects.toMatchObject({ statusCode: 404, code: "KeyNotFound" });
  await expect(client.createOctKey("symmetric", { hsm: true })).rejects.toMatchObject({ statusCode: 501, code: "NotModeledInSandbox" });
  await expect(client.createKey("bad_name", "EC")).rejects.toMatchObject({ statusCode: 400 });
  const off = await client.createEcKey("off", { curve: "P-256", enabled: false });
  await expect(new CryptographyClient(off.id!, sandbox.credential, options).sign("ES256", digest)).rejects.toMatchObject({
    statusCode: 403,
  });
});

test("a disabled key still verifies, as Azure's do: who trusts signatures has to look", async () => {
  const off = await client.createEcKey("revoked", { curve: "P-256", enabled: false });
  const crypto = new CryptographyClient(off.id!, sandbox.credential, options);
  expect((await crypto.verify("ES256", digest, new Uint8Array(64).fill(1))).result).toBe(false);
  expect((await client.getKey("revoked")).properties.enabled).toBe(false);
});

test("Resource Manager makes a key once and changes none", async () => {
  const put = (keyOps: string[]) =>
    sandbox.call("PUT", `${vault}/keys/release?api-version=2023-07-01`, { properties: { kty: "EC", curveName: "P-256", keyOps } });
  const made = await put(["sign", "verify"]);
  expect(made.body.properties).toMatchObject({ kty: "EC", keyUri: `${client.vaultUrl.replace(/\/$/, "")}/keys/release` });
  expect((await put(["verify"])).body.properties).toEqual(made.body.properties);
  expect((await client.getKey("release")).id).toBe(made.body.properties.keyUriWithVersion);
  const gone = await sandbox.call("DELETE", `${vault}/keys/release?api-version=2023-07-01`);
  expect(gone.status).toBe(405);
});

test("vaults have addresses and keys of their own, which outlive a kill and a recovery, and not a purge", async () => {
  const { id, uri } = await vaultOf("kv-two", { softDeleteRetentionInDays: 7 });
  const second = new KeyClient(uri, sandbox.credential, options);
  const key = await second.createEcKey("mine", { curve: "P-256" });
  await expect(client.getKey("mine")).rejects.toMatchObject({ statusCode: 404 });
  sandbox.kill();
  await sandbox.restart();
  expect((await second.getKey("mine")).id).toBe(key.id);

  await sandbox.call("DELETE", `${id}?api-version=2023-07-01`);
  await expect(fetch(uri)).rejects.toThrow("fetch failed");
  expect((await vaultOf("kv-two", { createMode: "recover" })).uri).toBe(uri);
  expect((await second.getKey("mine")).id).toBe(key.id);

  await sandbox.call("DELETE", `${id}?api-version=2023-07-01`);
  const purge = `${sandbox.subscription}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/kv-two/purge?api-version=2023-07-01`;
  expect((await sandbox.call("POST", purge)).status).toBeLessThan(300);
  await vaultOf("kv-two");
  await expect(second.getKey("mine")).rejects.toMatchObject({ statusCode: 404 });
}, 60_000);
