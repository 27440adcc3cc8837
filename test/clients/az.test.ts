// The Azure CLI, unpatched, against a sandbox of its own: clouds, sign-in, groups, resources, templates, storage, roles, plain REST.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { sandboxEnv } from "../../sandbox/control.ts";
import { testSandbox, type TestSandbox } from "../../sandbox/testing.ts";
import { azCommands, azIn, azVersion, type Az } from "./az.ts";
import { kept, Notes } from "./kept.ts";

let sandbox: TestSandbox;
let az: Az;
let env: Record<string, string>;
const notes = new Notes();
const cwd = mkdtempSync(path.join(tmpdir(), "az-"));
const minute = 60_000;

beforeAll(async () => {
  sandbox = await testSandbox();
  env = await sandboxEnv(sandbox.dir, "az");
  az = azIn(env, cwd, notes);
}, 6 * minute);
afterAll(async () => {
  await sandbox.stop();
  rmSync(cwd, { recursive: true, force: true });
});

const names = (all: { name: string }[]): string[] => all.map(({ name }) => name).toSorted();

test(
  "clouds: the metadata's own is there; another name for the sandbox is registered from its endpoint alone",
  async () => {
    expect(await az("cloud show")).toMatchObject({ name: "MlopsSandbox", isActive: true });
    const { ARM_CLOUD_METADATA_URL: _, ...plain } = env;
    const config = path.join(cwd, "config");
    const other = azIn({ ...plain, AZURE_CONFIG_DIR: config }, cwd, notes);
    const endpoint = sandbox.info.armEndpoint.replace(/\/$/, "");
    await other("cloud register", `--name local --endpoint-resource-manager ${endpoint}`);
    await other("cloud set", "--name local");
    expect(names(await other("cloud list"))).toEqual(expect.arrayContaining(["AzureCloud", "local"]));
    expect(await other("cloud show")).toMatchObject({ name: "local", endpoints: { activeDirectory: sandbox.info.armEndpoint } });
    await other("cloud update", "--name local --suffix-keyvault-dns .vault.example");
    const { AZURE_CLIENT_ID = "", AZURE_CLIENT_SECRET = "", AZURE_TENANT_ID = "" } = env;
    await other("login", "--service-principal --username", [
      AZURE_CLIENT_ID,
      "--password",
      AZURE_CLIENT_SECRET,
      "--tenant",
      AZURE_TENANT_ID,
    ]);
    expect(await other("group list")).toEqual([]);
    await other("logout");
    await other("cloud set", "--name AzureCloud");
    await other("cloud unregister", "--name local");
  },
  3 * minute,
);

test(
  "sign-in: a wrong secret is refused with Entra's words, a right one shows the subscription",
  async () => {
    await expect(login("wrong")).rejects.toThrow(/AADSTS7000215/);
    expect(await login(env["AZURE_CLIENT_SECRET"]!)).toMatchObject([
      { id: sandbox.info.subscriptionId, isDefault: true, cloudName: "MlopsSandbox", user: { type: "servicePrincipal" } },
    ]);
    expect(await az("account show")).toMatchObject({ id: sandbox.info.subscriptionId, state: "Enabled" });
    expect(await az("account list")).toHaveLength(1);
    await az("account set", `--subscription ${sandbox.info.subscriptionId}`);
    expect(names(await az("account list-locations"))).toContain("westeurope");
    expect(await az("account get-access-token")).toMatchObject({ tokenType: "Bearer", tenant: sandbox.info.tenantId });
  },
  2 * minute,
);

test(
  "groups and providers",
  async () => {
    expect(await az("group exists", "--name rg")).toBe(false);
    expect(await az("group create", "--name rg --location westeurope")).toMatchObject({ properties: { provisioningState: "Succeeded" } });
    expect(await az("group exists", "--name rg")).toBe(true);
    expect(await az("group show", "--name rg")).toMatchObject({ location: "westeurope" });
    expect(await az("group update", "--name rg --set tags.team=ml")).toMatchObject({ tags: { team: "ml" } });
    await az("group create", "--name gone --location westeurope");
    await az("group delete", "--name gone --yes");
    await az("group wait", "--name gone --deleted");
    expect(names(await az("group list"))).toEqual(["rg"]);
    await notModeled("group export", "--name rg");
    expect((await az("provider list")).map(({ namespace }: { namespace: string }) => namespace)).toContain("Microsoft.Storage");
    await az("provider register", "--namespace Microsoft.Storage");
    expect(await az("provider show", "--namespace Microsoft.Storage")).toMatchObject({ registrationState: "Registered" });
  },
  3 * minute,
);

