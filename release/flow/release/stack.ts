// Brings a stage's stack to what its record says, and says why when that fails.
import type { Azure } from "../../../azure/client.ts";
import { apiVersions } from "../../../azure/ids.ts";
import { readEndpoint } from "../../../azure/online.ts";
import type { Call } from "../../command.ts";
import { configOf, type StageRecord } from "../../core/stageRecord.ts";
import type { SlotPlan } from "../../core/slots.ts";
import { type Pulumi, UpFailed } from "../../pulumi.ts";

export interface StackChange {
  readonly record: StageRecord;
  readonly target: { readonly plan: SlotPlan | null; readonly frozen: boolean };
  /** Instances of the kept slot; undefined: as its file says. */
  readonly keptInstances?: number;
  /** Further keys, for this change and those that follow. */
  readonly more?: Readonly<Record<string, string>>;
  /** A deployment is given up: a Pulumi that still works on it is told to stop. */
  readonly takesBack?: boolean;
}

/** Writes the config and runs `pulumi up`. The caller holds the stage. @throws UpFailed */
export async function upStage(
  call: Pick<Call, "out" | "signal">,
  azure: Azure,
  pulumi: Pulumi,
  { record, target, keptInstances, more = {}, takesBack = false }: StackChange,
): Promise<void> {
  const { stage } = record;
  const config = { ...configOf(record, target), keptInstances: keptInstances === undefined ? "" : String(keptInstances), ...more };
  const entries = Object.entries(config);
  await pulumi.ensure(stage);
  await pulumi.unsetConfig(
    stage,
    entries.filter(([, value]) => value === "").map(([key]) => key),
  );
  const set = Object.fromEntries(entries.filter(([, value]) => value !== ""));
  if (Object.keys(set).length > 0) await pulumi.setConfig(stage, set);
  for (let orphans = 0; ; orphans++) {
    try {
      return await pulumi.up(stage, { alone: true, stopOthers: takesBack });
    } catch (error) {
      if (!(error instanceof UpFailed) || orphans === 2 || !(await orphanGone(call, azure, error.said))) throw error;
    }
  }
}

/**
 * A run that was killed while it made a deployment leaves one that the stack's state does not know. It has no state of its own and, without
 * traffic, no callers: it is deleted, and made again. True: try again.
 */
async function orphanGone(call: Pick<Call, "out" | "signal">, azure: Azure, said: string): Promise<boolean> {
  const [, endpointId, slot] =
    /already existing resource '?(\/subscriptions\/[^\s']+\/onlineEndpoints\/[^/\s']+)\/deployments\/(blue|green)\b/i.exec(said) ?? [];
  if (!endpointId || !slot) return false;
  const endpoint = await readEndpoint(azure, endpointId, call.signal);
  const { traffic, mirrorTraffic } = endpoint?.properties ?? {};
  if ((traffic?.[slot] ?? 0) > 0 || (mirrorTraffic?.[slot] ?? 0) > 0) return false;
  call.out.progress(`an earlier run was killed while it made slot ${slot}; what it left is deleted`);
  return azure.delete(`${endpointId}/deployments/${slot}`, { apiVersion: apiVersions.machineLearning, signal: call.signal });
}
