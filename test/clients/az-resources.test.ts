// The Azure CLI, unpatched: groups, resources of any type, identities, vaults, roles, plain REST.
import { expect, test } from "@jest/globals";
import { minute, names, shellOfFile, type AzShell } from "./az.ts";

const shell = shellOfFile(async (opened) => await opened.login());
const az: AzShell["az"] = async (...words) => await shell.az(...words);

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
    await shell.notModeled("group export", "--name rg");
    expect((await az("provider list")).map(({ namespace }: { namespace: string }) => namespace)).toContain("Microsoft.Storage");
    await az("provider register", "--namespace Microsoft.Storage");
    await az("provider unregister", "--namespace Microsoft.Logic");
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
    expect(await az("resource patch", `${named(storage, "stresource")} --properties`, ['{"accessTier": "Hot"}'])).toMatchObject({
      properties: { accessTier: "Hot" },
    });
    await az("resource invoke-action", `${named(storage, "stresource")} --action listKeys`);
    const { id } = await az("resource show", named(storage, "stresource"));
    await shell.notModeled("resource move", `--destination-group gone --ids ${id}`);
    await az("resource delete", named(identity, "id-one"));
    await az("resource wait", `${named(storage, "stresource")} --exists`);
    await az("resource delete", named(storage, "stresource"));
    await expect(az("resource show", named(identity, "id-one"))).rejects.toThrow(/ResourceNotFound/);
    await shell.notModeled(
      "resource create",
      `${named("Microsoft.Compute/virtualMachines", "vm")} --location westeurope --properties {}`,
      "virtual machines",
    );
  },
  3 * minute,
);

test(
  "roles: a definition of one's own, given and taken",
  async () => {
    const scope = shell.sandbox.subscription;
    const role = (actions: string[]) => JSON.stringify({ Name: "Account reader", Actions: actions, AssignableScopes: [scope] });
    const read = "Microsoft.Storage/storageAccounts/read";
    await az("role definition create", "--role-definition", [role([read])]);
    expect(await az("role definition list", "--custom-role-only")).toMatchObject([{ properties: { roleName: "Account reader" } }]);
    const both = role([read, "Microsoft.Storage/storageAccounts/listKeys/action"]);
    const changed = await az("role definition update", "--role-definition", [both]);
    expect(changed.properties.permissions[0].actions).toHaveLength(2);
    const { name: guid } = changed as { name: string };
    expect(await az("role definition show", `--scope ${scope} --name ${guid}`)).toMatchObject({
      properties: { roleName: "Account reader" },
    });
    const given = [`--assignee ${shell.sandbox.info.clientId} --scope ${scope}/resourceGroups/rg --role`, ["Account reader"]] as const;
    const made = await az("role assignment create", ...given);
    expect(await az("role assignment list", ...given)).toMatchObject([{ name: made.name }]);
    await az("role assignment update", "--role-assignment", [JSON.stringify({ ...made, ...made.properties, description: "for the test" })]);
    await az("role assignment delete", ...given);
    expect(await az("role assignment list", ...given)).toEqual([]);
    await az("role definition delete", "--name", ["Account reader"]);
    expect(await az("role definition list", "--custom-role-only")).toEqual([]);
    await shell.notModeled("role assignment list-changelogs", "");
  },
  3 * minute,
);

test(
  "identities, vaults, Graph, and plain REST",
  async () => {
    const made = await az("identity create", "--resource-group rg --name id-az");
    expect(names(await az("identity list", "--resource-group rg"))).toEqual(["id-az"]);
    expect(await az("identity show", "--resource-group rg --name id-az")).toMatchObject({ principalId: made.principalId });
    expect(await az("identity update", "--resource-group rg --name id-az --tags a=b")).toMatchObject({ tags: { a: "b" } });
    await shell.notModeled("identity list-resources", "--resource-group rg --name id-az");
    await shell.notModeled("identity list-operations", "");
    await az("identity delete", "--resource-group rg --name id-az");
    await az("keyvault create", "--resource-group rg --name kvazone --location westeurope");
    await az("keyvault delete", "--name kvazone");
    expect(names(await az("keyvault list-deleted", "--resource-type vault"))).toEqual(["kvazone"]);
    await az("keyvault recover", "--name kvazone");
    expect(names(await az("keyvault list", "--resource-group rg"))).toEqual(["kvazone"]);
    expect(await az("keyvault show", "--name kvazone")).toMatchObject({ location: "westeurope" });
    await az("keyvault delete", "--name kvazone");
    await az("keyvault purge", "--name kvazone");
    expect(await az("ad sp show", `--id ${shell.sandbox.info.clientId}`)).toMatchObject({ id: shell.sandbox.info.objectId });
    const url = "/subscriptions/{subscriptionId}/resourceGroups/rg?api-version=2021-04-01";
    expect(await az("rest", `--method get --url ${url}`)).toMatchObject({ name: "rg" });
    await az("rest", `--method patch --url ${url} --body`, ['{"tags": {"by": "rest"}}']);
    expect((await az("group show", "--name rg")).tags).toMatchObject({ by: "rest" });
    await az("logout");
    await expect(az("group list")).rejects.toThrow(/az login/);
  },
  4 * minute,
);

test("what was seen is what the docs' table is made from", () => {
  const [was, is] = shell.kept("az.resources");
  expect(was).toEqual(is);
});
