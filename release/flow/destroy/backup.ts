// Backs the history of releases up into a file, and puts back what is missing.
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { HistoryBackup } from "../../core/historyBackup.ts";
import type { History } from "../release/history.ts";

/** Stages that take releases. */
const releaseStages = ["auto", "qa", "prod"] as const;

export async function backUp(history: History, stage: string, file: string): Promise<HistoryBackup> {
  const releases = await history.releases();
  const [stages, approvals] = await Promise.all([
    Promise.all(releaseStages.map((one) => history.stage(one))),
    Promise.all(releases.flatMap(({ manifest }) => releaseStages.map((one) => history.approvals(manifest.id, one)))),
  ]);
  const backup: HistoryBackup = {
    ...{ schema: "mlops-history/1", stage, at: new Date().toISOString() },
    ...{ releases, stages, approvals: approvals.flat() },
  };
  mkdirSync(dirname(file), { recursive: true });
  // Whole or not at all: a backup that a kill cut off would be none.
  writeFileSync(`${file}.part`, `${JSON.stringify(backup, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.part`, file);
  return backup;
}

export interface Restored {
  readonly releases: readonly string[];
  readonly approvals: number;
}

/** What is in the history stays as it is; releases and approvals that it does not have are written. Stages are not: they serve what they serve now. */
export async function restore(history: History, backup: HistoryBackup): Promise<Restored> {
  const written: string[] = [];
  for (const { manifest, events } of backup.releases) {
    if (await history.release(manifest.id)) continue;
    await history.put(manifest, events, (there) => there);
    written.push(manifest.id);
  }
  let approvals = 0;
  for (const approval of backup.approvals) {
    const there = await history.approvals(approval.release, approval.stage);
    if (there.some(({ by, at }) => by.id === approval.by.id && at >= approval.at)) continue;
    await history.approve(approval);
    approvals++;
  }
  return { releases: written, approvals };
}
