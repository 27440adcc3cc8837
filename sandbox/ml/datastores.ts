// The datastores that a workspace has from its birth, and their places in its storage account.
import type { ArmResource, BlobLocation, SandboxContext } from "../core.ts";
import { nameOf, parsePath, sameId } from "../arm/ids.ts";

const type = "Microsoft.MachineLearningServices/workspaces/datastores";

/**
 * workspaceblobstore (the default), workspaceartifactstore, workspacefilestore and workspaceworkingdirectory, with their
 * containers. What is there already stays.
 */
export async function systemDatastores(workspace: ArmResource, sandbox: SandboxContext): Promise<void> {
  const account = nameOf(String(workspace.properties["storageAccount"]));
  const guid = String(workspace.properties["workspaceId"]);
  const byIdentity = /^identity$/i.test(String(workspace.properties["systemDatastoresAuthMode"]));
  const store = (name: string, more: Record<string, unknown>, isDefault = false): void => {
    const id = `${workspace.id}/datastores/${name}`;
    if (sandbox.resources.get(id)) return;
    const { subscriptionId, resourceGroup } = parsePath(String(workspace.properties["storageAccount"]));
    sandbox.resources.put({
      id,
      name,
      type,
      properties: {
        accountName: account,
        endpoint: "core.windows.net",
        protocol: "https",
        subscriptionId,
        resourceGroup,
        isDefault,
        serviceDataAccessAuthIdentity: byIdentity ? "WorkspaceSystemAssignedIdentity" : "None",
        credentials: { credentialsType: byIdentity ? "None" : "AccountKey" },
        description: null,
        tags: {},
        properties: {},
        ...more,
      },
      systemData: workspace.systemData ?? {},
    });
  };
  // The container's name holds the workspace's id: it is unique across accounts, which addresses without an account need.
  const blobs = `azureml-blobstore-${guid}`;
  const artifacts = `azureml-artifacts-${guid}`;
  await sandbox.container(account, blobs);
  await sandbox.container(account, artifacts);
  store("workspaceblobstore", { datastoreType: "AzureBlob", containerName: blobs }, true);
  store("workspaceartifactstore", { datastoreType: "AzureBlob", containerName: artifacts });
  store("workspacefilestore", { datastoreType: "AzureFile", fileShareName: `azureml-filestore-${guid}` });
  store("workspaceworkingdirectory", { datastoreType: "AzureFile", fileShareName: `code-${guid.slice(0, 18)}` });
}

/** `azureml://subscriptions/…/datastores/x/paths/y` of a place, when one of the workspace's datastores holds it. */
export function datastoreUri(sandbox: SandboxContext, workspaceId: string, place: BlobLocation): string | undefined {
  const store = sandbox.resources
    .list(workspaceId, type)
    .find(
      (one) =>
        sameId(String(one.properties["accountName"]), place.account) &&
        (one.properties["containerName"] ?? one.properties["filesystem"]) === place.container,
    );
  return store && `${longForm(workspaceId)}/datastores/${store.name}/paths/${place.path}`;
}

/** `azureml://subscriptions/S/resourcegroups/G/workspaces/W` */
export function longForm(workspaceId: string): string {
  const { subscriptionId, resourceGroup } = parsePath(workspaceId);
  return `azureml://subscriptions/${subscriptionId}/resourcegroups/${resourceGroup}/workspaces/${nameOf(workspaceId)}`;
}
