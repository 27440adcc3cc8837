// The history of releases as one document, to keep when what holds it goes.
import { z } from "zod";
import { Approval } from "./approval.ts";
import { ReleaseRecord } from "./history.ts";
import { StageRecord } from "./stageRecord.ts";

export const HistoryBackup = z.strictObject({
  schema: z.literal("mlops-history/1"),
  /** Stack that was about to be destroyed. */
  stage: z.string(),
  at: z.iso.datetime({ offset: true }),
  releases: z.array(ReleaseRecord),
  stages: z.array(StageRecord),
  approvals: z.array(Approval),
});
export type HistoryBackup = Readonly<z.infer<typeof HistoryBackup>>;
