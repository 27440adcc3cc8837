// `mlops doctor` on bad days: each thing that would stop `up` is found before it, told with its fix, and gone once the fix was made.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { type Azure, connect } from "../azure/client.ts";
import { type Checked, examine } from "../release/flow/doctor/check.ts";
import { checks } from "../release/flow/doctor/index.ts";
import { type StackName, subjectOf } from "../release/flow/doctor/subject.ts";
import { pulumiFor } from "../release/pulumi.ts";
import { suffixOf } from "../settings/names.ts";
import { type Checkout, copyCheckout } from "./checkout.ts";
import { json, minutes, succeeded } from "./ran.ts";

type Told = Checked;
const out = { json: false, progress: () => undefined, print: () => undefined, result: () => undefined };

let checkout: Checkout;
let env: Record<string, string>;
let ann: Record<string, string>;
let annId: string;
let azure: Azure;
let subscription: string;
let suffix: string;
const apiVersion = "2021-04-01";

beforeAll(async () => {
  checkout = copyCheckout();
  env = json(await checkout.mlops("sandbox", "env", "--json")) as Record<string, string>;
  setDefaultCACertificates([...getCACertificates("default"), readFileSync(env["NODE_EXTRA_CA_CERTS"]!, "utf8")]);
  azure = await connect(env);
  subscription = `/subscriptions/${azure.subscriptionId}`;
  suffix = suffixOf(azure.subscriptionId);
  ann = json(await checkout.mlops("sandbox", "env", "--as", "ann", "--json")) as Record<string, string>;
  const found = await azure.get<{ value: { id: string }[] }>(
    `${azure.cloud.resourceManager}/graph/v1.0/servicePrincipals?$filter=appId eq '${ann["AZURE_CLIENT_ID"]}'`,
    { scope: azure.cloud.resourceManagerScope },
  );
  annId = found.value[0]!.id;
}, 2 * minutes);
afterAll(() => checkout?.dispose(), minutes);

/** What the doctor finds wrong, by check; asked in this process, since most of a run's time is the start of programs. */
async function wrong(stage: StackName = "dev", environment = env): Promise<Record<string, Told[]>> {
  const target = { kind: "sandbox", env: { ...process.env, ...environment } } as const;
  const { signal } = new AbortController();
  const pulumi = pulumiFor({ repo: checkout.dir, signal, out }, target);
  const found = await examine(subjectOf({ stage, target, pulumi, signal, repo: checkout.dir }), checks);
  const bad = found.filter(({ state }) => state !== "ok");
  expect(bad.filter(({ state, fix }) => state !== "skip" && !fix)).toEqual([]);
  return Object.fromEntries([...new Set(bad.map(({ check }) => check))].map((check) => [check, bad.filter((one) => one.check === check)]));
}

const file = (name: string): string => join(checkout.dir, name);
async function withText(name: string, text: string, work: () => Promise<void>): Promise<void> {
  const before = readFileSync(file(name), "utf8");
  writeFileSync(file(name), text);
  await work().finally(() => writeFileSync(file(name), before));
}

test(
  "nothing in the way, in seconds",
  async () => {
    const began = performance.now();
    const told = json(await checkout.mlops("doctor", "--stage", "dev", "--json")) as { ok: boolean; checks: Told[] };
    expect(told.ok).toBe(true);
    expect(told.checks.filter(({ state }) => state !== "ok").map(({ check }) => check)).toEqual(["registry"]);
    expect(performance.now() - began).toBeLessThan(20_000);
    const said = succeeded(await checkout.mlops("doctor", "--stage", "dev")).stdout;
    expect(said).toMatch(/ok +quota +enough for cluster cpu-cluster and a deployment; 500 of 500 cores are free/);
    expect(said).toContain("Nothing stops up of dev");
  },
  minutes,
);

