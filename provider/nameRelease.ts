// mlops:arm:NameRelease: lets a name be used again after `destroy`. Workspaces and vaults are only half gone after a delete (soft
// delete), and azure-native neither purges nor recovers them.
import { type DeletedKind, deletedKinds } from "../azure/deleted.ts";
import { nameOf } from "../azure/ids.ts";
import { differences } from "./kind.ts";
import type { Call, Difference, Properties, ResourceKind } from "./kind.ts";

/** Inputs; the resource itself must depend on this one, so that this one is made before and deleted after it. */
export interface NameReleaseInputs {
  readonly kind: keyof typeof deletedKinds;
  /** Id of the resource whose name it is. */
  readonly resourceId: string;
  readonly location: string;
  /** A deletion purges nothing. Made again, a vault is the one that was deleted; a workspace, which azure-native cannot recover, a new one. */
  readonly keep?: boolean;
}

/** Outputs: `recover` is true when the vault has to be made by recovering the deleted one. Once it is there, the next update says so no more. */
const recovering = (recover: boolean): Properties => ({ recover });

export const nameRelease: ResourceKind<NameReleaseInputs> = {
  type: "mlops:arm:NameRelease",

  check: ({ kind }) =>
    kind in deletedKinds ? [] : [{ property: "kind", reason: `"${kind}" is neither ${Object.keys(deletedKinds).join(" nor ")}` }],

  diff({ inputs: before, outputs }, after) {
    const moved = (["kind", "resourceId", "location"] as const).flatMap((name) =>
      differences(before[name], after[name], name).map((difference) => ({ ...difference, replace: true })),
    );
    const recovered: Difference[] = outputs["recover"] === true ? [{ path: "recover", kind: "update" }] : [];
    return [...moved, ...differences(before.keep, after.keep, "keep"), ...recovered];
  },

  async create(inputs, call) {
    const held = await holder(inputs, call);
    const recover = held !== undefined && inputs.kind === "vault" && (inputs.keep === true || held.protected);
    if (held && !recover) await purge(inputs, call);
    return { id: `${inputs.kind}:${nameOf(inputs.resourceId)}`, outputs: recovering(recover) };
  },

  // The resource itself was made after this one: it is there, and takes no word about its recovery any more.
  update: async () => recovering(false),

  async delete({ inputs }, call) {
    const { kind, resourceId, keep } = inputs;
    const held = await holder(inputs, call);
    if (!held) return;
    if (keep || held.protected) {
      const again = kind === "vault" ? "recovers" : "purges";
      call.note(`the deleted ${kind} ${nameOf(resourceId)} is kept with ${deletedKinds[kind].holds}; the next up ${again} it`);
      return;
    }
    try {
      await purge(inputs, call);
    } catch (error) {
      // Purging takes a right on the subscription; without it everything is deleted all the same, only the name is not free.
      if (!(error instanceof Error && "status" in error && error.status === 403)) throw error;
      call.note(`${nameOf(resourceId)} is deleted but may not be purged by you; its name stays taken: ${error.message}`);
    }
  },
};

/** What is deleted and holds the name, if it is the stage's own; what the cloud does not tell may be there. */
async function holder({ kind, resourceId, location }: NameReleaseInputs, call: Call): Promise<{ readonly protected: boolean } | undefined> {
  const { apiVersion, find }: DeletedKind = deletedKinds[kind];
  const azure = await call.azure();
  // The same call that purges what is soft-deleted would destroy what lives: never while the resource answers.
  if (await azure.find(resourceId, { apiVersion, signal: call.signal })) return undefined;
  const found = await find(azure, resourceId, location, call.signal);
  if (found === "unknown") return { protected: false };
  // One of that name from another resource group is not ours to destroy, nor to bring back.
  if (found?.id.toLowerCase() !== resourceId.toLowerCase()) return undefined;
  return { protected: found.protectedUntil !== undefined };
}

async function purge({ kind, resourceId, location }: NameReleaseInputs, call: Call): Promise<void> {
  await deletedKinds[kind].purge(await call.azure(), resourceId, location, call.signal);
  call.note(`purged the deleted ${kind} ${nameOf(resourceId)}`);
}
