// Azure resource ids and the API versions that this project speaks.

/** Version of each resource provider's REST API. Azure ML: https://learn.microsoft.com/rest/api/azureml/?view=rest-azureml-2024-10-01 */
export const apiVersions = {
  machineLearning: "2024-10-01",
  /** Monitors: later versions have no model performance signal, and `az ml` stays with this one. */
  schedules: "2023-06-01-preview",
  /** Registries' assets, through Resource Manager. */
  registry: "2024-10-01",
  resources: "2021-04-01",
  keyVault: "2023-07-01",
} as const;

const ml = "Microsoft.MachineLearningServices";

/** Whose workspace. */
export interface WorkspaceRef {
  readonly subscriptionId: string;
  readonly resourceGroupName: string;
  readonly workspaceName: string;
}

/** `/subscriptions/S/resourceGroups/G` */
export const resourceGroupId = (subscriptionId: string, name: string): string =>
  `/subscriptions/${subscriptionId}/resourceGroups/${encodeURIComponent(name)}`;

/** `/subscriptions/S/resourceGroups/G/providers/Microsoft.MachineLearningServices/workspaces/W` */
export const workspaceId = (w: WorkspaceRef): string =>
  `${resourceGroupId(w.subscriptionId, w.resourceGroupName)}/providers/${ml}/workspaces/${encodeURIComponent(w.workspaceName)}`;

/** `/subscriptions/S/resourceGroups/G/providers/Microsoft.MachineLearningServices/registries/R` */
export const registryId = (subscriptionId: string, resourceGroupName: string, registryName: string): string =>
  `${resourceGroupId(subscriptionId, resourceGroupName)}/providers/${ml}/registries/${encodeURIComponent(registryName)}`;

/** The parts of an id below its last `/providers/Ns/`, pairs of type and name; for messages and lookups. */
export function nameOf(id: string): string {
  return decodeURIComponent(id.slice(id.lastIndexOf("/") + 1));
}

/** The workspace (or registry) an asset's or job's id is under; the id itself when it is a workspace. */
export function scopeOf(id: string): string {
  const match = /^(.*?\/providers\/Microsoft\.MachineLearningServices\/(?:workspaces|registries)\/[^/]+)/i.exec(id);
  if (!match?.[1]) throw new Error(`${id}: not an id under an Azure ML workspace or registry`);
  return match[1];
}

/** `azureml://subscriptions/…/resourcegroups/…/workspaces/…/datastores/…/paths/…` */
export function datastoreUri(workspaceId: string, datastore: string, path: string): string {
  const [, , subscription, , group, , , , workspace] = workspaceId.split("/");
  return `azureml://subscriptions/${subscription}/resourcegroups/${group}/workspaces/${workspace}/datastores/${datastore}/paths/${path}`;
}
