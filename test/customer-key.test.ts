// A stage that is encrypted with a key of one's own: the doctor finds what is wrong with the key, `up` uses it, and goes on to its next version.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { callerIn } from "../azure/caller.ts";
import { type Azure, connect } from "../azure/client.ts";
import { suffixOf } from "../settings/names.ts";
import { type Checkout, copyCheckout, type Ran } from "./checkout.ts";
import { json, minutes, succeeded } from "./ran.ts";

let checkout: Checkout;
let azure: Azure;
let vault: string;
let keyUri: string;
const cryptoOfficer = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603";
const vaults = { apiVersion: "2023-07-01" };

const up = async (): Promise<Ran> =>
  await checkout.pulumi("up", "--yes", "--skip-preview", "--non-interactive", "--suppress-outputs", "--stack", "qa");
const set = async (field: string, value: string): Promise<void> =>
  void succeeded(await checkout.pulumi("config", "set", "--path", `azure-mlops:customerManagedKey.${field}`, value, "--stack", "qa"));
const protect = async (enablePurgeProtection: boolean): Promise<{ properties: { vaultUri: string } }> => {
  const { tenantId } = await azure.get<{ tenantId: string }>(`/subscriptions/${azure.subscriptionId}`, { apiVersion: "2022-12-01" });
  const properties = { tenantId, sku: { family: "A", name: "standard" }, enableRbacAuthorization: true };
  return await azure.put(
    vault,
    { location: "westeurope", properties: { ...properties, ...(enablePurgeProtection ? { enablePurgeProtection } : {}) } },
    vaults,
  );
};
/** What `mlops doctor` says of the key. */
const told = async (): Promise<{ state: string; found: string; fix?: string }> => {
  const { checks } = JSON.parse((await checkout.mlops("doctor", "--stage", "qa", "--json")).stdout) as {
    checks: { check: string; state: string; found: string; fix?: string }[];
  };
  return checks.find(({ check }) => check === "key")!;
};
/** How storage, images and workspace are encrypted. */
async function encryption(): Promise<object[]> {
  const suffix = suffixOf(azure.subscriptionId);
  const group = `/subscriptions/${azure.subscriptionId}/resourceGroups/rg-mlops-qa/providers`;
  const all = [
    `Microsoft.Storage/storageAccounts/stmlopsqa${suffix}`,
    `Microsoft.ContainerRegistry/registries/crmlopsqa${suffix}`,
    "Microsoft.MachineLearningServices/workspaces/mlw-mlops-qa",
  ];
  const read = async (path: string): Promise<object> =>
    (await azure.get<{ properties: { encryption: object } }>(`${group}/${path}`, { apiVersion: "2024-10-01" })).properties.encryption;
  return await Promise.all(all.map(read));
}
const encrypted = (uri: string) => [
  { keySource: "Microsoft.Keyvault", keyvaultproperties: { keyname: "ml", keyversion: uri.split("/").at(-1) } },
  { status: "enabled", keyVaultProperties: { keyIdentifier: uri } },
  { status: "Enabled", keyVaultProperties: { keyVaultArmId: vault, keyIdentifier: uri } },
];

beforeAll(async () => {
  checkout = copyCheckout();
  const env = json(await checkout.mlops("sandbox", "env", "--json")) as Record<string, string>;
  setDefaultCACertificates([...getCACertificates("default"), readFileSync(env["NODE_EXTRA_CA_CERTS"]!, "utf8")]);
  azure = await connect(env);
  const group = `/subscriptions/${azure.subscriptionId}/resourceGroups/rg-security`;
  await azure.put(group, { location: "westeurope" }, { apiVersion: "2021-04-01" });
  vault = `${group}/providers/Microsoft.KeyVault/vaults/kv-security`;
  await protect(false);
  const key = await azure.put<{ properties: { keyUriWithVersion: string } }>(
    `${vault}/keys/ml`,
    { properties: { kty: "RSA", keySize: 3072 } },
    vaults,
  );
  keyUri = key.properties.keyUriWithVersion;
  await set("keyVault", vault);
  await set("keyUri", keyUri);
}, 3 * minutes);
afterAll(() => checkout?.dispose(), minutes);

test(
  "a vault that can be purged: the doctor says so before up, Azure in the middle of it; then the stage is encrypted",
  async () => {
    expect(await told()).toEqual({
      check: "key",
      state: "fail",
      found: "the vault kv-security has no purge protection, without which Azure encrypts nothing",
      fix: "az keyvault update --name kv-security --enable-purge-protection true",
    });
    const refused = await up();
    expect(refused.code).not.toBe(0);
    expect(refused.stdout + refused.stderr).toMatch(/Code="KeyVaultPolicyError" Message="Keyvault policy recoverable is not set"/);

    await protect(true);
    expect(await told()).toMatchObject({ state: "ok", found: "ml can be used" });
    succeeded(await up());
    expect(await encryption()).toMatchObject(encrypted(keyUri));
    succeeded(await checkout.pulumi("preview", "--non-interactive", "--stack", "qa", "--expect-no-changes"));
  },
  5 * minutes,
);

test(
  "the key's next version, a disabled one, and no key any more",
  async () => {
    const { id: principalId } = callerIn(await azure.token(azure.cloud.resourceManagerScope));
    await azure.put(
      `${vault}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-4000-8000-000000000001`,
      { properties: { principalId, roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${cryptoOfficer}` } },
      { apiVersion: "2022-04-01" },
    );
    const next = await newVersion();
    await set("keyUri", next);
    succeeded(await up());
    expect(await encryption()).toMatchObject(encrypted(next));

    await set("keyUri", await newVersion({ enabled: false }));
    expect(await told()).toMatchObject({ state: "fail", found: "the key ml is disabled: what it encrypts cannot be read" });
    succeeded(await checkout.pulumi("config", "rm", "azure-mlops:customerManagedKey", "--stack", "qa"));
    expect(await told()).toMatchObject({
      state: "fail",
      found:
        "the workspace is encrypted with a key of your own, and azure-mlops:customerManagedKey is not set; Azure changes neither afterwards",
    });
  },
  5 * minutes,
);

test(
  "destroyed, the stage leaves nothing at the key",
  async () => {
    const granted = async (): Promise<string[]> => {
      const found: string[] = [];
      const path = `${vault}/keys/ml/providers/Microsoft.Authorization/roleAssignments?$filter=atScope()`;
      for await (const { id } of azure.list<{ id: string }>(path, { apiVersion: "2022-04-01" }))
        if (id.includes("/keys/ml/")) found.push(id);
      return found;
    };
    expect(await granted()).toHaveLength(1);
    succeeded(await checkout.mlops("destroy", "--stage", "qa", "--yes"));
    expect(await granted()).toEqual([]);
  },
  3 * minutes,
);

/** Made at the vault itself, as whoever guards the key does. */
async function newVersion(attributes: object = {}): Promise<string> {
  const { properties } = await azure.get<{ properties: { vaultUri: string } }>(vault, vaults);
  const { key } = await azure.post<{ key: { kid: string } }>(
    `${properties.vaultUri}keys/ml/create`,
    { kty: "RSA", key_size: 2048, attributes },
    { apiVersion: "7.4", scope: azure.cloud.vaultScope },
  );
  return key.kid;
}
