// `mlops deploy`: brings a model version to a stage's endpoint and shows that it answers.
import { type Call, type Command, CommandError, option, UsageError } from "../command.ts";
import { deployModel, type Deployed, newestModel } from "../flow/deploy.ts";
import { promote } from "../flow/release/promote.ts";
import { openHistory } from "../flow/release/history.ts";
import { chosenRelease } from "../flow/release/reference.ts";
import { variantOfJob } from "../flow/job.ts";
import { modelOf } from "../flow/model.ts";
import { jobOf } from "../flow/watch/job.ts";
import { openStage } from "../flow/workspace.ts";
import { modelNameIn } from "../modelName.ts";
import { openTarget, projectOf, stageOptions } from "../open.ts";
import { printAnswer } from "./invoke.ts";
import { modelLabel } from "./status.ts";

export const deploy: Command = {
  name: "deploy",
  summary: "bring a release (or, in dev, a model version) to a stage's endpoint, check it, test it",
  details:
    "Writes modelName and modelVersion into the stack's config (Pulumi.<stage>.yaml) and runs pulumi up: the new version goes to the free slot, " +
    "is checked by direct calls, and gets the traffic in the steps that the stack's config says. If a check fails, the old slot keeps serving. " +
    "A model of automated ML is deployed by deploy/automl-deployment.yml, any other by deploy/blue-deployment.yml; how it was made is known from its job. " +
    "auto, qa and prod take releases: the bytes are compared with the manifest first; qa answers the acceptance requests; prod needs approvals " +
    "(mlops approve) and keeps the slot that served. Everything is written down in the history. Killed at any moment, the same command goes on.",
  examples: [
    "npx mlops deploy --stage dev --model diabetes:3",
    "npx mlops deploy --stage dev                    # the newest version of the stage's model",
    "npx mlops deploy --stage qa --release release.json",
    "npx mlops deploy --stage prod --release diabetes-3 --via copy   # from qa's workspace instead of the registry",
  ],
  options: [
    ...stageOptions,
    { flags: "--model <name:version>", description: "which model of the workspace; default: the newest version of the stack's modelName" },
    { flags: "--job <name>", description: "the model that this training job made" },
    { flags: "--release <file|id>", description: "auto, qa, prod: the release, by its manifest or id" },
    {
      flags: "--via <way>",
      description: "where the stage's model comes from: the registry, or a copy from the workspace before",
      choices: ["registry", "copy"],
      default: "registry",
    },
    { flags: "--wait <seconds>", description: "how long to wait for another run that changes the stage", default: "60" },
    { flags: "--healthy-within <seconds>", description: "how long the endpoint may take to become healthy", default: "300" },
  ],
  async run(call) {
    const asked = option(call, "model");
    const given = asked === undefined ? undefined : parseModel(asked);
    if ((option(call, "stage") ?? "dev") !== "dev") return deployRelease(call);
    if (option(call, "release"))
      throw new UsageError("--release goes to auto, qa and prod; dev serves its workspace's own models (--model)");
    const { stage, target, pulumi } = await openTarget(call);
    const workspace = await openStage(stage, pulumi, target);
    const job = option(call, "job");
    const project = await projectOf(pulumi, stage);
    const name = workspace.outputs.modelName ?? (await modelNameIn(call.repo, project)) ?? "model";
    const model = given ?? (job ? await modelOf(workspace, job, [], name) : await newestModel(workspace, name));
    // How it was made says which file of the project deploys it.
    const made = job ?? (await jobOf(workspace, model.name, model.version));
    const variant = made === undefined ? "pipeline" : await variantOfJob(workspace, made);
    const deployed = await deployModel(call, target, pulumi, stage, { ...model, variant }, project);
    printDeployed(call, stage, deployed);
    call.out.result({ stage, ...deployed });
    if (deployed.sample && deployed.sample.status !== 200) {
      throw new CommandError(
        `the endpoint is healthy, but answered the sample request with ${deployed.sample.status}`,
        `mlops logs --stage ${stage}`,
      );
    }
  },
};

async function deployRelease(call: Call): Promise<void> {
  const stage = option(call, "stage")!;
  if (!option(call, "release"))
    throw new UsageError(`--stage ${stage} takes a release: --release release.json, or an id of \`mlops releases\``);
  if (option(call, "model") || option(call, "job")) throw new UsageError(`--stage ${stage} takes a release, not --model or --job`);
  const via = option(call, "via") === "copy" ? "copy" : "registry";
  if (stage === "auto" && via === "copy")
    throw new UsageError("--via copy is for qa and prod; auto takes the registry's model by definition");
  const [wait, healthyWithin] = [seconds(call, "wait"), seconds(call, "healthyWithin")];
  const { target, pulumi } = await openTarget(call);
  const history = await openHistory(pulumi, target, call.out);
  const record = await chosenRelease(call, history);
  await pulumi.ensure(stage);
  const project = await projectOf(pulumi, stage);
  const promoted = await promote(call, { stage, target, pulumi, history, record, project, via, wait, healthyWithin });
  const { name, version } = record.manifest.model;
  printDeployed(call, stage, { model: { name, version }, endpoint: promoted.endpoint, sample: promoted.sample });
  if (!promoted.changed) call.out.print(`${promoted.release} served ${stage} already; nothing changed.`);
  call.out.result({ stage, ...promoted });
}

function seconds(call: Call, name: string): number {
  const value = Number(option(call, name));
  if (!(value >= 0)) throw new UsageError(`--${name} is "${option(call, name)}"; it must be a number of seconds`);
  return value;
}

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