test(
  "config that does not fit, and a size that the region does not have",
  async () => {
    await withText("Pulumi.dev.yaml", "config:\n  azure-mlops:modelVersin: '3'\n", async () => {
      const { config, quota } = await wrong();
      expect(config![0]!.found).toMatch(/modelVersin is not a setting of this stack/);
      expect(quota![0]).toMatchObject({ state: "skip", found: "not asked: the stack's config is wrong" });
    });
    const gpu = "config:\n  azure-mlops:location: uksouth\n  azure-mlops:compute:\n    size: Standard_NC24ads_A100_v4\n";
    await withText("Pulumi.dev.yaml", gpu, async () => {
      expect((await wrong())["sizes"]).toMatchObject([
        {
          state: "fail",
          found: "uksouth does not offer Standard_NC24ads_A100_v4 (cluster cpu-cluster)",
          fix: expect.stringMatching(/Set azure-mlops:compute.size/),
        },
      ]);
    });
  },
  minutes,
);

test(
  "quota missing: with the 20 % that an upgrade needs",
  async () => {
    const limit = (cores: number): Promise<unknown> =>
      azure.post(
        `${subscription}/providers/Microsoft.MachineLearningServices/locations/westeurope/updateQuotas`,
        { value: [{ id: "standardDSv2Family", limit: cores }] },
        { apiVersion: "2024-10-01" },
      );
    await limit(7);
    const { quota } = await wrong();
    expect(quota).toMatchObject([
      {
        state: "warn",
        found: expect.stringMatching(/^cluster cpu-cluster takes 16 cores of Standard_DS3_v2 in westeurope \(4 nodes\); 7 of 7 are free/),
      },
      {
        state: "fail",
        found:
          "a deployment takes 8 cores of Standard_DS3_v2 in westeurope (1 of it, 2 with the 20 % reserve for upgrades); 7 of 7 are free",
        fix: expect.stringContaining('"Standard DSv2 Family Cluster Dedicated vCPUs"'),
      },
    ]);
    await limit(16);
    expect((await wrong())["quota"]).toBeUndefined();
    await withText("Pulumi.dev.yaml", "config:\n  azure-mlops:autoscale: { min: 1, max: 4 }\n", async () => {
      expect((await wrong())["quota"]).toMatchObject([
        {
          state: "fail",
          found:
            "a deployment at its azure-mlops:autoscale.max takes 20 cores of Standard_DS3_v2 in westeurope (4 of it, 5 with the 20 % reserve for upgrades); 16 of 16 are free",
        },
      ]);
    });
  },
  minutes,
);

test(
  "a provider that is not registered, a lock on the group",
  async () => {
    const eventGrid = (what: string): Promise<unknown> =>
      azure.post(`${subscription}/providers/Microsoft.ManagedIdentity/${what}`, undefined, { apiVersion });
    await eventGrid("unregister");
    const group = `${subscription}/resourceGroups/rg-mlops-dev`;
    await azure.put(group, { location: "westeurope" }, { apiVersion });
    const lock = `${group}/providers/Microsoft.Authorization/locks/hands-off`;
    await azure.put(lock, { properties: { level: "ReadOnly" } }, { apiVersion: "2016-09-01" });
    const { providers, locks } = await wrong();
    expect(providers).toMatchObject([
      {
        state: "fail",
        found: "Microsoft.ManagedIdentity is NotRegistered in this subscription",
        fix: "az provider register --namespace Microsoft.ManagedIdentity --wait",
      },
    ]);
    expect(locks).toMatchObject([
      { state: "fail", found: `the lock hands-off lets nothing change in ${group}`, fix: `az lock delete --ids ${lock}` },
    ]);
    await eventGrid("register");
    await azure.delete(lock, { apiVersion: "2016-09-01" });
    await azure.delete(group, { apiVersion });
    expect(Object.keys(await wrong())).toEqual(["registry"]);
  },
  minutes,
);

