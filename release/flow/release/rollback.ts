// Back to the slot that was kept: the traffic first, in one write; the record and the stack follow.
import { type Call, CommandError } from "../../command.ts";
import { eventNow } from "../../core/history.ts";
import { beginRollback, endRollback, rolledBack, serving, type StageRecord } from "../../core/stageRecord.ts";
import type { Pulumi } from "../../pulumi.ts";
import type { Target } from "../../target.ts";
import { sampleRequest } from "../deploy.ts";
import { endpointId, readEndpoint, scorePatiently } from "../endpoint.ts";
import { openStage, type Workspace } from "../workspace.ts";
import type { History } from "./history.ts";
import { upStage } from "./stack.ts";
import { takeStageBack } from "./takeBack.ts";
import { allTrafficTo } from "./traffic.ts";

export interface RolledBack {
  readonly stage: string;
  readonly from: string;
  readonly to: string;
  /** Milliseconds from the decision until the old slot had all traffic. */
  readonly milliseconds: number;
}

export interface RollbackInput {
  readonly stage: string;
  readonly target: Target;
  readonly pulumi: Pulumi;
  readonly history: History;
  readonly project: string;
  readonly reason: string;
  readonly wait: number;
}

export async function rollBackStage(call: Call, input: RollbackInput): Promise<RolledBack> {
  const { stage, history, wait } = input;
  // What can be read is read while the hold is being taken: every second counts here.
  const ready = Promise.all([openStage(stage, input.pulumi, input.target), history.caller()]);
  ready.catch(() => undefined);
  return history.holding(stage, { wait, signal: call.signal, say: (line) => call.out.progress(line) }, async (signal) => {
    const there = await history.stage(stage);
    const held: Call = { ...call, signal };
    if (there.pending) return endPending(held, input, there);
    const now = serving(there);
    const begun = beginRollback(there, input.reason, await history.caller());
    if (!begun) {
      throw new CommandError(
        `${stage} has nothing to go back to: ${now ? `only ${now.release} is there` : "nothing serves"}`,
        "Deploy an earlier release anew: mlops releases, then mlops deploy --release ID. Its approvals hold if it has served before.",
      );
    }
    if (there.returning)
      call.out.progress(`back   a rollback from ${there.returning.left} was begun at ${there.returning.since} and not ended; it goes on`);
    const [workspace] = await ready;
    return goBack(held, input, workspace, begun);
  });
}

/**
 * Carries out a rollback that the record has begun. A run that was killed in it is gone on with by the next, which would otherwise take
 * the slot that was left for the one to go back to.
 */
export async function goBack(
  call: Call,
  { stage, pulumi, history, project }: Pick<RollbackInput, "stage" | "pulumi" | "history" | "project">,
  workspace: Workspace,
  begun: StageRecord,
): Promise<RolledBack> {
  const { left, to, reason, by } = begun.returning!;
  const back = rolledBack(begun);
  const next = serving(back)!;
  const began = performance.now();
  const moved = begun.plan?.live === to.live;
  if (!moved) {
    const [answered, written] = await Promise.allSettled([answers(call, workspace, project, to.live), history.putStage(begun)]);
    if (written.status === "rejected") throw written.reason;
    if (answered.status === "rejected") {
      await history.putStage(endRollback(begun));
      throw answered.reason;
    }
  }
  await allTrafficTo(call, workspace.azure, endpointId(workspace), to.live);
  const milliseconds = performance.now() - began;
  call.out.progress(`back   ${stage} serves ${next.release} from slot ${to.live}, ${Math.round(milliseconds)} ms after the decision`);
  if (!moved) {
    await history.add(left, eventNow("rolled-back", by, { stage, note: `to ${next.release}: ${reason}` }));
    await history.add(next.release, eventNow("restored", by, { stage, note: `in place of ${left}: ${reason}` }));
    await history.putStage(back);
  }
  // The stack says the same from here on; traffic is where it should be already, so nothing moves.
  await upStage(call, history.azure, pulumi, { record: back, target: back });
  await history.putStage(endRollback(back));
  return { stage, from: left, to: next.release, milliseconds };
}

/** A deployment that was begun and never ended: it is taken back. */
async function endPending(call: Call, { stage, pulumi, history, reason }: RollbackInput, there: StageRecord): Promise<RolledBack> {
  const began = performance.now();
  const { release } = there.pending!;
  call.out.progress(`back   the deployment of ${release} to ${stage} was never ended; it is taken back`);
  const back = await takeStageBack(call, history, pulumi, there);
  await history.add(release, eventNow("failed", await history.caller(), { stage, passed: false, note: `taken back: ${reason}` }));
  return { stage, from: release, to: serving(back)?.release ?? "nothing", milliseconds: performance.now() - began };
}

/** A direct call: a slot that does not answer gets no traffic, whatever is wrong with the other. */
async function answers(call: Call, workspace: Workspace, project: string, slot: string): Promise<void> {
  const request = sampleRequest(call.repo, project);
  const state = await readEndpoint(workspace);
  if (!state.deployments.some(({ name }) => name === slot))
    throw new CommandError(
      `slot ${slot} of endpoint ${state.name} is gone`,
      `pulumi up --stack ${workspace.stage} --refresh makes it again`,
    );
  if (request === undefined) return;
  const answer = await scorePatiently(workspace, state, request, { signal: call.signal, deployment: slot });
  if (answer.status !== 200)
    throw new CommandError(
      `slot ${slot}, which was kept, answers ${answer.status}: ${JSON.stringify(answer.body).slice(0, 200)}`,
      `Nothing was changed. mlops logs --stage ${workspace.stage} --deployment ${slot}`,
    );
}
