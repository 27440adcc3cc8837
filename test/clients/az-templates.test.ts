// The Azure CLI, unpatched: templates in a group and in a subscription.
import { expect, test } from "@jest/globals";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { inGroup, minute, names, shellOfFile, type AzShell } from "./az.ts";

const shell = shellOfFile(inGroup);
const az: AzShell["az"] = async (...words) => await shell.az(...words);

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
    writeFileSync(path.join(shell.cwd, "main.json"), `// what a release needs\n${JSON.stringify(template, null, 2)}`);
    const given = "--resource-group rg --name main --template-file main.json --parameters name=sttemplate";
    const whatIf = async (more = "") => await az("deployment group what-if", `${given} ${more} --no-pretty-print`);
    const types = ({ changes }: { changes: { changeType: string; resourceId: string }[] }) => changes.map(({ changeType }) => changeType);

    expect(await az("deployment group validate", given)).toMatchObject({ error: null, properties: { provisioningState: "Succeeded" } });
    writeFileSync(path.join(shell.cwd, "wrong.json"), JSON.stringify({ ...template, outputs: {}, parameters: {} }));
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
    const { operationId } = (operations as { operationId: string }[])[0]!;
    expect(await az("deployment operation group show", `--resource-group rg --name main --operation-ids ${operationId}`)).toMatchObject([
      { properties: { targetResource: { resourceName: "sttemplate" } } },
    ]);
    await shell.notModeled("deployment group cancel", "--resource-group rg --name main");
    expect(await az("deployment group export", "--resource-group rg --name main")).toMatchObject({ outputs: template.outputs });
    await az("deployment group delete", "--resource-group rg --name main");
    await az("deployment group wait", "--resource-group rg --name main --deleted");
    await shell.notModeled("deployment group create", `${given} --mode Complete`, "mode Complete");
    const inSubscription = "--location westeurope --name sub --template-file sub.json";
    const group = { type: "Microsoft.Resources/resourceGroups", apiVersion: "2021-04-01", name: "rg-sub", location: "westeurope" };
    writeFileSync(path.join(shell.cwd, "sub.json"), JSON.stringify({ ...template, parameters: {}, outputs: {}, resources: [group] }));
    await az("deployment sub validate", inSubscription);
    await az("deployment sub create", inSubscription);
    expect(await az("group exists", "--name rg-sub")).toBe(true);
    const { changes } = await az("deployment sub what-if", `${inSubscription} --no-pretty-print`);
    expect(changes).toContainEqual(expect.objectContaining({ resourceId: expect.stringMatching(/rg-sub$/), changeType: "NoChange" }));
    expect(names(await az("deployment sub list"))).toEqual(["sub"]);
    expect(await az("deployment sub show", "--name sub")).toMatchObject({ properties: { provisioningState: "Succeeded" } });
    expect(await az("deployment sub export", "--name sub")).toMatchObject({ resources: [{ name: "rg-sub" }] });
    await shell.notModeled("deployment sub cancel", "--name sub");
    await az("deployment sub delete", "--name sub");
    await az("deployment sub wait", "--name sub --deleted");
  },
  5 * minute,
);

test("what was seen is what the docs' table is made from", () => {
  const [was, is] = shell.kept("az.templates");
  expect(was).toEqual(is);
});
