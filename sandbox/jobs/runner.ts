// The job runner of a sandbox: starts jobs, cancels them, and goes on after a restart with those that were cut off.
import { rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ArmResource, SandboxContext } from "../core.ts";
import { transaction } from "../state/database.ts";
import { setTags } from "../runs/logged.ts";
import { logFolder, runFolder } from "../runs/logs.ts";
import { isEnded, type Run } from "../runs/run.ts";
import { changeStatus } from "../runs/status.ts";
import { runsOf } from "../runs/store.ts";
import { Stopped, runError } from "./failure.ts";
import { Nodes } from "./nodes.ts";
import { clearArtifacts, keepArtifacts, longUri, unnamed } from "./outputs.ts";
import { allSteps, endStep, runPipeline, type KeptStep } from "./pipeline.ts";
import { endMarked } from "./process.ts";
import type { Plan, StepOutput, StepSpec } from "./spec.ts";
import { runSpec } from "./search/run.ts";
import type { StepContext } from "./step.ts";

/** `spec` of a pipeline job's run. */
interface KeptPipeline {
  readonly outputs: Readonly<Record<string, StepOutput>>;
  readonly continueOnFailure: boolean;
}

export interface NewJob {
  readonly resource: ArmResource;
  readonly plan: Plan;
  readonly experiment: string;
  readonly displayName: string;
  readonly description: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, string>>;
  readonly principalId: string;
  readonly pipeline: boolean;
}

export class JobRunner {
  readonly nodes = new Nodes();
  readonly #sandbox: SandboxContext;
  readonly #active = new Map<string, { abort: AbortController; done: Promise<void> }>();
  #stopping = false;

  constructor(sandbox: SandboxContext) {
    this.#sandbox = sandbox;
  }

