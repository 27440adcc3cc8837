// Back to the slot that was kept: the traffic first, in one write; the record and the stack follow.
import { isConflict } from "../../../azure/errors.ts";
import { readEndpoint as readOnlineEndpoint, writeEndpoint } from "../../../azure/online.ts";
import { type Call, CommandError } from "../../command.ts";
import { eventNow } from "../../core/history.ts";
import { rollBack, serving, type StageRecord, takeBack } from "../../core/stageRecord.ts";
import type { Pulumi } from "../../pulumi.ts";
import type { Target } from "../../target.ts";
import { sampleRequest } from "../deploy.ts";
import { endpointId, readEndpoint, score } from "../endpoint.ts";
import { pause } from "../follow.ts";
import { openStage, type Workspace } from "../workspace.ts";
import type { History } from "./history.ts";
import { upStage } from "./stack.ts";

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
  const { stage, target, pulumi, history, wait } = input;
  // What can be read is read while the hold is being taken: every second counts here.
  const [workspace, by] = await Promise.all([openStage(stage, pulumi, target), history.caller()]);
  return history.holding(stage, { wait, signal: call.signal, say: (line) => call.out.progress(line) }, async (signal) => {
    const there = await history.stage(stage);
    const held: Call = { ...call, signal };
    if (there.pending) return endPending(held, input, there);
    const now = serving(there);
    const back = rollBack(there);
    const next = back && serving(back);
    if (!now || !back || !next) {
      throw new CommandError(
        `${stage} has nothing to go back to: ${now ? `only ${now.release} is there` : "nothing serves"}`,
        "Deploy an earlier release anew: mlops releases, then mlops deploy --release ID. Its approvals hold if it has served before.",
      );
    }
    const began = performance.now();
    const slot = back.plan!.live;
    await answers(held, workspace, input.project, slot);
    await allTrafficTo(held, workspace, slot);
    const milliseconds = performance.now() - began;
    call.out.progress(`back   ${stage} serves ${next.release} from slot ${slot}, ${Math.round(milliseconds)} ms after the decision`);
    const reason = { stage, note: input.reason };
    await history.putStage(back);
    await history.add(now.release, eventNow("rolled-back", by, { ...reason, note: `to ${next.release}: ${input.reason}` }));
    await history.add(next.release, eventNow("restored", by, { ...reason, note: `in place of ${now.release}: ${input.reason}` }));
    // The stack says the same from here on; traffic is where it should be already, so nothing moves.
    await upStage(held, history.azure, pulumi, { record: back, target: back });
    return { stage, from: now.release, to: next.release, milliseconds };
  });
}

/** A deployment that was begun and never ended: it is taken back. */
async function endPending(call: Call, { stage, pulumi, history, reason }: RollbackInput, there: StageRecord): Promise<RolledBack> {
  const began = performance.now();
  const { release } = there.pending!;
  call.out.progress(`back   the deployment of ${release} to ${stage} was never ended; it is taken back`);
  const back = takeBack(there);
  await upStage(call, history.azure, pulumi, { record: back, target: back });
  await history.putStage(back);
  await history.add(release, eventNow("failed", await history.caller(), { stage, passed: false, note: `taken back: ${reason}` }));
  return { stage, from: release, to: serving(back)?.release ?? "nothing", milliseconds: performance.now() - began };
}

/** One direct call: a slot that does not answer gets no traffic, whatever is wrong with the other. */
async function answers(call: Call, workspace: Workspace, project: string, slot: string): Promise<void> {
  const request = sampleRequest(call.repo, project);
  const state = await readEndpoint(workspace);
  if (!state.deployments.some(({ name }) => name === slot))
    throw new CommandError(
      `slot ${slot} of endpoint ${state.name} is gone`,
      `pulumi up --stack ${workspace.stage} --refresh makes it again`,
    );
  if (request === undefined) return;
  const answer = await score(workspace, state, request, slot);
  if (answer.status !== 200)
    throw new CommandError(
      `slot ${slot}, which was kept, answers ${answer.status}: ${JSON.stringify(answer.body).slice(0, 200)}`,
      `Nothing was changed. mlops logs --stage ${workspace.stage} --deployment ${slot}`,
    );
}

async function allTrafficTo(call: Call, workspace: Workspace, slot: string): Promise<void> {
  for (;;) {
    const endpoint = await readOnlineEndpoint(workspace.azure, endpointId(workspace), call.signal);
    if (!endpoint) throw new CommandError("the endpoint is gone", `pulumi up --stack ${workspace.stage} --refresh`);
    try {
      await writeEndpoint(workspace.azure, endpoint, { traffic: { [slot]: 100 }, mirrorTraffic: {} }, { signal: call.signal });
      return;
    } catch (error) {
      if (!isConflict(error)) throw error;
      call.out.progress("back   the endpoint is being changed; waiting");
      await pause(500, call.signal);
    }
  }
}
