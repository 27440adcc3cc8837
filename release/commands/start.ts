// `mlops start` (`npm start`): the main job from nothing: set up, sandbox, shared and dev, train, deploy, score.
import { createInterface } from "node:readline/promises";
import { runSteps } from "../../tools/setup/step.ts";
import { toolchain } from "../../tools/setup/toolchain.ts";
import { startSandbox } from "../../sandbox/control.ts";
import { type Call, type Command, CommandError } from "../command.ts";
import { deployModel } from "../flow/deploy.ts";
import { automlOption, jobOptions } from "../flow/job.ts";
import { projectOf } from "../open.ts";
import { modelConfig, pulumiFor } from "../pulumi.ts";
import { sandboxDir, sandboxTarget, tellFaults } from "../target.ts";
import { printDeployed } from "./deploy.ts";
import { runTraining } from "./train.ts";

export const start: Command = {
  name: "start",
  summary: "everything from nothing, on this machine: sandbox, dev stage, training, deployment, a prediction",
  details: "Needs no Azure subscription. Run again, it finds what is there and trains a new version.",
  examples: ["npm start", "npm start -- --no-deploy   # train only", "npm start -- --deploy      # do not ask"],
  options: [
    { flags: "--deploy", description: "deploy the model to dev without asking" },
    { flags: "--no-deploy", description: "train only" },
    automlOption,
    ...jobOptions,
  ],
  async run(call) {
    const began = performance.now();
    await runSteps(toolchain, (line) => call.out.progress(line));
    const sandbox = await startSandbox(sandboxDir(call.repo));
    call.out.progress(`sandbox  ${sandbox.armEndpoint} (state in ${sandboxDir(call.repo)})`);
    tellFaults(call, sandboxDir(call.repo));
    const target = await sandboxTarget(call.repo);
    const pulumi = pulumiFor(call, target);
    await pulumi.ensure("dev");
    if (!(await pulumi.outputs("dev"))) {
      // A stack that is not up has no model yet; what its config names went with an earlier workspace.
      await pulumi.unsetConfig("dev", modelConfig);
    }
    for (const stack of ["shared", "dev"]) {
      call.out.progress(`up  pulumi up --stack ${stack}`);
      await pulumi.up(stack);
    }
    const trained = await runTraining(call, { stage: "dev", target, pulumi });
    if (!(await wantsDeployment(call))) {
      call.out.print(`not deployed. Later: npx mlops deploy --stage dev --model ${trained.model.name}:${trained.model.version}`);
      call.out.result(trained);
      return;
    }
    const deployed = await deployModel(
      call,
      target,
      pulumi,
      "dev",
      { ...trained.model, variant: trained.variant },
      await projectOf(pulumi, "dev"),
    );
    printDeployed(call, "dev", deployed);
    if (deployed.sample && deployed.sample.status !== 200) {
      throw new CommandError(
        `the endpoint is healthy, but answered the sample request with ${deployed.sample.status}`,
        "mlops logs --stage dev",
      );
    }
    call.out.progress(`done in ${((performance.now() - began) / 1000).toFixed(0)} s`);
    call.out.print(next);
    call.out.result({ ...trained, deployed });
  },
};

const next = `
next:
  npx mlops status                                    what stands where
  npx mlops invoke                                    the sample request again
  npx mlops train --set inputs.alpha=0.1              another version
  eval "$(npx mlops sandbox env)" && pulumi preview --stack dev
  npx mlops sandbox stop                              (its state stays in .sandbox/)`;

/** As the first seed's script asks; without a terminal the answer is yes. */
async function wantsDeployment(call: Call): Promise<boolean> {
  if (typeof call.options["deploy"] === "boolean") return call.options["deploy"];
  if (!process.stdin.isTTY || !process.stderr.isTTY) return true;
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return !/^n/i.test((await ask.question("Deploy this model to the dev endpoint? [Y/n] ", { signal: call.signal })).trim());
  } finally {
    ask.close();
  }
}
