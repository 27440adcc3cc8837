// What a run that was killed has left half done in a stage is ended before anything else begins there.
import type { Call } from "../../command.ts";
import { eventNow } from "../../core/history.ts";
import type { StageRecord } from "../../core/stageRecord.ts";
import { openStage } from "../workspace.ts";
import { goBack, type RollbackInput } from "./rollback.ts";
import { takeStageBack } from "./takeBack.ts";

/**
 * A rollback is carried through, another release's deployment is taken back; the deployment of `release` itself is left to go on.
 * @returns the stage's record then
 */
export async function endUnfinished(
  call: Call,
  input: Pick<RollbackInput, "stage" | "target" | "pulumi" | "history" | "project">,
  there: StageRecord,
  release: string,
): Promise<StageRecord> {
  const { stage, history, pulumi, target } = input;
  if (there.returning) {
    call.out.progress(`back   a rollback from ${there.returning.left} was begun and never ended; it is ended first`);
    await goBack(call, input, await openStage(stage, pulumi, target), there);
    return history.stage(stage);
  }
  if (!there.pending || there.pending.release === release) return there;
  const begun = there.pending.release;
  call.out.progress(`back   the deployment of ${begun} to ${stage} was never ended; it is taken back first`);
  const back = await takeStageBack(call, history, pulumi, there);
  const note = `its run was killed; taken back before ${release}`;
  await history.add(begun, eventNow("failed", await history.caller(), { stage, passed: false, note }));
  return back;
}
