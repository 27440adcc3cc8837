// What is deleted and still keeps a name: found, recovered, purged. One entry for each kind of resource that Azure keeps so.
import { isNotFound } from "./errors.ts";
import { apiVersions } from "./ids.ts";
import type { Azure } from "./client.ts";

/** A deleted resource under the name that is asked for. */
export interface Deleted {
  /** Id that it had. */
  readonly id: string;
  readonly deletedAt: string | undefined;
  /** It stays until then, whatever anyone does; undefined: it can be purged. */
  readonly protectedUntil: string | undefined;
}

export interface DeletedKind {
  readonly word: "vault" | "workspace";
  readonly apiVersion: string;
  /** What is lost with it. */
  readonly holds: string;
  /** "unknown": the cloud does not tell. */
  readonly find: (azure: Azure, id: string, location: string, signal?: AbortSignal) => Promise<Deleted | "unknown" | undefined>;
  readonly recover: (azure: Azure, id: string, location: string, signal?: AbortSignal) => Promise<void>;
  /** Nothing there is no error. */
  readonly purge: (azure: Azure, id: string, location: string, signal?: AbortSignal) => Promise<void>;
}

const subscriptionOf = (id: string): string => id.split("/").slice(0, 3).join("/");
const within = (signal: AbortSignal | undefined): { signal?: AbortSignal } => (signal ? { signal } : {});
const nameOf = (id: string): string => id.split("/").at(-1)!;

interface DeletedVault {
  readonly properties: {
    readonly vaultId: string;
    readonly location: string;
    readonly deletionDate?: string;
    readonly scheduledPurgeDate?: string;
    readonly purgeProtectionEnabled?: boolean | null;
  };
}
const vaultPath = (id: string, location: string): string =>
  `${subscriptionOf(id)}/providers/Microsoft.KeyVault/locations/${location}/deletedVaults/${nameOf(id)}`;

/** https://learn.microsoft.com/rest/api/keyvault/keyvault/vaults (get-deleted, purge-deleted; createMode of create-or-update) */
export const deletedVault: DeletedKind = {
  word: "vault",
  apiVersion: apiVersions.keyVault,
  holds: "its keys and secrets",
  async find(azure, id, location, signal) {
    const found = await azure.find<DeletedVault>(vaultPath(id, location), { apiVersion: apiVersions.keyVault, ...within(signal) });
    if (!found) return undefined;
    const { vaultId, deletionDate, scheduledPurgeDate, purgeProtectionEnabled } = found.properties;
    return { id: vaultId, deletedAt: deletionDate, protectedUntil: purgeProtectionEnabled ? scheduledPurgeDate : undefined };
  },
  async recover(azure, id, location, signal) {
    const { tenantId } = await azure.get<{ tenantId: string }>(subscriptionOf(id), { apiVersion: "2022-12-01", ...within(signal) });
    const properties = { tenantId, sku: { family: "A", name: "standard" }, enableRbacAuthorization: true, createMode: "recover" };
    await azure.put(id, { location, properties }, { apiVersion: apiVersions.keyVault, ...within(signal) });
  },
  async purge(azure, id, location, signal) {
    try {
      await azure.post(`${vaultPath(id, location)}/purge`, undefined, { apiVersion: apiVersions.keyVault, ...within(signal) });
    } catch (error) {
      // An answer was lost, and the purge that was sent again found it done.
      if (!isNotFound(error)) throw error;
    }
  },
};

/**
 * https://learn.microsoft.com/azure/machine-learning/concept-soft-delete. Azure documents no list of deleted workspaces ("Recently deleted" of
 * the portal has one); where the cloud answers to the path that the others have, it is used.
 */
export const deletedWorkspace: DeletedKind = {
  word: "workspace",
  apiVersion: apiVersions.machineLearning,
  holds: "its jobs, models and data assets",
  async find(azure, id, _location, signal) {
    const path = `${subscriptionOf(id)}/providers/Microsoft.MachineLearningServices/deletedWorkspaces`;
    try {
      type One = { name: string; properties?: { resourceId?: string; deletionDate?: string } };
      for await (const one of azure.list<One>(path, { apiVersion: apiVersions.machineLearning, ...within(signal) })) {
        if (one.name.toLowerCase() !== nameOf(id).toLowerCase()) continue;
        return { id: one.properties?.resourceId ?? id, deletedAt: one.properties?.deletionDate, protectedUntil: undefined };
      }
      return undefined;
    } catch (error) {
      if (isNotFound(error) || (error instanceof Error && "status" in error && error.status === 400)) return "unknown";
      throw error;
    }
  },
  async recover(azure, id, location, signal) {
    const group = id.slice(0, id.indexOf("/providers/"));
    const kinds = { "Microsoft.Storage/storageAccounts": "storageAccount", "Microsoft.KeyVault/vaults": "keyVault" };
    const more = { "Microsoft.Insights/components": "applicationInsights", "Microsoft.ContainerRegistry/registries": "containerRegistry" };
    const properties: Record<string, unknown> = { allowRecoverSoftDeletedWorkspace: true };
    for await (const { id: there, type } of azure.list<{ id: string; type: string }>(`${group}/resources`, { apiVersion: "2021-04-01" })) {
      const property = Object.entries({ ...kinds, ...more }).find(([known]) => known.toLowerCase() === type.toLowerCase())?.[1];
      if (property) properties[property] = there;
    }
    await azure.put(
      id,
      { location, identity: { type: "SystemAssigned" }, properties },
      { apiVersion: apiVersions.machineLearning, ...within(signal) },
    );
  },
  async purge(azure, id, _location, signal) {
    await azure.delete(id, { apiVersion: apiVersions.machineLearning, query: { forceToPurge: "true" }, ...within(signal) });
  },
};

/** By the word that names them. */
export const deletedKinds = { vault: deletedVault, workspace: deletedWorkspace } as const;
