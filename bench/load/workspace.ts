// A workspace with what it needs, as a benchmark's stage.
import type { Target } from "./target.ts";

/** Id of the workspace `mlw-<name>` in the group `rg-<name>`. The benchmark's principal may read and write its blobs. */
export async function workspace(target: Target, name: string): Promise<string> {
  const group = `${target.subscription}/resourceGroups/rg-${name}`;
  const at = `${group}/providers`;
  const location = "westeurope";
  const ids = {
    storageAccount: `${at}/Microsoft.Storage/storageAccounts/st${name}`,
    keyVault: `${at}/Microsoft.KeyVault/vaults/kv-${name}`,
    applicationInsights: `${at}/Microsoft.Insights/components/appi-${name}`,
  };
  await target.must("PUT", group, { location });
  await target.must("PUT", ids.storageAccount, { location, kind: "StorageV2", sku: { name: "Standard_LRS" } });
  await target.must("PUT", ids.keyVault, {
    location,
    properties: { tenantId: target.info.tenantId, sku: { family: "A", name: "standard" }, enableRbacAuthorization: true },
  });
  await target.must("PUT", ids.applicationInsights, { location, kind: "web", properties: { Application_Type: "web" } });
  await target.must(
    "PUT",
    `${target.subscription}/providers/Microsoft.Authorization/roleAssignments/6b1f1c1e-0000-4000-8000-00000000000b`,
    {
      properties: {
        principalId: target.info.objectId,
        roleDefinitionId: `${target.subscription}/providers/Microsoft.Authorization/roleDefinitions/ba92f5b4-2d11-453d-a403-e96b0029c9fe`,
      },
    },
  );
  const id = `${at}/Microsoft.MachineLearningServices/workspaces/mlw-${name}`;
  const end = await target.ended(await target.must("PUT", id, { location, identity: { type: "SystemAssigned" }, properties: ids }));
  if (end.status !== "Succeeded") throw new Error(`the workspace ended ${end.status}: ${end.error?.message}`);
  return id;
}