test(
  "resources of any type",
  async () => {
    const account = { location: "westeurope", kind: "StorageV2", sku: { name: "Standard_LRS" }, properties: {} };
    const named = (type: string, name: string): string => `--resource-group rg --name ${name} --resource-type ${type}`;
    const storage = "Microsoft.Storage/storageAccounts";
    const identity = "Microsoft.ManagedIdentity/userAssignedIdentities";
    await az("resource create", `${named(storage, "stresource")} --is-full-object --properties`, [JSON.stringify(account)]);
    await az("resource create", `${named(identity, "id-one")} --location westeurope --properties {}`);
    expect(await az("resource show", named(storage, "stresource"))).toMatchObject({ kind: "StorageV2", properties: { accessTier: "Hot" } });
    expect(names(await az("resource list", "--resource-group rg"))).toEqual(["id-one", "stresource"]);
    expect(await az("resource tag", `${named(storage, "stresource")} --tags a=b`)).toMatchObject({ tags: { a: "b" } });
    expect(await az("resource update", `${named(storage, "stresource")} --set properties.accessTier=Cool`)).toMatchObject({
      properties: { accessTier: "Cool" },
    });
    await az("resource delete", named(identity, "id-one"));
    await az("resource wait", `${named(storage, "stresource")} --exists`);
    await az("resource delete", named(storage, "stresource"));
    await expect(az("resource show", named(identity, "id-one"))).rejects.toThrow(/ResourceNotFound/);
    await notModeled(
      "resource create",
      `${named("Microsoft.Compute/virtualMachines", "vm")} --location westeurope --properties {}`,
      "virtual machines",
    );
  },
  3 * minute,
);

test(
  "a template: validated, previewed, deployed, previewed again, its operations; with comments, as templates have them",
  async () => {
    const template = {
      $schema: "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
      contentVersion: "1.0.0.0",
      parameters: { name: { type: "string" }, team: { type: "string", defaultValue: "ml" } },
      resources: [
        {
          type: "Microsoft.Storage/storageAccounts",
          apiVersion: "2023-05-01",
          name: "[parameters('name')]",
          location: "[resourceGroup().location]",
          kind: "StorageV2",
          sku: { name: "Standard_LRS" },
          tags: { team: "[parameters('team')]" },
        },
      ],
      outputs: { blob: { type: "string", value: "[reference(parameters('name')).primaryEndpoints.blob]" } },
    };
    writeFileSync(path.join(cwd, "main.json"), `// what a release needs\n${JSON.stringify(template, null, 2)}`);
    const given = "--resource-group rg --name main --template-file main.json --parameters name=sttemplate";
    const whatIf = async (more = "") => await az("deployment group what-if", `${given} ${more} --no-pretty-print`);
    const types = ({ changes }: { changes: { changeType: string; resourceId: string }[] }) => changes.map(({ changeType }) => changeType);

    expect(await az("deployment group validate", given)).toMatchObject({ error: null, properties: { provisioningState: "Succeeded" } });
    writeFileSync(path.join(cwd, "wrong.json"), JSON.stringify({ ...template, outputs: {}, parameters: {} }));
    const wrong = "--resource-group rg --name main --template-file wrong.json";
    await expect(az("deployment group validate", wrong)).rejects.toThrow(/InvalidTemplate.*parameter 'name' is not found/);
    expect((await whatIf()).changes).toMatchObject([
      { changeType: "Create", after: { name: "sttemplate", location: "westeurope", tags: { team: "ml" } } },
    ]);
    const created = await az("deployment group create", given);
    expect(created.properties).toMatchObject({
      provisioningState: "Succeeded",
      outputs: { blob: { value: expect.stringContaining("/sttemplate") } },
    });
    expect(types(await whatIf())).toEqual(["NoChange"]);
    expect((await whatIf("team=ops")).changes).toMatchObject([
      { changeType: "Modify", delta: [{ path: "tags.team", propertyChangeType: "Modify", before: "ml", after: "ops" }] },
    ]);
    expect(types(await whatIf("--result-format ResourceIdOnly"))).toEqual(["Deploy"]);
    expect(names(await az("deployment group list", "--resource-group rg"))).toEqual(["main"]);
    expect(await az("deployment group show", "--resource-group rg --name main")).toMatchObject({ name: "main" });
    const operations = await az("deployment operation group list", "--resource-group rg --name main");
    expect(operations.map((one: { properties: { provisioningState: string } }) => one.properties.provisioningState)).toEqual(["Succeeded"]);
    expect(await az("deployment group export", "--resource-group rg --name main")).toMatchObject({ outputs: template.outputs });
    await az("deployment group delete", "--resource-group rg --name main");
    await az("deployment group wait", "--resource-group rg --name main --deleted");
    await notModeled("deployment group create", `${given} --mode Complete`, "mode Complete");
    const inSubscription = "--location westeurope --name sub --template-file sub.json";
    const group = { type: "Microsoft.Resources/resourceGroups", apiVersion: "2021-04-01", name: "rg-sub", location: "westeurope" };
    writeFileSync(path.join(cwd, "sub.json"), JSON.stringify({ ...template, parameters: {}, outputs: {}, resources: [group] }));
    await az("deployment sub validate", inSubscription);
    await az("deployment sub create", inSubscription);
    expect(await az("group exists", "--name rg-sub")).toBe(true);
  },
  5 * minute,
);

