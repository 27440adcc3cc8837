// `mlops train`: brings the stage up to date, runs the project's training job to its end, shows metrics and the model, ends with the gate.
import { type Call, type Command, CommandError, option, optionList, UsageError } from "../command.ts";
import { usualFile, type Variant, VARIANTS } from "../../assets/index.ts";
import { searchOf, searchTable } from "../flow/automl.ts";
import type { RunStep } from "../flow/follow.ts";
import { followJob } from "../flow/follow.ts";
import { type Metric, metricsOf, metricsTable } from "../flow/metrics.ts";
import { modelOf, type ModelVersion } from "../flow/model.ts";
import { failures, gateRules, runGate, writeRelease } from "../flow/release/gate.ts";
import { openHistory } from "../flow/release/history.ts";
import { verdictLines } from "../flow/release/story.ts";
import { jobOf } from "../flow/watch/job.ts";
import { automlOption, cancelJob, type JobFile, jobFile, jobOptions, submitJob, variantOfJob } from "../flow/job.ts";
import { openStage, type Workspace } from "../flow/workspace.ts";
import { modelNameIn } from "../modelName.ts";
import { openTarget, projectOf, stageOptions } from "../open.ts";
import type { Pulumi } from "../pulumi.ts";
import type { Target } from "../target.ts";
import type { ReleaseManifest } from "../core/manifest.ts";

export interface Trained {
  readonly job: string;
  readonly variant: Variant;
  readonly steps: readonly RunStep[];
  readonly metrics: readonly Metric[];
  readonly model: ModelVersion;
  /** The release, which passed the gate; it is in release.json too. Undefined when the project has no gate. */
  readonly release: ReleaseManifest | undefined;
}

export interface TrainingInput {
  readonly stage: string;
  readonly target: Target;
  readonly pulumi: Pulumi;
  /** Kept with the job, besides those of the file. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Told the job's name as soon as there is one. */
  readonly onJob?: (job: string) => void;
}

/** The model was made, and the gate said no. */
export class GateRefused extends CommandError {}

export const train: Command = {
  name: "train",
  summary: "run the project's training pipeline or an automated ML search, register its model, hold it against the gate",
  details:
    "Runs pulumi up first, so that the components, environments and data that the pipeline names are those of your working tree. " +
    "A model that passes the rules of mlops/gate.yml (of automated ML: mlops/automl-gate.yml) becomes a release: signed, in release.json, which later steps take. " +
    "One that fails is recorded with the reason. " +
    "Ctrl-C leaves the job running and says how to follow or cancel it.",
  examples: [
    "npx mlops train",
    "npx mlops train --set inputs.alpha=0.1 --set inputs.degree=2   # other hyperparameters",
    "npx mlops train --automl                                      # a search over models; the best one is registered",
    "npx mlops train --job mango_5d1c                              # follow one that is under way",
    "npx mlops train --model diabetes:10                           # make a release of a model that is there",
  ],
  options: [
    ...stageOptions,
    automlOption,
    ...jobOptions,
    { flags: "--job <name>", description: "follow this job instead of submitting one" },
    { flags: "--model <name:version>", description: "take a model that is registered already: its training job is followed" },
    { flags: "--out <file>", description: "where the release manifest goes", default: "release.json" },
    { flags: "--no-up", description: "do not run pulumi up first" },
  ],
  async run(call) {
    const { stage, target, pulumi } = await openTarget(call);
    const there = option(call, "job") ?? option(call, "model");
    if (option(call, "job") && option(call, "model")) throw new UsageError("--job and --model both name what is there already; give one");
    if (there !== undefined && (call.options["automl"] === true || option(call, "pipeline") || optionList(call, "set").length > 0))
      throw new UsageError(
        `--automl, --pipeline and --set are about a job to submit; ${there} is there already and says itself what it is`,
      );
    if (call.options["up"] !== false && there === undefined) await pulumi.up(stage);
    const trained = await runTraining(call, { stage, target, pulumi });
    call.out.result(trained);
    call.out.print(
      `next: npx mlops deploy --stage ${stage} --model ${trained.model.name}:${trained.model.version}   # the endpoint of this stage`,
    );
    if (trained.release)
      call.out.print(`      npx mlops share --release ${option(call, "out") ?? "release.json"}              # the way to prod begins`);
  },
};

