// `mlops rollback`: back to the slot that was kept, in seconds.
import { type Command, option, UsageError } from "../command.ts";
import { openHistory } from "../flow/release/history.ts";
import { rollBackStage } from "../flow/release/rollback.ts";
import { projectOf } from "../open.ts";
import { pulumiFor } from "../pulumi.ts";
import { chooseTarget, targetOption } from "../target.ts";

export const rollback: Command = {
  name: "rollback",
  summary: "go back to the release that served before, in seconds: its slot was kept",
  details:
    "Asks the kept slot once, moves all traffic to it in one write, then brings record and stack in line. The slot that failed stays as it is, to look at. " +
    "A deployment that was killed half-way is taken back. Needs no approval: the release was approved when it first served.",
  examples: ['npx mlops rollback --stage prod --reason "answers are off for children"'],
  options: [
    { flags: "--stage <stage>", description: "which stage; only prod keeps a slot", choices: ["auto", "qa", "prod"], default: "prod" },
    { flags: "--reason <text>", description: "why; kept in the history", required: true },
    { flags: "--wait <seconds>", description: "how long to wait for another run that changes the stage", default: "60" },
    targetOption,
  ],
  async run(call) {
    const reason = option(call, "reason");
    const wait = Number(option(call, "wait"));
    if (!reason) throw new UsageError("--reason is empty; say why, for those who come after");
    if (!(wait >= 0)) throw new UsageError(`--wait is "${option(call, "wait")}"; it must be a number of seconds`);
    const stage = option(call, "stage") ?? "prod";
    const target = await chooseTarget(call);
    const pulumi = pulumiFor(call, target);
    const history = await openHistory(pulumi, target, call.out);
    const done = await rollBackStage(call, { stage, target, pulumi, history, reason, wait, project: await projectOf(pulumi, stage) });
    call.out.print(`${stage} is back from ${done.from} to ${done.to}; traffic moved in ${(done.milliseconds / 1000).toFixed(1)} s`);
    call.out.result(done);
  },
};
