// The Azure CLI, unpatched: clouds, sign-in, subscriptions.
import { expect, test } from "@jest/globals";
import path from "node:path";
import { azCommands, azIn, azVersion, minute, names, shellOfFile, type AzShell } from "./az.ts";
import { kept } from "./kept.ts";

const shell = shellOfFile();
const az: AzShell["az"] = async (...words) => await shell.az(...words);

test(
  "clouds: the metadata's own is there; another name for the sandbox is registered from its endpoint alone",
  async () => {
    expect(await az("cloud show")).toMatchObject({ name: "MlopsSandbox", isActive: true });
    const { ARM_CLOUD_METADATA_URL: _, ...plain } = shell.env;
    const config = path.join(shell.cwd, "config");
    const other = azIn({ ...plain, AZURE_CONFIG_DIR: config }, shell.cwd, shell.notes);
    const endpoint = shell.sandbox.info.armEndpoint.replace(/\/$/, "");
    await other("cloud register", `--name local --endpoint-resource-manager ${endpoint}`);
    await other("cloud set", "--name local");
    expect(names(await other("cloud list"))).toEqual(expect.arrayContaining(["AzureCloud", "local"]));
    expect(await other("cloud show")).toMatchObject({ name: "local", endpoints: { activeDirectory: shell.sandbox.info.armEndpoint } });
    expect(await other("cloud list-profiles")).toContain("latest");
    await other("cloud update", "--name local --suffix-keyvault-dns .vault.example");
    const { AZURE_CLIENT_ID = "", AZURE_CLIENT_SECRET = "", AZURE_TENANT_ID = "" } = shell.env;
    await other("login", "--service-principal --username", [
      AZURE_CLIENT_ID,
      "--password",
      AZURE_CLIENT_SECRET,
      "--tenant",
      AZURE_TENANT_ID,
    ]);
    expect(await other("group list")).toEqual([]);
    await other("logout");
    await other("account clear");
    await other("cloud set", "--name AzureCloud");
    await other("cloud unregister", "--name local");
  },
  3 * minute,
);

test(
  "sign-in: a wrong secret is refused with Entra's words, a right one shows the subscription",
  async () => {
    await expect(shell.login("wrong")).rejects.toThrow(/AADSTS7000215/);
    expect(await shell.login(shell.env["AZURE_CLIENT_SECRET"])).toMatchObject([
      { id: shell.sandbox.info.subscriptionId, isDefault: true, cloudName: "MlopsSandbox", user: { type: "servicePrincipal" } },
    ]);
    expect(await az("account show")).toMatchObject({ id: shell.sandbox.info.subscriptionId, state: "Enabled" });
    expect(await az("account list")).toHaveLength(1);
    await az("account set", `--subscription ${shell.sandbox.info.subscriptionId}`);
    expect(names(await az("account list-locations"))).toContain("westeurope");
    expect(await az("account get-access-token")).toMatchObject({ tokenType: "Bearer", tenant: shell.sandbox.info.tenantId });
  },
  2 * minute,
);

test("what was seen is what the docs' table is made from", async () => {
  const [seenWas, seenIs] = shell.kept("az.clouds");
  expect(seenWas).toEqual(seenIs);
  const groups =
    /^(cloud|account|group|resource|provider|deployment (group|sub|operation group)|role (assignment|definition)|storage (account|container|blob)|identity|(login|logout|rest))( \S+)?$/;
  const all = (await azCommands()).filter(
    (command) => groups.test(command) && (/ /.test(command) || /^(login|logout|rest)$/.test(command)),
  );
  const [was, is] = kept("az.all", { client: "az", version: azVersion, all });
  expect(was).toEqual(is);
}, 60_000);