test(
  "a storage account: made, its keys, blobs by key, by token and by a signature that az made",
  async () => {
    const account = "--name stazone --resource-group rg";
    expect(await az("storage account check-name", "--name stazone")).toMatchObject({ nameAvailable: true });
    await az("storage account create", `${account} --location westeurope --sku Standard_LRS`);
    expect(await az("storage account check-name", "--name stazone")).toMatchObject({ nameAvailable: false, reason: "AlreadyExists" });
    expect(names(await az("storage account list"))).toContain("stazone");
    await az("storage account update", `${account} --tags a=b`);
    await az("storage account keys renew", "--account-name stazone --resource-group rg --key key2");
    const [{ value: key }] = await az("storage account keys list", "--account-name stazone --resource-group rg");
    expect((await az("storage account show-connection-string", account)).connectionString).toContain(key);
    const endpoint = (await az("storage account show", account)).primaryEndpoints.blob as string;

    const byKey = ["--account-name", "stazone", "--account-key", key as string];
    await az("storage container create", "--name data", byKey);
    expect(names(await az("storage container list", "", byKey))).toEqual(["data"]);
    expect(await az("storage container exists", "--name none", byKey)).toEqual({ exists: false });
    mkdirSync(path.join(cwd, "up"));
    for (const name of ["x.txt", "y.txt"]) writeFileSync(path.join(cwd, "up", name), name);
    await az("storage blob upload", "--container-name data --file main.json --name one.json --no-progress", byKey);
    await az("storage blob upload-batch", "--destination data --source up --no-progress", byKey);
    expect(names(await az("storage blob list", "--container-name data", byKey))).toEqual(["one.json", "x.txt", "y.txt"]);
    await az("storage blob download", "--container-name data --name one.json --file down.json --no-progress", byKey);
    expect(readFileSync(path.join(cwd, "down.json"))).toEqual(readFileSync(path.join(cwd, "main.json")));
    mkdirSync(path.join(cwd, "down"));
    await az("storage blob download-batch", "--source data --destination down --pattern *.txt --no-progress", byKey);
    expect(readdirSync(path.join(cwd, "down")).toSorted()).toEqual(["x.txt", "y.txt"]);
    expect(await az("storage blob show", "--container-name data --name x.txt", byKey)).toMatchObject({ properties: { contentLength: 5 } });
    await az("storage blob metadata update", "--container-name data --name x.txt --metadata a=b", byKey);
    expect(await az("storage blob metadata show", "--container-name data --name x.txt", byKey)).toEqual({ a: "b" });
    await az("storage blob update", "--container-name data --name x.txt --content-type text/csv", byKey);
    await az(
      "storage blob copy start",
      "--source-container data --source-blob x.txt --destination-container data --destination-blob z.txt",
      byKey,
    );
    expect((await az("storage blob snapshot", "--container-name data --name z.txt", byKey)).snapshot).toBeDefined();
    await az("storage blob delete", "--container-name data --name z.txt --delete-snapshots include", byKey);
    expect(await az("storage blob exists", "--container-name data --name z.txt", byKey)).toEqual({ exists: false });
    await expect(az("storage blob list", "--container-name data --account-name stazone --account-key YWJj")).rejects.toThrow(
      /Authentication failure/,
    );

    // A token opens nothing before its holder has a role on data. Of several accounts, a token's holder names one by its address.
    const byToken = `--auth-mode login --blob-endpoint ${endpoint}`;
    const listed = async () => names(await az("storage blob list", `--container-name data ${byToken}`));
    await expect(listed()).rejects.toThrow(/required permissions/);
    const scope = (await az("storage account show", account)).id as string;
    const role = ["--role", "Storage Blob Data Contributor", "--scope", scope];
    await az("role assignment create", `--assignee-object-id ${sandbox.info.objectId} --assignee-principal-type ServicePrincipal`, role);
    expect(await listed()).toEqual(["one.json", "x.txt", "y.txt"]);
    const assigned = (await az("role assignment list", `--scope ${scope}`)) as { roleDefinitionName: string }[];
    expect(assigned.map(({ roleDefinitionName }) => roleDefinitionName)).toContain("Storage Blob Data Contributor");
    expect(await az("role definition list", "--name Reader")).toHaveLength(1);

    const until = new Date(Date.now() + 3_600_000).toISOString().replace(/:\d\d\.\d+Z/, "Z");
    const byAccount = await az(
      "storage account generate-sas",
      `--services b --resource-types sco --permissions rl --expiry ${until}`,
      byKey,
    );
    const byContainer = await az("storage container generate-sas", `--name data --permissions rl --expiry ${until}`, byKey);
    const byDelegation = await az(
      "storage container generate-sas",
      `--name data --permissions rl --expiry ${until} --as-user --account-name stazone ${byToken}`,
    );
    for (const sas of [byAccount, byContainer, byDelegation]) {
      expect(names(await az("storage blob list", `--container-name data --blob-endpoint ${endpoint} --sas-token`, [sas]))).toHaveLength(3);
      const wrong = az("storage blob delete", `--container-name data --name x.txt --blob-endpoint ${endpoint} --sas-token`, [sas]);
      await expect(wrong).rejects.toThrow(/required permissions/);
    }
    await az("storage blob delete-batch", "--source data", byKey);
    await az("storage container delete", "--name data", byKey);
    await az("storage account delete", `${account} --yes`);
  },
  8 * minute,
);

