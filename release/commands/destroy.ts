// `mlops destroy`: takes a stage down with Pulumi, after it has said what will be lost.
import { createInterface } from "node:readline/promises";
import { type Call, type Command, CommandError, option } from "../command.ts";
import { stages } from "../open.ts";
import { modelConfig, pulumiFor } from "../pulumi.ts";
import { chooseTarget, targetOption } from "../target.ts";

export const destroy: Command = {
  name: "destroy",
  summary: "take a stage down: pulumi destroy, after saying what will be lost",
  examples: ["npx mlops destroy --stage dev", "npx mlops destroy --stage dev --yes   # asks nothing"],
  options: [
    { flags: "--stage <stage>", description: "which stage", choices: [...stages, "shared"], required: true },
    { flags: "--yes", description: "do not ask" },
    targetOption,
  ],
  async run(call) {
    const stage = option(call, "stage") ?? "dev";
    const target = await chooseTarget(call);
    const pulumi = pulumiFor(call, target);
    const outputs = await pulumi.outputs(stage);
    if (!outputs) {
      call.out.print(`${stage} is not up; nothing to destroy.`);
      call.out.result({ stage, destroyed: false });
      return;
    }
    if (stage === "shared") {
      for (const other of stages) {
        if (await pulumi.outputs(other)) {
          throw new CommandError(`stage ${other} is up and uses what "shared" owns`, `mlops destroy --stage ${other} first`);
        }
      }
    }
    call.out.progress(`${target.kind}: destroys stack ${stage}: ${String(outputs["resourceGroupName"])} with everything in it,`);
    call.out.progress("jobs with their logs and metrics, registered models, data and endpoints among it.");
    if (call.options["yes"] !== true && !(await confirmed(call, stage)))
      throw new CommandError("not destroyed", "Type the stage's name, or give --yes.");
    await pulumi.destroy(stage);
    // The model went with its workspace; a stack that still names it could not come up again.
    await pulumi.unsetConfig(stage, modelConfig);
    call.out.print(`${stage} is gone. \`pulumi up --stack ${stage}\` makes it again under the same names.`);
    call.out.result({ stage, destroyed: true });
  },
};

async function confirmed(call: Call, stage: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await ask.question(`Type "${stage}" to go on: `, { signal: call.signal })).trim() === stage;
  } finally {
    ask.close();
  }
}
