// Writes down that a stage serves nothing any more.
import { eventNow } from "../../core/history.ts";
import { emptyStage } from "../../core/stageRecord.ts";
import type { History } from "../release/history.ts";

/** Releases that served or were kept there get an event; the stage starts from nothing the next time. Done twice, it changes nothing. */
export async function endStage(history: History, stage: string, why: string): Promise<void> {
  const { releases, plan } = await history.stage(stage);
  if (!plan) return;
  const by = await history.caller();
  for (const { release } of Object.values(releases)) {
    // A release whose record is gone has nothing to be told.
    if (await history.release(release)) await history.add(release, eventNow("ended", by, { stage, note: why }));
  }
  await history.putStage(emptyStage(stage));
}