export async function runTraining(call: Call, { stage, target, pulumi, tags, onJob }: TrainingInput): Promise<Trained> {
  const workspace = await openStage(stage, pulumi, target);
  const project = await projectOf(pulumi, stage);
  const chosen = await chosenJob(call, workspace, project);
  const { variant } = chosen;
  // Both before anything is sent: a model that nobody could judge or write down is not worth its training.
  const gate = gateRules(call.repo, project, variant);
  const history = gate && (await openHistory(pulumi, target, call.out));
  await history?.key.ready(call.signal);
  const job = "name" in chosen ? chosen.name : await submitJob(call, workspace, chosen, tags);
  onJob?.(job);
  const end = await follow(call, workspace, job, variant);
  const metrics = variant === "automl" ? [] : await metricsOf(workspace, [{ runId: job, name: "pipeline" }, ...end.steps]);
  if (metrics.length > 0) call.out.print(metricsTable(metrics));
  if (end.status !== "Completed") {
    throw new CommandError(
      `job ${job} ended ${end.status}${end.error ? `: ${end.error}` : ""}`,
      "Nothing was registered by this command. Mend the step and run `mlops train` again.",
    );
  }
  if (variant === "automl") call.out.print(searchTable(await searchOf(workspace, job)));
  const model = await modelOf(workspace, job, end.steps, workspace.outputs.modelName ?? (await modelNameIn(call.repo, project)) ?? "model");
  call.out.print(`model ${model.name}:${model.version}, from job ${job}`);
  const trained = { job, variant, steps: end.steps, metrics, model };
  if (!gate || !history) {
    call.out.print(
      `no ${project}/${usualFile(VARIANTS[variant].gate)}: nothing says when a model is good enough, so it is no release and goes no further than ${stage}`,
    );
    return { ...trained, release: undefined };
  }
  call.out.progress(`gate   ${gate.path}`);
  const release = await runGate(call, { workspace, history, project, gate, job, model, variant });
  const file = writeRelease(call, release, option(call, "out"));
  call.out.print(verdictLines(release.gate.verdicts));
  if (!release.gate.passed) {
    throw new GateRefused(
      `${release.id} did not pass the gate: ${failures(release).join("; ")}`,
      `It goes nowhere; the reason is in ${file} and in the history (mlops releases show ${release.id}).`,
    );
  }
  call.out.print(
    `release ${release.id} passed the gate; ${file}, digest ${release.digest.slice(0, 12)}, signed by ${release.signature?.key}`,
  );
  return { ...trained, release };
}

/** The job that is there by `--job` or `--model`, or the file of the one to submit. */
async function chosenJob(
  call: Call,
  workspace: Workspace,
  project: string,
): Promise<JobFile | { readonly name: string; readonly variant: Variant }> {
  const name = option(call, "job") ?? (await jobOfModel(call, workspace));
  return name === undefined
    ? await jobFile(call, project, optionList(call, "set"))
    : { name, variant: await variantOfJob(workspace, name) };
}

/** The training job of the model that `--model` names. */
async function jobOfModel(call: Call, workspace: Workspace): Promise<string | undefined> {
  const asked = option(call, "model");
  if (asked === undefined) return undefined;
  const [, name, version] = /^(?:azureml:)?([A-Za-z0-9][\w.-]*):([\w.-]+)$/.exec(asked) ?? [];
  if (!name || !version) throw new UsageError(`--model is "${asked}"; it must be name:version, for example diabetes:3`);
  const job = await jobOf(workspace, name, version);
  if (job) return job;
  throw new CommandError(
    `model ${name}:${version} has no training job in workspace ${workspace.outputs.workspaceName}, so nothing tells how good it is`,
    "Only models that a job registered can become releases.",
  );
}

async function follow(call: Call, workspace: Workspace, job: string, variant: Variant): ReturnType<typeof followJob> {
  const label = (step: string | undefined): string => (step ?? "job").padEnd(10);
  try {
    return await followJob(workspace, job, {
      signal: call.signal,
      // Of a search its own log is enough: a line for each trial.
      onLine: (step, line) => (variant === "automl" && step !== undefined ? undefined : call.out.progress(`  ${label(step)} │ ${line}`)),
      onStatus: (step, status, seconds) =>
        call.out.progress(`train  ${label(step)} ${status}${seconds === undefined ? "" : `, ${seconds.toFixed(1)} s`}`),
    });
  } catch (error) {
    if (!call.signal.aborted) throw error;
    throw new CommandError(
      "interrupted",
      `Job ${job} goes on in workspace ${workspace.outputs.workspaceName}. Follow it: npx mlops train --job ${job}. Cancel it: npx mlops cancel ${job}.`,
    );
  }
}

export const cancel: Command = {
  name: "cancel",
  summary: "cancel a job that is under way",
  examples: ["npx mlops cancel mango_5d1c --stage dev"],
  arguments: [{ name: "<job>", description: "the job's name, as `mlops train` printed it" }],
  options: stageOptions,
  async run(call) {
    const { stage, target, pulumi } = await openTarget(call);
    const workspace = await openStage(stage, pulumi, target);
    const [job = ""] = call.args;
    await cancelJob(workspace, job);
    call.out.print(`job ${job}: cancel asked for`);
    call.out.result({ job, cancelRequested: true });
  },
};