test(
  "a name that somebody else's deleted vault keeps; the stage's own, recovered and purged",
  async () => {
    const name = `kv-mlops-qa-${suffix}`;
    const vault = async (group: string): Promise<string> => {
      await azure.put(`${subscription}/resourceGroups/${group}`, { location: "westeurope" }, { apiVersion });
      const id = `${subscription}/resourceGroups/${group}/providers/Microsoft.KeyVault/vaults/${name}`;
      const { tenantId } = await azure.get<{ tenantId: string }>(subscription, { apiVersion: "2022-12-01" });
      const properties = { tenantId, sku: { family: "A", name: "standard" }, enableRbacAuthorization: true };
      await azure.put(id, { location: "westeurope", properties }, { apiVersion: "2023-07-01" });
      return id;
    };
    const other = await vault("rg-other");
    expect((await wrong("qa"))["names"]![0]!.found).toMatch(
      /^the vault name kv-mlops-qa-\w+ is not free: The vault name .* already in use/,
    );
    await azure.delete(other, { apiVersion: "2023-07-01" });
    const kept = (await wrong("qa"))["names"]!;
    expect(kept).toMatchObject([{ state: "fail", fix: expect.stringMatching(/Ask its owner to purge it, or choose another name/) }]);
    expect(kept[0]!.found).toContain(`is kept by one that somebody else deleted on ${new Date().toISOString().slice(0, 10)}: ${other}`);
    // Nobody's flag may touch what is not the stage's own.
    expect((await checkout.mlops("doctor", "--stage", "qa", "--purge")).code).toBe(1);
    await azure.post(`${subscription}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/${name}/purge`, undefined, {
      apiVersion: "2023-07-01",
    });

    const own = await vault("rg-mlops-qa");
    await azure.delete(own, { apiVersion: "2023-07-01" });
    expect((await wrong("qa"))["names"]).toMatchObject([
      { state: "warn", found: expect.stringContaining("still keeps its name; up purges it, with its keys and secrets") },
    ]);
    expect(succeeded(await checkout.mlops("doctor", "--stage", "qa", "--recover")).stdout).toContain(`recovered vault ${name}`);
    expect(await azure.find(own, { apiVersion: "2023-07-01" })).toBeDefined();
    await azure.delete(own, { apiVersion: "2023-07-01" });
    expect((json(await checkout.mlops("doctor", "--stage", "qa", "--purge", "--json")) as { done: string[] }).done).toEqual([
      `purged vault ${name}`,
    ]);
    expect((await wrong("qa"))["names"]).toBeUndefined();
  },
  2 * minutes,
);

test(
  "a role that was never given, and one that has expired",
  async () => {
    const { roles } = await wrong("dev", ann);
    expect(roles![0]).toMatchObject({
      state: "fail",
      found: expect.stringContaining("this sign-in may not Microsoft.Resources/subscriptions/resourceGroups/write"),
    });
    expect(roles![0]!.fix).toMatch(/It lacks "Contributor" and "Role Based Access Control Administrator" there: never given, or expired/);
    const roleIds = ["b24988ac-6180-42a0-ab88-20f7382dd24c", "f58310d9-a9f6-439a-9e8d-f62e7b41a168"];
    const assignments = roleIds.map((role, i) => ({
      id: `${subscription}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-4000-8000-00000000000${i}`,
      properties: { principalId: annId, roleDefinitionId: `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${role}` },
    }));
    for (const { id, properties } of assignments) await azure.put(id, { properties }, { apiVersion: "2022-04-01" });
    expect((await wrong("dev", ann))["roles"]).toBeUndefined();
    await azure.delete(assignments[1]!.id, { apiVersion: "2022-04-01" });
    expect((await wrong("dev", ann))["roles"]![0]!.found).toMatch(
      /may not Microsoft.Authorization\/roleAssignments\/write in the subscription$/,
    );
    const group = `${subscription}/resourceGroups/rg-mlops-shared`;
    await azure.put(group, { location: "westeurope" }, { apiVersion });
    const vault = { tenantId: env["AZURE_TENANT_ID"], sku: { family: "A", name: "standard" }, enableRbacAuthorization: true };
    const id = `${group}/providers/Microsoft.KeyVault/vaults/kv-mlops-rel-${suffix}`;
    await azure.put(id, { location: "westeurope", properties: vault }, { apiVersion: "2023-07-01" });
    const told = async (stage: StackName): Promise<string> => JSON.stringify((await wrong(stage, ann))["roles"] ?? []);
    expect(await told("dev")).toMatch(/may not sign releases with the key in kv-mlops-rel-.*It lacks \\"Key Vault Crypto User\\" there/);
    expect(await told("qa")).not.toMatch(/kv-mlops-rel-/);
    await azure.delete(group, { apiVersion });
  },
  2 * minutes,
);

