// `mlops retrain`: trains again when a stage's settings say that it is time, and stops trying when the gate keeps saying no.
import { readAsset } from "../../assets/index.ts";
import { type Call, type Command, CommandError, optionList } from "../command.ts";
import { decide, type Decision, type Known } from "../core/retraining.ts";
import { summary } from "../core/signals.ts";
import { diskFiles } from "../files.ts";
import { monitorIn, monitorRuns } from "../flow/monitor/read.ts";
import { retrainSettings } from "../flow/monitor/settings.ts";
import { causeTag, markGate, newestData, trainings } from "../flow/monitor/training.ts";
import { jobOptions } from "../flow/job.ts";
import { openStage, type Workspace } from "../flow/workspace.ts";
import { openTarget, projectOf, stageOptions } from "../open.ts";
import { projectFile } from "../project.ts";
import { GateRefused, runTraining, type Trained } from "./train.ts";

export const retrain: Command = {
  name: "retrain",
  summary: "train again if it is time: drift, new data, or age; the new release waits for its approvals",
  details:
    "Looks at the stage's settings (retrain), its monitor's newest run, the training data and the earlier trainings, and says what it decides. A training runs in dev, " +
    "goes through the gate and becomes a release as any other; nothing is deployed. After retrain.attempts trainings in a row that failed their gate it trains no more and " +
    "exits with 1, so that a person looks: a training by hand (mlops train) sets it going again. Run it by the clock or by an event; killed at any moment, the next run goes on.",
  examples: [
    "npx mlops retrain --stage prod",
    "npx mlops retrain --stage prod --dry-run --json",
    "npx mlops retrain --stage prod --set inputs.alpha=0.5",
  ],
  options: [
    ...stageOptions,
    ...jobOptions,
    { flags: "--dry-run", description: "say what would be done, and do nothing" },
    { flags: "--out <file>", description: "where the release manifest goes", default: "release.json" },
  ],
  async run(call) {
    const { stage, target, pulumi } = await openTarget(call);
    const [watched, dev, policy] = await Promise.all([
      openStage(stage, pulumi, target),
      openStage("dev", pulumi, target),
      retrainSettings(pulumi, stage),
    ]);
    const { known, sets } = await knownOf(call, watched, dev, await projectOf(pulumi, "dev"), policy);
    for (const signal of policy.onDrift ? (known.monitor?.signals ?? []) : []) call.out.progress(`monitor  ${summary(signal)}`);
    const decision = decide(policy, known);
    call.out.print(`${words[decision.what]}: ${decision.why}`);
    if (decision.what === "stop")
      throw new CommandError(
        `no further training: ${decision.why}`,
        `See why in \`mlops releases\`, mend data or pipeline, and train by hand: mlops train. That sets retraining going again. (${policy.attempts} attempts: retrain.attempts of stage ${stage})`,
      );
    const trained =
      call.options["dryRun"] === true || decision.what === "wait" ? undefined : await train(call, decision, dev, sets, { target, pulumi });
    call.out.result({ stage, decision, trained: trained ?? null });
    if (trained?.release)
      call.out.print(
        `${trained.release.id} is a release; it goes to qa and waits for its approvals: npx mlops share --release ${trained.release.id}`,
      );
  },
};

const words: Readonly<Record<Decision["what"], string>> = { train: "training", wait: "nothing to do", resume: "going on", stop: "stopped" };

async function train(
  call: Call,
  decision: Extract<Decision, { cause: string }>,
  dev: Workspace,
  sets: readonly string[],
  opened: Pick<Parameters<typeof runTraining>[1], "target" | "pulumi">,
): Promise<Trained> {
  const options = {
    ...call.options,
    set: [...sets, ...optionList(call, "set")],
    ...(decision.what === "resume" ? { job: decision.job } : {}),
  };
  let job = decision.what === "resume" ? decision.job : undefined;
  try {
    const trained = await runTraining(
      { ...call, options },
      {
        ...{ stage: "dev", ...opened, tags: { [causeTag]: decision.cause } },
        onJob: (name) => (job = name),
      },
    );
    await markGate(dev, trained.job, true);
    return trained;
  } catch (error) {
    // What was interrupted has no verdict; a training that failed is one that did not pass.
    if (job !== undefined && !call.signal.aborted) await markGate(dev, job, false);
    if (error instanceof GateRefused) throw new CommandError(`retraining for ${decision.cause}: ${error.message}`, error.fix);
    throw error;
  }
}

async function knownOf(
  call: Call,
  watched: Workspace,
  dev: Workspace,
  project: string,
  policy: Awaited<ReturnType<typeof retrainSettings>>,
): Promise<{ known: Known; sets: string[] }> {
  const path = projectFile(call.repo, project, "pipeline");
  const read = await readAsset(path, diskFiles(call.repo), { kind: "job" });
  const body = read.ok ? (read.asset.body["properties"] as { experimentName?: string; inputs?: Record<string, { uri?: string }> }) : {};
  const attempts = await trainings(dev, body.experimentName ?? "Default");
  const [input, data, given] =
    Object.entries(body.inputs ?? {}).flatMap(([name, one]) => {
      const [, asset, version] = /^azureml:([^:/@]+)[:@](.+)$/.exec(one.uri ?? "") ?? [];
      return asset ? [[name, asset, version] as const] : [];
    })[0] ?? [];
  const newest = data === undefined ? undefined : await newestData(dev, data);
  const used = attempts.find(({ status }) => status === "Completed")?.data.find((one) => one.startsWith(`${data}:`));
  const runs = policy.onDrift ? await monitorRuns(watched, monitorIn(watched), 5, policy.minRows, call.signal) : [];
  const latest = runs.find(({ signals }) => signals.length > 0);
  // The file names the version that it was written for; a training that starts by itself takes the newest.
  const sets =
    newest === undefined || newest === given
      ? []
      : [
          `inputs.${input}.path=azureml:${data}:${newest}`,
          ...("data_version" in (body.inputs ?? {}) ? [`inputs.data_version=${newest}`] : []),
        ];
  return {
    sets,
    known: {
      now: new Date(),
      monitor: latest && { job: latest.job, signals: latest.signals },
      data: newest === undefined ? undefined : { newest, trained: used?.split(":")[1] },
      attempts,
    },
  };
}
