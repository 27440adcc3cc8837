// Brings a stage's stack to what its record says, and says why when that fails.
import { hostname } from "node:os";
import type { Azure } from "../../../azure/client.ts";
import { apiVersions } from "../../../azure/ids.ts";
import { readEndpoint } from "../../../azure/online.ts";
import { type Call, CommandError } from "../../command.ts";
import { configOf, type StageRecord } from "../../core/stageRecord.ts";
import type { SlotPlan } from "../../core/slots.ts";
import type { Pulumi } from "../../pulumi.ts";
import { pause } from "../follow.ts";
import { alive } from "../stateLocks.ts";

/** `pulumi up` ended with an error; the message is what Pulumi gave as the reason. */
export class UpFailed extends CommandError {}

export interface StackChange {
  readonly record: StageRecord;
  readonly target: { readonly plan: SlotPlan | null; readonly frozen: boolean };
  /** Instances of the kept slot; undefined: as its file says. */
  readonly keptInstances?: number;
  /** Further keys, for this change and those that follow. */
  readonly more?: Readonly<Record<string, string>>;
}

/** Writes the config and runs `pulumi up`. @throws UpFailed */
export async function upStage(
  call: Pick<Call, "out" | "signal">,
  azure: Azure,
  pulumi: Pulumi,
  { record, target, keptInstances, more = {} }: StackChange,
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
  const args = ["up", "--yes", "--non-interactive", "--suppress-permalink=true", "--skip-preview", "--stack", stage];
  for (let orphans = 0; ;) {
    const done = await pulumi.run(args, true);
    if (done.code === 0) return;
    if (call.signal.aborted)
      throw new CommandError(
        "interrupted",
        `pulumi was stopped; its state is kept. Run the same command again, and it completes or takes back.`,
      );
    const said = done.stdout + done.stderr;
    if (await unlocked(call, pulumi, stage, said)) continue;
    if (orphans++ < 2 && (await orphanGone(call, azure, said))) continue;
    throw new UpFailed(reasonOf(said) ?? `pulumi up --stack ${stage} ended with ${done.code}`);
  }
}

/**
 * A run that was killed leaves the stack locked, or goes on without its parent. This process holds the stage, so no other run of this
 * project is at work there: one that goes on here is waited for, the lock of one that is dead is taken away. True: try again.
 */
async function unlocked(call: Pick<Call, "out" | "signal">, pulumi: Pulumi, stage: string, said: string): Promise<boolean> {
  const holders = [...said.matchAll(/created by \S+@(\S+) \(pid (\d+)\)/g)];
  if (!/currently locked by/.test(said) || holders.length === 0) return false;
  if (holders.some(([, host]) => host !== hostname())) return false;
  if (holders.some(([, , pid]) => alive(Number(pid)))) {
    call.out.progress(`an earlier pulumi still works on ${stage}; waiting for its end`);
    await pause(2000, call.signal);
    return true;
  }
  call.out.progress(`an earlier run on ${stage} was killed; its lock is taken away`);
  const cancelled = await pulumi.run(["cancel", "--yes", "--stack", stage]);
  return cancelled.code === 0;
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

/** The errors among Pulumi's diagnostics, without its own framing; undefined when there are none. */
export function reasonOf(said: string): string | undefined {
  const lines = said.split("\n").map((line) => line.trim());
  const from = lines.lastIndexOf("Diagnostics:");
  const reasons: string[] = [];
  let within = false;
  for (const line of lines.slice(from + 1)) {
    if (/^(Outputs|Resources|Duration):?/.test(line)) within = false;
    const error = /(?:^|\s)error: (.*)$/.exec(line);
    if (error) {
      within = !/^update failed$/.test(error[1]!);
      if (within) reasons.push(error[1]!);
    } else if (within && line !== "" && !/^\S+ \(.+\):$/.test(line) && reasons.length < 8) reasons.push(line);
    else within = false;
  }
  const unique = [...new Set(reasons)];
  return unique.length === 0 ? undefined : unique.join("\n  ");
}