  /** Keeps the job's runs (once) and starts it. Safe to call again for the same job. */
  submit(job: NewJob): Run {
    const store = runsOf(this.#sandbox);
    const workspace = workspaceIdOf(job.resource);
    const before = store.get(workspace, job.resource.name);
    const run = before ?? transaction(this.#sandbox.db, () => this.#keep(job, workspace));
    if (!isEnded(run.status)) this.#start(run);
    return run;
  }

  #keep(job: NewJob, workspace: string): Run {
    const store = runsOf(this.#sandbox);
    const name = job.resource.name;
    const experiment = store.experiment(workspace, job.experiment);
    const common = { workspace, experiment: experiment.id, status: "NotStarted" as const, principal: job.principalId, root: name };
    const spec: KeptPipeline | StepSpec = job.pipeline
      ? { outputs: job.plan.outputs, continueOnFailure: job.plan.continueOnFailure }
      : job.plan.steps[0]!.spec;
    // A job of that name in a former life of the workspace may have left its logs.
    for (const id of [name, ...job.plan.steps.map((step) => step.runId)])
      rmSync(runFolder(this.#sandbox, { workspace: workspace.toLowerCase(), id }), { recursive: true, force: true });
    const run = store.create({
      ...common,
      id: name,
      kind: job.pipeline ? "pipeline" : ((spec as StepSpec).search?.kind ?? "command"),
      displayName: job.displayName,
      description: job.description,
      properties: job.properties,
      spec,
      ...computeOf(spec),
    });
    setTags(this.#sandbox, run, job.tags);
    if (job.pipeline) {
      for (const group of job.plan.groups)
        store.create({
          ...common,
          id: group.runId,
          parent: group.parent,
          kind: "pipeline",
          node: group.path,
          displayName: group.displayName,
        });
      for (const step of job.plan.steps) {
        const kept: KeptStep = { step: step.spec, after: step.after };
        store.create({
          ...common,
          id: step.runId,
          parent: step.parent!,
          kind: "step",
          node: step.path,
          displayName: step.displayName,
          spec: kept,
          properties: {
            "azureml.nodeid": step.runId.replaceAll("-", "").slice(0, 8),
            "azureml.pipelinerunid": name,
            "azureml.isreused": "false",
          },
          ...computeOf(step.spec),
        });
      }
    }
    return run;
  }

  #start(run: Run): void {
    const key = keyOf(run);
    if (this.#active.has(key) || this.#stopping) return;
    const abort = new AbortController();
    if (run.status === "CancelRequested") abort.abort(new Stopped("cancel", "The job was canceled."));
    const done = this.#run(run, abort.signal)
      .catch((error: unknown) => this.#sandbox.log("jobs", `run ${run.id}: ${(error as Error).stack ?? String(error)}`))
      .finally(() => this.#active.delete(key));
    this.#active.set(key, { abort, done });
  }

  async #run(root: Run, signal: AbortSignal): Promise<void> {
    const workspace = this.#sandbox.resources.get(root.workspace);
    if (!workspace) return;
    const context: StepContext = { sandbox: this.#sandbox, workspace, nodes: this.nodes };
    try {
      signal.throwIfAborted();
      if (root.kind !== "pipeline") await runSpec(context, root, root.spec as StepSpec, signal);
      else {
        const { outputs, continueOnFailure } = root.spec as KeptPipeline;
        await runPipeline(context, root, continueOnFailure, signal);
        this.#keepPipelineOutputs(context, root, outputs);
        changeStatus(this.#sandbox, root, "Completed");
      }
    } catch (error) {
      if (root.kind === "pipeline" && !(error instanceof Stopped && error.why === "sandbox")) {
        for (const step of allSteps(context, root))
          if (!isEnded(runsOf(this.#sandbox).get(step.workspace, step.id)!.status)) changeStatus(this.#sandbox, step, "Canceled");
      }
      endStep(context, root, error);
    }
    if (root.kind === "pipeline" && isEnded(runsOf(this.#sandbox).get(root.workspace, root.id)!.status))
      await keepArtifacts(this.#sandbox, root, workspace, join(runFolder(this.#sandbox, root), "wd"), logFolder(this.#sandbox, root));
  }

  /** A pipeline's output is the output of the step that it is bound to. */
  #keepPipelineOutputs({ workspace }: StepContext, root: Run, outputs: Readonly<Record<string, StepOutput>>): void {
    const steps = allSteps({ sandbox: this.#sandbox, workspace, nodes: this.nodes }, root);
    const made = steps.flatMap((step) => Object.values(runsOf(this.#sandbox).get(step.workspace, step.id)!.outputs));
    const kept = Object.entries(outputs).map(([name, output]) => {
      const uri = longUri(workspace, output.uri);
      return [
        name,
        made.find((one) => one.uri === uri) ?? {
          type: output.type,
          uri,
          mode: output.mode,
          assetId: unnamed(workspace, root.id, name, output),
        },
      ];
    });
    runsOf(this.#sandbox).update(root.workspace, root.id, { outputs: Object.fromEntries(kept) });
  }

  /** Asks a job to end; a step of a pipeline cannot be ended alone. Nothing happens to what has ended. */
  cancel(run: Run): void {
    const root = runsOf(this.#sandbox).get(run.workspace, run.root) ?? run;
    if (isEnded(root.status) || root.kind === "mlflow") return;
    const active = this.#active.get(keyOf(root));
    changeStatus(this.#sandbox, root, "CancelRequested");
    if (active) active.abort.abort(new Stopped("cancel", "The job was canceled."));
    else changeStatus(this.#sandbox, root, "Canceled");
  }

  /** Resolves when the job's run has ended or is not under way. */
  async ended(run: Pick<Run, "workspace" | "id">): Promise<void> {
    await this.#active.get(keyOf(run))?.done;
  }

  /** Goes on with the jobs that a killed sandbox left: completed steps stay, the interrupted ones are run again from their beginning. */
  async resume(): Promise<void> {
    const store = runsOf(this.#sandbox);
    for (const root of store.unfinished()) {
      const workspace = this.#sandbox.resources.get(root.workspace);
      if (!workspace || !this.#sandbox.resources.get(`${workspace.id}/jobs/${root.id}`)) {
        await this.erase(root);
        continue;
      }
      const steps = root.kind !== "pipeline" ? [root] : allSteps({ sandbox: this.#sandbox, workspace, nodes: this.nodes }, root);
      for (const step of steps) {
        if (isEnded(step.status) || step.status === "NotStarted") continue;
        this.#sandbox.log("jobs", `run ${step.id} was ${step.status} when the sandbox ended; it is run again`);
        endMarked(runFolder(this.#sandbox, step));
        try {
          await clearArtifacts(this.#sandbox, step, workspace);
        } catch (error) {
          this.#sandbox.log("jobs", `run ${step.id}: ${runError(error).message}`);
        }
        for (const table of ["run_params", "run_metrics"])
          this.#sandbox.db.prepare(`DELETE FROM ${table} WHERE workspace = ? AND run = ?`).run(step.workspace, step.id);
        if (step.status !== "CancelRequested") store.update(step.workspace, step.id, { status: "NotStarted" });
      }
      this.#start(store.get(root.workspace, root.id)!);
    }
  }

  /** Takes a job's runs and files away. */
  async erase(run: Run): Promise<void> {
    this.cancel(run);
    await this.ended(run);
    const store = runsOf(this.#sandbox);
    const all = (one: Run): Run[] => [one, ...store.children(one.workspace, one.id).flatMap(all)];
    for (const one of all(run)) {
      await rm(runFolder(this.#sandbox, one), { recursive: true, force: true });
      if (one.kind === "trial") this.#sandbox.resources.delete(`${one.workspace}/jobs/${one.id}`);
    }
    store.erase(run.workspace, run.id);
  }

  /** Ends every process; the jobs go on at the next start. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const { abort } of this.#active.values()) abort.abort(new Stopped("sandbox", "The sandbox stops."));
    await Promise.race([
      Promise.all([...this.#active.values()].map(async ({ done }) => await done)),
      new Promise((resolve) => setTimeout(resolve, 2500).unref()),
    ]);
  }
}

const keyOf = (run: Pick<Run, "workspace" | "id">): string => `${run.workspace}#${run.id}`;

export const workspaceIdOf = (job: ArmResource): string => job.id.split("/").slice(0, -2).join("/");

const computeOf = (spec: object): { compute?: string } => {
  const id = (spec as Partial<StepSpec>).computeId;
  return id
    ? {
        compute: id
          .replace(/^azureml:/, "")
          .split("/")
          .at(-1)!,
      }
    : {};
};

const runners = new WeakMap<SandboxContext, JobRunner>();

/** The runner of a sandbox; one a process. */
export function runnerOf(sandbox: SandboxContext): JobRunner {
  let runner = runners.get(sandbox);
  if (!runner) runners.set(sandbox, (runner = new JobRunner(sandbox)));
  return runner;
}
