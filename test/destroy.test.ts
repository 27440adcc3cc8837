// `mlops destroy`: says what goes, survives a kill, backs the history up, and the next `up` takes the same names, purged or recovered.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { type Azure, connect } from "../azure/client.ts";
import { HistoryBackup } from "../release/core/historyBackup.ts";
import { suffixOf } from "../settings/names.ts";
import { type Checkout, copyCheckout } from "./checkout.ts";
import { json, killed, minutes, refused, succeeded, until } from "./ran.ts";

let checkout: Checkout;
let azure: Azure;
let group: string;
let vault: string;
const vaults = { apiVersion: "2023-07-01" };

const up = async (stack: string): Promise<string> =>
  succeeded(await checkout.pulumi("up", "--yes", "--skip-preview", "--non-interactive", "--stack", stack)).stdout;
const deletedVaults = async (): Promise<string[]> => {
  const names: string[] = [];
  const path = `/subscriptions/${azure.subscriptionId}/providers/Microsoft.KeyVault/deletedVaults`;
  for await (const { name } of azure.list<{ name: string }>(path, vaults)) names.push(name);
  return names;
};

beforeAll(async () => {
  checkout = copyCheckout();
  const env = json(await checkout.mlops("sandbox", "env", "--json")) as Record<string, string>;
  setDefaultCACertificates([...getCACertificates("default"), readFileSync(env["NODE_EXTRA_CA_CERTS"]!, "utf8")]);
  azure = await connect(env);
  group = `/subscriptions/${azure.subscriptionId}/resourceGroups/rg-mlops-dev`;
  vault = `${group}/providers/Microsoft.KeyVault/vaults/kv-mlops-dev-${suffixOf(azure.subscriptionId)}`;
  // Without a cluster and files to send an `up` is a matter of seconds.
  succeeded(await checkout.pulumi("config", "set", "azure-mlops:training", "false", "--stack", "dev"));
  await up("shared");
  await up("dev");
}, 6 * minutes);
afterAll(() => checkout?.dispose(), minutes);

test(
  "killed in the middle, run again, and up with the same names: nothing was left behind",
  async () => {
    refused(await checkout.mlops("destroy", "--stage", "shared", "--yes"), /stage dev is up and uses what "shared" owns/);
    refused(await checkout.mlops("destroy", "--stage", "dev"), /not destroyed/);
    const first = checkout.begin("destroy", "--stage", "dev", "--yes");
    await until("the first deletions", () => /deleted/.test(first.stderr()));
    killed(first.pid!);
    await first.done;
    expect(await azure.find(group, { apiVersion: "2021-04-01" })).toBeDefined();

    const again = await checkout.mlops("destroy", "--stage", "dev", "--yes");
    expect(succeeded(again).stderr).toMatch(/destroys stack dev: rg-mlops-dev with everything in it, \d+ resources/);
    expect(again.stderr).toMatch(/history of releases backed up to backups\/history-dev-\d{8}-\d{6}\.json: 0 releases, 0 approvals/);
    const [file] = readdirSync(join(checkout.dir, "backups"));
    expect(HistoryBackup.parse(JSON.parse(readFileSync(join(checkout.dir, "backups", file!), "utf8"))).stage).toBe("dev");
    expect(await azure.find(group, { apiVersion: "2021-04-01" })).toBeUndefined();
    expect(await deletedVaults()).toEqual([]);
    expect(json(await checkout.mlops("destroy", "--stage", "dev", "--yes", "--json"))).toMatchObject({ destroyed: false, kept: [] });

    await up("dev");
    expect(await azure.find(vault, vaults)).toBeDefined();
  },
  8 * minutes,
);

test(
  "a stage that keeps: the vault stays deleted, and the next up recovers it with its keys",
  async () => {
    for (const [key, value] of Object.entries({ purgeProtection: "true", onDestroy: "keep", locks: "true" }))
      succeeded(await checkout.pulumi("config", "set", `azure-mlops:${key}`, value, "--stack", "dev"));
    await up("dev");
    const key = `${vault}/keys/precious`;
    await azure.put(key, { properties: { kty: "EC", curveName: "P-256", keyOps: ["sign", "verify"] } }, vaults);
    const { properties } = await azure.get<{ properties: { keyUriWithVersion: string } }>(key, vaults);
    // Behind Pulumi's back nobody deletes what is locked, not with its group either.
    for (const id of [vault, group])
      await expect(azure.delete(id, { apiVersion: "2023-07-01" })).rejects.toMatchObject({ code: "ScopeLocked" });
    const done = json(await checkout.mlops("destroy", "--stage", "dev", "--yes", "--json")) as { kept: string[] };
    expect(done.kept.toSorted()).toEqual([
      expect.stringMatching(/^the vault kv-mlops-dev-\w+ was deleted on .* and still keeps its name; up recovers it/),
      expect.stringMatching(/^the workspace mlw-mlops-dev was deleted on .* up purges it/),
    ]);
    expect(await deletedVaults()).toHaveLength(1);
    refused(await checkout.mlops("doctor", "--stage", "dev", "--purge"), /it has purge protection/);

    await up("dev");
    const back = await azure.get<{ properties: { keyUriWithVersion: string } }>(key, vaults);
    expect(back.properties.keyUriWithVersion).toBe(properties.keyUriWithVersion);
    // The word about the recovery is taken back, and then nothing changes any more.
    await up("dev");
    expect(await up("dev")).toMatch(/\d+ unchanged/);
    expect(existsSync(join(checkout.dir, "backups"))).toBe(true);
  },
  8 * minutes,
);