test(
  "a state that a killed run has locked, and one that a living run holds",
  async () => {
    const folder = file(".sandbox/pulumi-state/.pulumi/locks/organization/azure-mlops/dev");
    const lock = (pid: number): void => {
      mkdirSync(folder, { recursive: true });
      const text = { pid, username: "ci", hostname: hostname(), timestamp: "2026-11-01T03:00:00Z" };
      writeFileSync(join(folder, "9a.json"), JSON.stringify(text));
    };
    lock(2 ** 22 + 1);
    const { state } = await wrong();
    expect(state).toMatchObject([
      { state: "fail", found: expect.stringContaining("locked by a run that was killed: ci@"), fix: "pulumi cancel --stack dev --yes" },
    ]);
    succeeded(await checkout.pulumi("cancel", "--stack", "dev", "--yes"));
    expect(existsSync(join(folder, "9a.json"))).toBe(false);
    expect((await wrong())["state"]).toBeUndefined();
    lock(process.pid);
    expect((await wrong())["state"]![0]!.found).toMatch(/^another run works on the stack: ci@/);
    rmSync(folder, { recursive: true });
  },
  minutes,
);

test(
  "a registry that is not in the stage's region, and nobody signed in",
  async () => {
    await azure.put(`${subscription}/resourceGroups/rg-mlops-shared`, { location: "eastus" }, { apiVersion });
    const registry = `${subscription}/resourceGroups/rg-mlops-shared/providers/Microsoft.MachineLearningServices/registries/mlopsregistry-${suffix}`;
    const regionDetails = [
      {
        location: "eastus",
        acrDetails: [{ systemCreatedAcrAccount: { acrAccountSku: "Premium" } }],
        storageAccountDetails: [{ systemCreatedStorageAccount: { storageAccountType: "Standard_LRS" } }],
      },
    ];
    await azure.put(
      registry,
      { location: "eastus", identity: { type: "SystemAssigned" }, properties: { regionDetails } },
      { apiVersion: "2024-10-01" },
    );
    const found = (await wrong("qa"))["registry"];
    expect(found).toMatchObject([
      { state: "fail", fix: expect.stringContaining("azure-mlops:registryLocations[0]' westeurope --stack shared") },
    ]);

    const { login, roles } = await wrong("dev", { ...env, AZURE_CLIENT_SECRET: "wrong", ARM_CLIENT_SECRET: "wrong" });
    expect(login).toMatchObject([{ state: "fail", found: expect.stringMatching(/^not signed in: /) }]);
    expect(roles).toMatchObject([{ state: "skip", found: "not asked: nobody is signed in" }]);
  },
  minutes,
);

test(
  "a private stage, from inside and from outside of its network",
  async () => {
    const group = `${subscription}/resourceGroups/rg-mlops-prod`;
    const put = (path: string, properties: object, more: object = { location: "westeurope" }): Promise<unknown> =>
      azure.put(`${group}/providers/${path}`, { ...more, properties }, { apiVersion: "2024-05-01" });
    expect(Object.keys(await wrong("prod"))).not.toContain("network");
    await azure.put(group, { location: "westeurope" }, { apiVersion });
    const storage = { location: "westeurope", kind: "StorageV2", sku: { name: "Standard_LRS" } };
    await put(`Microsoft.Storage/storageAccounts/stmlopsprod${suffix}`, { publicNetworkAccess: "Disabled" }, storage);
    await put("Microsoft.Network/virtualNetworks/vnet", { addressSpace: { addressPrefixes: ["10.40.0.0/24"] } });
    await put("Microsoft.Network/virtualNetworks/vnet/subnets/endpoints", { addressPrefix: "10.40.0.0/25" }, {});
    const link = { privateLinkServiceId: `${group}/providers/Microsoft.Storage/storageAccounts/stmlopsprod${suffix}`, groupIds: ["blob"] };
    await put("Microsoft.Network/privateEndpoints/blob", {
      subnet: { id: `${group}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/endpoints` },
      privateLinkServiceConnections: [{ name: "blob", properties: link }],
    });
    expect(Object.keys(await wrong("prod"))).not.toContain("network");
    const outside = await wrong("prod", { ...env, MLOPS_SOURCE_ADDRESS: "127.0.0.1" });
    expect(outside["network"]).toMatchObject([
      { state: "fail", found: expect.stringMatching(/prod is private, and this machine is outside of its network \(403/) },
    ]);
    await azure.delete(group, { apiVersion });
  },
  minutes,
);
