// May a stage serve what its config names? Asked of the history and the release key by whoever has the stage's settings.
import { connect } from "../../../azure/client.ts";
import { historyNames, releaseKeyNames, suffixOf } from "../../../settings/names.ts";
import type { ApprovalPolicy } from "../../core/approval.ts";
import { refusals, type Wanted } from "../../core/permission.ts";
import { History } from "./history.ts";

/** A stage's settings, as far as this is about them. */
export interface ServingWish extends Wanted {
  readonly prefix: string;
  readonly approval: ApprovalPolicy;
}

/** Why not, a sentence each; none when it may. No stack needs to be read for it: names follow from the settings. */
export async function refusalsOf(wish: ServingWish): Promise<string[]> {
  const { stage, release, approval } = wish;
  const azure = await connect(process.env);
  const suffix = suffixOf(azure.subscriptionId);
  const { account, containers } = historyNames(wish, suffix);
  const names = releaseKeyNames(wish, suffix);
  const keyId = `/subscriptions/${azure.subscriptionId}/resourceGroups/${names.resourceGroup}/providers/Microsoft.KeyVault/vaults/${names.vault}/keys/${names.key}`;
  const history = await History.at(azure, { account, ...containers, keyId });
  const [record, approvals] = release ? await Promise.all([history.release(release), history.approvals(release, stage)]) : [undefined, []];
  const signature = record && (await history.key.problem(record.manifest));
  return refusals(wish, { record, signature, approvals, policy: approval, now: new Date() });
}
