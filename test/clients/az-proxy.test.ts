// The Azure CLI, unpatched, through the sandbox's proxy: nothing tells it that this is not public Azure.
import { expect, test } from "@jest/globals";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { minute, names, shellOfFile } from "./az.ts";

const shell = shellOfFile(undefined, "proxy");

test(
  "sign-in at Microsoft's address, a template, blobs of two accounts by their names alone, by token",
  async () => {
    const { az } = shell;
    expect(await az("cloud show")).toMatchObject({ name: "AzureCloud", endpoints: { resourceManager: "https://management.azure.com/" } });
    expect(await shell.login()).toMatchObject([{ cloudName: "AzureCloud", id: shell.sandbox.info.subscriptionId }]);
    await az("group create", "--name rg --location westeurope");
    const account = (name: string) => ({
      type: "Microsoft.Storage/storageAccounts",
      apiVersion: "2023-05-01",
      name,
      location: "westeurope",
      kind: "StorageV2",
      sku: { name: "Standard_LRS" },
    });
    const template = {
      $schema: "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
      contentVersion: "1.0.0.0",
      resources: [account("stazfirst"), account("stazsecond")],
    };
    writeFileSync(path.join(shell.cwd, "main.json"), JSON.stringify(template));
    await az("deployment group create", "--resource-group rg --name main --template-file main.json");
    expect(await az("storage account show", "--name stazfirst --resource-group rg")).toMatchObject({
      primaryEndpoints: { blob: "https://stazfirst.blob.core.windows.net/" },
    });
    const group = await az("group show", "--name rg");
    const role = ["--role", "Storage Blob Data Contributor", "--scope", group.id as string];
    await az("role assignment create", `--assignee ${shell.sandbox.info.clientId}`, role);
    for (const name of ["stazfirst", "stazsecond"]) {
      const by = `--account-name ${name} --auth-mode login`;
      await az("storage container create", `--name data ${by}`);
      await az("storage blob upload", `--container-name data --name ${name}.json --file main.json --no-progress ${by}`);
      expect(names(await az("storage blob list", `--container-name data ${by}`))).toEqual([`${name}.json`]);
    }
    const url = "https://management.azure.com/subscriptions/{subscriptionId}/resourcegroups?api-version=2021-04-01";
    expect((await az("rest", `--method get --url ${url}`)).value).toHaveLength(1);
  },
  4 * minute,
);
