// `mlops expire`: takes idle deployments outside prod away; what a schedule of the pipelines runs.
import { type Call, type Command, CommandError, option, optionList, UsageError } from "../command.ts";
import { expireStage, type Expired } from "../flow/expire.ts";
import { openHistory } from "../flow/release/history.ts";
import { pulumiFor } from "../pulumi.ts";
import { table } from "../table.ts";
import { chooseTarget, targetOption } from "../target.ts";

const stages = ["dev", "auto", "qa"] as const;

export const expire: Command = {
  name: "expire",
  summary: "take deployments away that nobody has asked for some time, outside prod",
  details:
    "azure-mlops:expire of each stack says after how long (idleHours), and whether a budget that is used up ends them too (whenBudgetUsedUp); a stack without it is " +
    "passed over. The endpoint goes with its deployments; models, data and the rest of the stage stay, and mlops deploy brings it back. Prod has no such setting.",
  examples: [
    "npx mlops expire                       # every stage that has azure-mlops:expire",
    "npx mlops expire --stage dev --idle-hours 12",
    "npx mlops expire --dry-run             # says what would go",
  ],
  options: [
    { flags: "--stage <stage>", description: "which stage; default: dev, auto, qa", choices: stages, repeatable: true },
    { flags: "--idle-hours <hours>", description: "hours without a request, in place of the setting" },
    { flags: "--dry-run", description: "change nothing" },
    targetOption,
  ],
  async run(call) {
    const idleHours = hoursOf(call);
    const target = await chooseTarget(call);
    const pulumi = pulumiFor(call, target);
    const asked = optionList(call, "stage");
    const history = await openHistory(pulumi, target, call.out).catch(() => undefined);
    const done: Expired[] = [];
    const failed: string[] = [];
    for (const stage of asked.length > 0 ? asked : stages) {
      try {
        done.push(
          await expireStage(call, {
            stage: stage as (typeof stages)[number],
            target,
            pulumi,
            history,
            idleHours,
            dryRun: call.options["dryRun"] === true,
          }),
        );
      } catch (error) {
        // One stage's bad day keeps no other from its end.
        if (call.signal.aborted) throw error;
        failed.push(`${stage}: ${(error as Error).message}`);
      }
    }
    const word = ({ expired }: Expired): string => (expired ? (call.options["dryRun"] === true ? "would go" : "gone") : "stays");
    call.out.print(
      table(
        ["stage", "endpoint", "", "why"],
        done.map((one) => [one.stage, one.endpoint ?? "–", one.endpoint ? word(one) : "", one.why]),
      ),
    );
    call.out.result({ dryRun: call.options["dryRun"] === true, stages: done, failed });
    if (failed.length > 0) throw new CommandError(failed.join("; "), "Run it again for these stages.");
  },
};

function hoursOf(call: Call): number | undefined {
  const text = option(call, "idleHours");
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0 && value <= 2232)) throw new UsageError(`--idle-hours is "${text}"; it must be more than 0 and at most 2232 (93 days)`);
  return value;
}
