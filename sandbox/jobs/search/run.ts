// Runs a search: trials as many at once as allowed, ended early by its policy and limits, and the best one's outputs kept as its own.
import { appendFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { download } from "../../blob/transfer.ts";
import { artifactStoreUri, placeOf } from "../../runs/artifacts.ts";
import { latestMetrics, logMetrics, metricKeys, setTags } from "../../runs/logged.ts";
import { logFolder, runFolder } from "../../runs/logs.ts";
import { isEnded, type Run } from "../../runs/run.ts";
import { changeStatus } from "../../runs/status.ts";
import { runsOf } from "../../runs/store.ts";
import { ensembleOf, trialVariables } from "../automl/trial.ts";
import { runError, StepFailure, Stopped } from "../failure.ts";
import { removeFolder } from "../inputs.ts";
import { keepArtifacts, keepOutputs } from "../outputs.ts";
import { runStep, type StepContext } from "../step.ts";
import type { StepSpec } from "../spec.ts";
import { isDue, verdict } from "./policies.ts";
import { ranked, type Search } from "./search.ts";
import { keepTrial, reports, resetTrials, trialSpec, type Trial } from "./trials.ts";

type Searching = StepSpec & { readonly search: Search };

/** A step with a search, or a plain one. Ends as {@link runStep} does. */
export async function runSpec(context: StepContext, run: Run, spec: StepSpec, signal: AbortSignal): Promise<void> {
  if (spec.search) await runSearch(context, run, { ...spec, search: spec.search }, signal);
  else await runStep(context, run, spec, signal);
}

/** How often running trials are looked at. */
const lookMs = 250;
/** AutoML's early termination: from this trial on, when so many brought nothing better (Azure's landmarks and window). */
const flat = { from: 20, window: 10 };
/** A search whose trials all fail is given up after so many. */
const hopeless = 10;

async function runSearch(context: StepContext, root: Run, spec: Searching, signal: AbortSignal): Promise<void> {
  const { sandbox } = context;
  const { search } = spec;
  const log = searchLog(context, root, search);
  changeStatus(sandbox, root, "Preparing");
  await resetTrials(context, root);
  changeStatus(sandbox, root, "Running");
  const started = runsOf(sandbox).get(root.workspace, root.id)!.started ?? Date.now();
  for (const note of search.notes) log(note);
  log(`${search.candidates.length} trials at most, ${search.concurrent} at once, ${search.metric.goal} ${search.metric.name}`);

  const running = new Map<number, { run: Run; abort: AbortController; done: Promise<void>; judged: number }>();
  const trials: Trial[] = [];
  let next = 0;
  let over: string | undefined;

  const start = (index: number): void => {
    const candidate = search.candidates[index]!;
    const before = keepTrial(context, root, spec, index, candidate);
    const abort = new AbortController();
    const finish = (): void => {
      running.delete(index);
      const run = runsOf(sandbox).get(root.workspace, before.id)!;
      const score = run.status === "Completed" ? reports(context, run, search.metric).at(-1) : undefined;
      trials.push({ index, candidate, run, score });
      if (score !== undefined) runsOf(sandbox).update(run.workspace, run.id, { properties: { ...run.properties, score: String(score) } });
      const best = ranked(search.metric, trials)[0];
      const what = candidate.model ? `${candidate.model.preprocessor}, ${candidate.model.algorithm}` : JSON.stringify(candidate.inputs);
      log(`trial ${index} ${run.status}: ${what} ${search.metric.name}=${score ?? "none"} best=${best?.score ?? "none"} (${before.id})`);
      if (run.error) log(`  ${run.error.message.split("\n").slice(-1)[0]}`);
    };
    if (isEnded(before.status)) return finish();
    const members = candidate.ensemble ? ensembleOf(ranked(search.metric, trials)) : undefined;
    if (candidate.ensemble && !members) return log(`trial ${index} is left out: an ensemble needs two completed trials`);
    const own = trialSpec(spec, before, candidate);
    const step =
      search.kind === "automl"
        ? { ...own, environmentVariables: { ...own.environmentVariables, ...trialVariables(search, candidate, members) } }
        : own;
    const done = runStep(context, before, step, abort.signal)
      .catch((error: unknown) => endTrial(context, before, error))
      .finally(finish);
    running.set(index, { run: before, abort, done, judged: 0 });
  };
  const endAll = (reason: Stopped): void => {
    for (const { abort } of running.values()) abort.abort(reason);
  };
  const onAbort = (): void => endAll(signal.reason as Stopped);
  signal.addEventListener("abort", onAbort, { once: true });

  try {
    for (;;) {
      if (signal.aborted) endAll(signal.reason as Stopped);
      if (search.timeoutMs !== undefined && Date.now() - started > search.timeoutMs && over === undefined) {
        over = `the limit of ${search.timeoutMs / 1000} s (limits.timeout) is reached`;
        endAll(new Stopped("timeout", `The trial was canceled: ${over}.`));
        log(over);
      }
      over ??= whyOver(search, trials);
      while (!signal.aborted && next < search.candidates.length && running.size < search.concurrent) {
        const ensemble = search.candidates[next]!.ensemble === true;
        // After the timeout nothing more starts; after an early end ensembles still do.
        if (over !== undefined && (!ensemble || over.includes("limits.timeout"))) next++;
        else if (ensemble && running.size > 0 && [...running.keys()].some((index) => !search.candidates[index]!.ensemble)) break;
        else start(next++);
      }
      if (running.size === 0 && (signal.aborted || next >= search.candidates.length)) break;
      await Promise.race([...[...running.values()].map(({ done }) => done), new Promise((resolve) => setTimeout(resolve, lookMs))]);
      judge(context, search, running, trials, log);
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
  if (signal.aborted) throw signal.reason as Stopped;
  if (over !== undefined) log(`ended early: ${over}`);
  if (search.kind === "sweep" && over?.includes("limits.timeout"))
    throw new Stopped(
      "timeout",
      `The job was canceled because it ran longer than its limit of ${search.timeoutMs! / 1000} s (limits.timeout).`,
    );
  await keepBest(context, root, spec, trials, log);
}

/** Ends running trials that the policy finds too bad. */
function judge(
  context: StepContext,
  search: Search,
  running: Map<number, { run: Run; abort: AbortController; judged: number }>,
  ended: readonly Trial[],
  log: (line: string) => void,
): void {
  if (!search.policy) return;
  for (const [index, trial] of running) {
    if (trial.abort.signal.aborted) continue;
    const own = reports(context, trial.run, search.metric);
    if (!isDue(search.policy, own.length, trial.judged)) continue;
    trial.judged = own.length;
    const others = [...ended.map((one) => one.run), ...[...running].filter(([other]) => other !== index).map(([, one]) => one.run)];
    const why = verdict(
      search.policy,
      search.metric,
      own,
      others.map((run) => reports(context, run, search.metric)),
    );
    if (!why) continue;
    log(`trial ${index} is ended early: ${why}`);
    trial.abort.abort(new Stopped("cancel", `Ended by the early termination policy: ${why}.`));
  }
}

function whyOver(search: Search, trials: readonly Trial[]): string | undefined {
  if (trials.length >= hopeless && trials.every((trial) => trial.run.status === "Failed")) return `the first ${hopeless} trials failed`;
  const known = trials.filter((trial) => trial.score !== undefined);
  const best = ranked(search.metric, known)[0];
  if (!best) return undefined;
  const { exitScore, metric } = search;
  if (exitScore !== undefined && (metric.goal === "minimize" ? best.score <= exitScore : best.score >= exitScore))
    return `the exit score ${exitScore} is reached`;
  if (
    search.stopsWhenFlat &&
    known.length >= flat.from + flat.window &&
    known.findIndex((trial) => trial.index === best.index) < known.length - flat.window
  )
    return `the last ${flat.window} trials brought nothing better`;
  return undefined;
}

function endTrial({ sandbox }: StepContext, run: Run, error: unknown): void {
  if (error instanceof Stopped) {
    if (error.why !== "sandbox")
      changeStatus(sandbox, run, "Canceled", error.why === "timeout" ? { code: "UserError", message: error.message } : undefined);
    return;
  }
  changeStatus(sandbox, run, "Failed", runError(error));
}

/** Names the best trial where Azure names it, keeps its outputs as the search's own, and completes the search. */
async function keepBest(
  context: StepContext,
  root: Run,
  spec: Searching,
  trials: readonly Trial[],
  log: (line: string) => void,
): Promise<void> {
  const { sandbox, workspace } = context;
  const { metric, kind } = spec.search;
  const best = ranked(metric, trials)[0];
  const folder = runFolder(sandbox, root);
  if (!best) {
    const failed = trials.find((trial) => trial.run.error)?.run;
    const logged = [...new Set(trials.flatMap((trial) => metricKeys(sandbox, trial.run)))];
    throw new StepFailure(
      "UserError",
      failed && !trials.some((trial) => trial.run.status === "Completed")
        ? `No trial completed. The first that failed is ${failed.id}: ${failed.error!.message}`
        : `No trial logged the primary metric "${metric.name}"; they logged ${logged.join(", ") || "no metric"}. Log it with mlflow.log_metric("${metric.name}", value).`,
    );
  }
  changeStatus(sandbox, root, "Finalizing");
  log(`best trial: ${best.run.id} with ${metric.name} ${best.score}`);
  logMetrics(
    sandbox,
    root,
    kind === "automl" ? latestMetrics(sandbox, best.run) : [{ key: metric.name, value: best.score, step: 0, timestamp: Date.now() }],
  );
  const record = { metric_name: [metric.name], run_id: [best.run.id], metric_value: [best.score], final: [true] };
  setTags(sandbox, root, {
    best_child_by_primary_metric: JSON.stringify(record),
    ...(kind === "automl" ? { automl_best_child_run_id: best.run.id } : {}),
  });
  const kept = runsOf(sandbox).get(root.workspace, root.id)!;
  runsOf(sandbox).update(root.workspace, root.id, {
    properties: { ...kept.properties, best_child_run_id: best.run.id, score: String(best.score), best_metric_status: "Succeeded" },
  });
  for (const [name, output] of Object.entries(spec.outputs)) {
    const made = runsOf(sandbox).get(root.workspace, best.run.id)!.outputs[name];
    const uri = kind === "automl" ? `${artifactStoreUri(best.run.id)}outputs/mlflow-model/` : made?.uri;
    if (!uri) continue;
    const { path } = await download(sandbox, placeOf(sandbox, uri, workspace.id), join(folder, "outputs", name)).catch(() => ({
      path: "",
    }));
    if (path === "") log(`output "${name}": the best trial wrote nothing to it`);
    else if (output.type === "uri_file") await moveFile(path, join(folder, "outputs", name));
  }
  const outputs = await keepOutputs(sandbox, root, spec, workspace, join(folder, "outputs"), true);
  runsOf(sandbox).update(root.workspace, root.id, { outputs });
  await removeFolder(join(folder, "outputs"));
  await keepArtifacts(sandbox, root, workspace, join(folder, "wd"), logFolder(sandbox, root));
  changeStatus(sandbox, root, "Completed");
}

/** A file output is the file itself, not a folder with it. */
async function moveFile(file: string, wanted: string): Promise<void> {
  const { rename, rm } = await import("node:fs/promises");
  await rename(file, `${wanted}.file`);
  await rm(wanted, { recursive: true });
  await rename(`${wanted}.file`, wanted);
}

/** The log that `jobs.stream` shows: `azureml-logs/hyperdrive.txt` of sweeps, `user_logs/std_log.txt` of AutoML jobs. */
function searchLog({ sandbox }: StepContext, root: Run, search: Search): (line: string) => void {
  const file = join(logFolder(sandbox, root), search.kind === "sweep" ? "azureml-logs/hyperdrive.txt" : "user_logs/std_log.txt");
  mkdirSync(dirname(file), { recursive: true });
  return (line) => appendFileSync(file, `[${new Date().toISOString().slice(0, 19)}Z] ${line}\n`);
}
