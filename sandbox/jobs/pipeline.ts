// Runs a pipeline's steps in the order of what they need from each other, as many at once as the clusters have nodes for.
import { appendFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { logFolder } from "../runs/logs.ts";
import { isEnded, type Run, type RunStatus } from "../runs/run.ts";
import { changeStatus } from "../runs/status.ts";
import { runsOf } from "../runs/store.ts";
import { runError, StepFailure, Stopped } from "./failure.ts";
import { runSpec } from "./search/run.ts";
import type { StepContext } from "./step.ts";
import type { StepSpec } from "./spec.ts";

/** `spec` of a step's run inside a pipeline. */
export interface KeptStep {
  readonly step: StepSpec;
  readonly after: readonly string[];
}

/** Runs what is not completed yet. Throws StepFailure when a step failed, Stopped when the job was ended. */
export async function runPipeline(context: StepContext, root: Run, continueOnFailure: boolean, signal: AbortSignal): Promise<void> {
  const { sandbox } = context;
  const log = executionLog(context, root);
  changeStatus(sandbox, root, "Running");
  const steps = allSteps(context, root);
  const inner = new AbortController();
  const onAbort = () => inner.abort(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  const underWay = new Map<string, Promise<void>>();
  const status = (id: string): RunStatus => runsOf(sandbox).get(root.workspace, id)!.status;

  const start = async (run: Run): Promise<void> => {
    log(`Submitting 1 runs, first five are: ${shortHash(run.id)}:${run.id} (${run.node})`);
    try {
      await runSpec(context, run, (run.spec as KeptStep).step, inner.signal);
    } catch (error) {
      endStep(context, run, error);
    }
    if (isEnded(status(run.id))) log(`Completing processing run id ${run.id} (${run.node}: ${status(run.id)}).`);
  };

  for (;;) {
    settleGroups(context, root);
    const failed = steps.some((run) => ["Failed", "Canceled"].includes(status(run.id)));
    if (failed && !continueOnFailure && !inner.signal.aborted)
      inner.abort(new Stopped("cancel", "A step of the pipeline failed, and the others were canceled."));
    if (!inner.signal.aborted)
      for (const run of steps) {
        const { after } = run.spec as KeptStep;
        if (status(run.id) === "NotStarted" && !underWay.has(run.id) && after.every((id) => status(id) === "Completed"))
          underWay.set(
            run.id,
            start(run).finally(() => underWay.delete(run.id)),
          );
      }
    if (underWay.size === 0) break;
    await Promise.race(underWay.values());
  }
  signal.removeEventListener("abort", onAbort);
  if (signal.aborted && (signal.reason as Stopped).why === "sandbox") throw signal.reason as Stopped;
  // What could not start because of others.
  for (const run of steps) if (!isEnded(status(run.id))) changeStatus(sandbox, run, "Canceled");
  settleGroups(context, root);
  log("Finishing experiment: 0 runs left and 0 nodes running.");
  if (signal.aborted) throw signal.reason as Stopped;
  const bad = steps
    .filter((run) => status(run.id) === "Failed")
    .concat(steps.filter((run) => status(run.id) === "Canceled" && runsOf(sandbox).get(root.workspace, run.id)!.error));
  if (bad.length > 0) {
    const first = runsOf(sandbox).get(root.workspace, bad[0]!.id)!;
    throw new StepFailure(
      "UserError",
      `Pipeline has failed child jobs. Failed nodes: ${bad.map((run) => `/${run.node}`).join(", ")}. For more details and logs, please go to the job detail page and check the child jobs. First failure: ${first.error?.message ?? ""}`,
    );
  }
}

/** Sets how a step ended; a stop of the sandbox leaves it as it is, to be run again. */
export function endStep({ sandbox }: StepContext, run: Run, error: unknown): void {
  if (error instanceof Stopped) {
    if (error.why === "sandbox") return;
    changeStatus(sandbox, run, "Canceled", error.why === "timeout" ? { code: "UserError", message: error.message } : undefined);
    return;
  }
  const reason = runError(error);
  if (reason.code === "SystemError") sandbox.log("jobs", `run ${run.id}: ${(error as Error).stack ?? reason.message}`);
  changeStatus(sandbox, run, "Failed", reason);
}

/** Steps at every depth, in the order in which they were planned. */
export function allSteps(context: StepContext, root: Run): Run[] {
  const children = runsOf(context.sandbox).children(root.workspace, root.id);
  return children.flatMap((run) => (run.kind === "pipeline" ? allSteps(context, run) : [run])).sort((a, b) => a.number - b.number);
}

/** A pipeline component's run goes as its children go. */
function settleGroups(context: StepContext, parent: Run): void {
  for (const group of runsOf(context.sandbox).children(parent.workspace, parent.id)) {
    if (group.kind !== "pipeline") continue;
    settleGroups(context, group);
    const statuses = runsOf(context.sandbox)
      .children(group.workspace, group.id)
      .map((run) => run.status);
    if (statuses.every((status) => status === "NotStarted")) continue;
    if (!statuses.every((status) => isEnded(status))) changeStatus(context.sandbox, group, "Running");
    else
      changeStatus(
        context.sandbox,
        group,
        statuses.includes("Failed") ? "Failed" : statuses.includes("Canceled") ? "Canceled" : "Completed",
      );
  }
}

const shortHash = (id: string): string => id.replaceAll("-", "").slice(0, 8);

/** `logs/azureml/executionlogs.txt`, which `jobs.stream` shows for pipelines. */
function executionLog({ sandbox }: StepContext, root: Run): (line: string) => void {
  const file = join(logFolder(sandbox, root), "logs/azureml/executionlogs.txt");
  mkdirSync(dirname(file), { recursive: true });
  return (line) => appendFileSync(file, `[${new Date().toISOString().replace("T", " ").slice(0, 19)}Z] ${line}\n`);
}
