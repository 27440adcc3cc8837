// `mlops releases restore`: a backup of the history back into the history.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Command, CommandError } from "../command.ts";
import { HistoryBackup } from "../core/historyBackup.ts";
import { restore } from "../flow/destroy/backup.ts";
import { openHistory } from "../flow/release/history.ts";
import { pulumiFor } from "../pulumi.ts";
import { chooseTarget, targetOption } from "../target.ts";

export const restoreReleases: Command = {
  name: "releases restore",
  summary: "put back what a backup has and the history has not",
  details:
    "Changes nothing that is in the history, and no stage. Signatures were made by the key of the shared stack that was: releases hold only where its vault " +
    "was recovered (azure-mlops:purgeProtection), else they are made anew.",
  examples: ["npx mlops releases restore backups/history-shared-20270131-101500.json"],
  arguments: [{ name: "<file>", description: "a backup that mlops destroy wrote" }],
  options: [targetOption],
  async run(call) {
    const file = call.args[0] ?? "";
    let backup: HistoryBackup;
    try {
      backup = HistoryBackup.parse(JSON.parse(readFileSync(resolve(call.repo, file), "utf8")));
    } catch (error) {
      throw new CommandError(
        `${file} is no backup of the history: ${(error as Error).message}`,
        "mlops destroy names the file that it writes.",
      );
    }
    const target = await chooseTarget(call);
    const history = await openHistory(pulumiFor(call, target), target);
    const done = await restore(history, backup);
    const releases = done.releases.length === 0 ? "no release was missing" : `restored ${done.releases.join(", ")}`;
    call.out.print(`${releases}; ${done.approvals} approvals written`);
    call.out.result({ file, ...done });
  },
};
