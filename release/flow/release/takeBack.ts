// Gives up a deployment that is under way: by a run that failed, or by one that was killed.
import type { Call } from "../../command.ts";
import { type StageRecord, takeBack } from "../../core/stageRecord.ts";
import type { Pulumi } from "../../pulumi.ts";
import type { History } from "./history.ts";
import { upStage } from "./stack.ts";
import { allTrafficTo, endpointInState } from "./traffic.ts";

/** First the traffic goes to what served before, then the stack, then the record. The caller holds the stage. */
export async function takeStageBack(call: Call, history: History, pulumi: Pulumi, begun: StageRecord): Promise<StageRecord> {
  const { stage } = begun;
  const back = takeBack(begun);
  // In place there is one slot, which keeps its traffic while it is deployed anew.
  const beside = begun.pending !== null && begun.pending.to.live !== begun.pending.from?.live;
  const endpoint = beside ? await endpointInState(pulumi, stage) : undefined;
  if (endpoint && (await allTrafficTo(call, history.azure, endpoint, back.plan?.live)))
    call.out.progress(
      `back   the traffic of ${stage} is where it was before: ${back.plan ? `all of it in slot ${back.plan.live}` : "nowhere"}`,
    );
  await upStage(call, history.azure, pulumi, { record: back, target: back, takesBack: true });
  await history.putStage(back);
  return back;
}
