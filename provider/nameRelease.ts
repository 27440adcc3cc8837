// mlops:arm:NameRelease: lets a name be used again after `destroy`. Workspaces and vaults are only half gone after a delete (soft
// delete), and azure-native neither purges nor recovers them.
import { nameOf } from "../azure/ids.ts";
import type { Azure } from "../azure/client.ts";
import { isNotFound } from "../azure/errors.ts";
import { differences } from "./kind.ts";
import type { Call, ResourceKind } from "./kind.ts";

/** Inputs; the resource itself must depend on this one, so that this one is made before and deleted after it. */
export interface NameReleaseInputs {
  readonly kind: "workspace" | "vault";
  /** Id of the resource whose name it is. */
  readonly resourceId: string;
  readonly location: string;
}

type Keeper = {
  readonly apiVersion: string;
  /** Removes what soft delete holds; nothing there is no error. */
  purge(azure: Azure, inputs: NameReleaseInputs, signal: AbortSignal): Promise<boolean>;
};

const keepers: Record<NameReleaseInputs["kind"], Keeper> = {
  // https://learn.microsoft.com/azure/machine-learning/concept-soft-delete
  workspace: {
    apiVersion: "2024-10-01",
    purge: (azure, { resourceId }, signal) =>
      azure.delete(resourceId, { apiVersion: "2024-10-01", query: { forceToPurge: "true" }, signal }),
  },
  // https://learn.microsoft.com/rest/api/keyvault/keyvault/vaults/purge-deleted
  vault: {
    apiVersion: "2023-07-01",
    async purge(azure, { resourceId, location }, signal) {
      const options = { apiVersion: "2023-07-01", signal };
      const subscription = resourceId.split("/").slice(0, 3).join("/");
      const deleted = `${subscription}/providers/Microsoft.KeyVault/locations/${location}/deletedVaults/${nameOf(resourceId)}`;
      const found = await azure.find<{ properties?: { vaultId?: string } }>(deleted, options);
      // A vault of that name from another resource group is not ours to destroy.
      if (found?.properties?.vaultId?.toLowerCase() !== resourceId.toLowerCase()) return false;
      try {
        await azure.post(`${deleted}/purge`, undefined, options);
      } catch (error) {
        // It was there just now: an answer was lost, and the purge that was sent again found it done.
        if (!isNotFound(error)) throw error;
      }
      return true;
    },
  },
};

export const nameRelease: ResourceKind<NameReleaseInputs> = {
  type: "mlops:arm:NameRelease",

  check: ({ kind }) => (kind in keepers ? [] : [{ property: "kind", reason: `"${kind}" is neither workspace nor vault` }]),

  diff: ({ inputs: before }, after) =>
    (["kind", "resourceId", "location"] as const).flatMap((name) =>
      differences(before[name], after[name], name).map((difference) => ({ ...difference, replace: true })),
    ),

  async create(inputs, call) {
    await release(inputs, call);
    return { id: `${inputs.kind}:${nameOf(inputs.resourceId)}`, outputs: {} };
  },

  async delete({ inputs }, call) {
    try {
      await release(inputs, call);
    } catch (error) {
      // Purging takes a right on the subscription; without it everything is deleted all the same, only the name is not free.
      if (!(error instanceof Error && "status" in error && error.status === 403)) throw error;
      call.note(`${nameOf(inputs.resourceId)} is deleted but may not be purged by you; its name stays taken: ${error.message}`);
    }
  },
};

async function release(inputs: NameReleaseInputs, call: Call): Promise<void> {
  const keeper = keepers[inputs.kind];
  const azure = await call.azure();
  // The same call that purges what is soft-deleted would destroy what lives: never while the resource answers.
  const alive = await azure.find(inputs.resourceId, { apiVersion: keeper.apiVersion, signal: call.signal });
  if (alive) return;
  if (await keeper.purge(azure, inputs, call.signal)) call.note(`purged the deleted ${inputs.kind} ${nameOf(inputs.resourceId)}`);
}
