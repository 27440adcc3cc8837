// `mlops deploy`: brings a model version to a stage's endpoint and shows that it answers.
import { type Call, type Command, CommandError, option, UsageError } from "../command.ts";
import { deployModel, type Deployed, newestModel } from "../flow/deploy.ts";
import { modelOf } from "../flow/model.ts";
import { openStage } from "../flow/workspace.ts";
import { openTarget, projectOf, stageOptions } from "../open.ts";
import { printAnswer } from "./invoke.ts";
import { modelLabel } from "./status.ts";

export const deploy: Command = {
  name: "deploy",
  summary: "bring a model version to a stage's endpoint, check it, send the sample request",
  details:
    "Writes modelName and modelVersion into the stack's config (Pulumi.<stage>.yaml) and runs pulumi up: the new version goes to the free slot, " +
    "is checked by direct calls, and gets the traffic in the steps that the stack's config says. If a check fails, the old slot keeps serving.",
  examples: [
    "npx mlops deploy --stage dev --model diabetes:3",
    "npx mlops deploy --stage dev                    # the newest version of the stage's model",
  ],
  options: [
    ...stageOptions,
    { flags: "--model <name:version>", description: "which model of the workspace; default: the newest version of the stack's modelName" },
    { flags: "--job <name>", description: "the model that this training job made" },
  ],
  async run(call) {
    const asked = option(call, "model");
    const given = asked === undefined ? undefined : parseModel(asked);
    const { stage, target, pulumi } = await openTarget(call);
    const workspace = await openStage(stage, pulumi, target);
    const job = option(call, "job");
    const name = String(workspace.outputs.modelName ?? "model");
    const model = given ?? (job ? await modelOf(workspace, job, [], name) : await newestModel(workspace, name));
    const deployed = await deployModel(call, target, pulumi, stage, model, await projectOf(pulumi, stage));
    printDeployed(call, stage, deployed);
    call.out.result({ stage, ...deployed });
    if (deployed.sample && deployed.sample.status !== 200) {
      throw new CommandError(`the endpoint is healthy, but answered the sample request with ${deployed.sample.status}`, `mlops logs --stage ${stage}`);
    }
  },
};

/** `diabetes:3` */
function parseModel(text: string): { name: string; version: string } {
  const [, name, version] = /^(?:azureml:)?([A-Za-z0-9][\w.-]*):([\w.-]+)$/.exec(text) ?? [];
  if (!name || !version) throw new UsageError(`--model is "${text}"; it must be name:version, for example diabetes:3`);
  return { name, version };
}

/** What the user reads after a deployment. */
export function printDeployed(call: Pick<Call, "out">, stage: string, { endpoint, sample }: Deployed): void {
  for (const { name, model } of endpoint.deployments) {
    call.out.print(`endpoint ${endpoint.name}: ${name} serves ${modelLabel(model)} with ${endpoint.traffic[name] ?? 0} % of the traffic`);
  }
  call.out.print(`scoring URI: ${endpoint.scoringUri}`);
  if (!sample) return;
  call.out.print(`the sample request to ${stage}:`);
  printAnswer(call, sample);
}
