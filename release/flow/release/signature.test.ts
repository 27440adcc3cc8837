// The release key in a real vault: who may sign does, who may read verifies, and everybody else is told which role is missing.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { connect } from "../../../azure/client.ts";
import type { Azure } from "../../../azure/client.ts";
import { testSandbox, type TestSandbox } from "../../../sandbox/testing.ts";
import { body } from "../../core/manifest.fixture.ts";
import { sealed } from "../../core/manifest.ts";
import { ReleaseKey } from "./signature.ts";

let sandbox: TestSandbox;
let azure: Azure;
let vault: string;
const manifest = sealed(body);

async function vaultWithKey(name: string): Promise<string> {
  const id = `${sandbox.subscription}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/${name}`;
  const properties = { tenantId: sandbox.info.tenantId, sku: { family: "A", name: "standard" }, enableRbacAuthorization: true };
  await sandbox.call("PUT", `${id}?api-version=2023-07-01`, { location: "westeurope", properties });
  const key = { properties: { kty: "EC", curveName: "P-256", keyOps: ["sign", "verify"] } };
  const made = await sandbox.call("PUT", `${id}/keys/releases?api-version=2023-07-01`, key);
  expect(made.status).toBe(200);
  return id;
}
const keyOf = (id: string): ReleaseKey => new ReleaseKey(azure, `${id}/keys/releases`);

beforeAll(async () => {
  sandbox = await testSandbox();
  await sandbox.call("PUT", `${sandbox.subscription}/resourceGroups/rg`, { location: "westeurope" });
  vault = await vaultWithKey("kv-rel");
  const { tenantId, subscriptionId, clientId, clientSecretFile, metadataUrl, armEndpoint } = sandbox.info;
  azure = await connect({
    AZURE_TENANT_ID: tenantId,
    AZURE_SUBSCRIPTION_ID: subscriptionId,
    AZURE_CLIENT_ID: clientId,
    AZURE_CLIENT_SECRET: readFileSync(clientSecretFile, "utf8"),
    ARM_CLOUD_METADATA_URL: metadataUrl,
    AZURE_AUTHORITY_HOST: armEndpoint,
  });
}, 60_000);
afterAll(() => sandbox.stop());

test("without the role nobody signs, and is told which one it takes", async () => {
  await expect(keyOf(vault).ready()).rejects.toMatchObject({
    message: expect.stringMatching(/may not sign the key of releases: vault kv-rel answered Forbidden/),
    fix: expect.stringMatching(/^It takes the role Key Vault Crypto User there/),
  });
});

test("who may only read a key verifies with it and does not sign", async () => {
  const other = await vaultWithKey("kv-signed");
  await sandbox.grant("Key Vault Crypto User", other);
  const signed = await keyOf(other).signed(manifest);
  expect(signed.signature?.key).toMatch(/^https:\/\/localhost:\d+\/keys\/releases\/[0-9a-f]{32}$/);
  expect(await keyOf(other).problem(signed)).toBeUndefined();
  await sandbox.grant("Key Vault Reader", vault);
  await expect(keyOf(vault).signed(manifest)).rejects.toThrow(/may not sign/);
  await expect(keyOf(vault).check(signed)).rejects.toMatchObject({
    message: expect.stringMatching(
      /^diabetes-10 is signed by https:.*; it must be signed by the key https:.*\/keys\/releases \(as the history has it\)$/,
    ),
    fix: expect.stringMatching(/mlops train --model diabetes:10/),
  });
});

test("a missing key, an unsigned release and one that was changed are told apart", async () => {
  await expect(new ReleaseKey(azure, undefined).ready()).rejects.toMatchObject({ fix: "pulumi up --stack shared" });
  await expect(new ReleaseKey(azure, `${vault}/keys/none`).ready()).rejects.toThrow(/there is no key to sign releases with/);
  await sandbox.grant("Key Vault Crypto User", vault);
  const key = keyOf(vault);
  await key.ready();
  const signed = await key.signed(manifest);
  expect(await key.problem(manifest)).toMatch(/is not signed/);
  expect(await key.problem({ ...signed, run: { ...signed.run, metrics: { rmse: 1 } } })).toMatch(/was changed after it was made/);
  const forged = sealed({ ...body, run: { ...body.run, metrics: { rmse: 1 } } });
  expect(await key.problem({ ...forged, signature: signed.signature })).toMatch(/is not one of/);
  const gone = { ...signed.signature!, key: signed.signature!.key.replace(/[0-9a-f]{32}$/, "0".repeat(32)) };
  expect(await key.problem({ ...signed, signature: gone })).toMatch(/which the vault does not have/);
});