test(
  "identities, vaults, Graph, and plain REST",
  async () => {
    const made = await az("identity create", "--resource-group rg --name id-az");
    expect(names(await az("identity list", "--resource-group rg"))).toEqual(["id-az"]);
    expect(await az("identity show", "--resource-group rg --name id-az")).toMatchObject({ principalId: made.principalId });
    await az("identity delete", "--resource-group rg --name id-az");
    await az("keyvault create", "--resource-group rg --name kvazone --location westeurope");
    await az("keyvault delete", "--name kvazone");
    expect(names(await az("keyvault list-deleted", "--resource-type vault"))).toEqual(["kvazone"]);
    await az("keyvault purge", "--name kvazone");
    expect(await az("ad sp show", `--id ${sandbox.info.clientId}`)).toMatchObject({ id: sandbox.info.objectId });
    const url = "/subscriptions/{subscriptionId}/resourceGroups/rg?api-version=2021-04-01";
    expect(await az("rest", `--method get --url ${url}`)).toMatchObject({ name: "rg" });
    await az("rest", `--method patch --url ${url} --body`, ['{"tags": {"by": "rest"}}']);
    expect((await az("group show", "--name rg")).tags).toMatchObject({ by: "rest" });
    await az("logout");
    await expect(az("group list")).rejects.toThrow(/az login/);
  },
  4 * minute,
);

test(
  "what was seen is what the docs' table is made from",
  async () => {
    const groups =
      /^(cloud|account|group|resource|provider|deployment (group|sub|operation group)|role (assignment|definition)|storage (account|container|blob)|identity|(login|logout|rest))( \S+)?$/;
    const all = (await azCommands()).filter(
      (command) => groups.test(command) && (/ /.test(command) || /^(login|logout|rest)$/.test(command)),
    );
    for (const [name, seen] of [
      ["az", { client: "az", version: azVersion, operations: notes.operations }],
      ["az.all", { client: "az", version: azVersion, all }],
    ] as const) {
      const [was, is] = kept(name, seen);
      expect(was).toEqual(is);
    }
  },
  minute,
);

async function login(secret: string): Promise<unknown> {
  const { AZURE_CLIENT_ID = "", AZURE_TENANT_ID = "" } = env;
  return await az("login", "--service-principal --username", [AZURE_CLIENT_ID, "--password", secret, "--tenant", AZURE_TENANT_ID]);
}

/** Refused by name. `part` says what of the command, when the rest of it works. */
async function notModeled(command: string, args: string, part?: string): Promise<void> {
  await expect(az(command, args)).rejects.toThrow("The sandbox does not model");
  notes.refused(part === undefined ? command : `${command}: ${part}`, "NotModeledInSandbox");
}
