// Starts runs, as many at once as the trigger allows, and takes up what a killed sandbox left.
import { randomBytes } from "node:crypto";
import { ArmError } from "../core.ts";
import type { ArmResource, SandboxContext } from "../core.ts";
import { resourceKey } from "../state/resources.ts";
import type { Definition, Trigger } from "./definition.ts";
import { execute } from "./execute.ts";
import type { RunContext } from "./scope.ts";
import { evaluate, fill } from "./expression/evaluate.ts";
import { parseTemplate } from "./expression/parse.ts";
import { workflowRuns } from "./store.ts";
import type { WorkflowRun } from "./store.ts";

export type Answer = Parameters<RunContext["respond"]>[0];

export const definitionOf = (workflow: ArmResource): Definition => workflow.properties["definition"] as Definition;

/** Values of the definition's parameters: those of the workflow, else the defaults. */
export function parametersOf(workflow: ArmResource): Record<string, unknown> {
  const given = (workflow.properties["parameters"] ?? {}) as Record<string, { value?: unknown }>;
  const declared = Object.entries(definitionOf(workflow).parameters ?? {});
  return Object.fromEntries(declared.map(([name, { defaultValue }]) => [name, given[name]?.value ?? defaultValue ?? null]));
}

export class WorkflowRunner {
  readonly #sandbox: SandboxContext;
  readonly #stopping = new AbortController();
  readonly #active = new Map<string, Promise<void>>();
  readonly #responses = new Map<string, (answer: Answer | undefined) => void>();

  constructor(sandbox: SandboxContext) {
    this.#sandbox = sandbox;
  }

  /**
   * A request to a trigger: keeps the run, or the runs when the trigger splits its body, then starts what may start.
   * @throws ArmError 429 when too many wait already
   */
  trigger(workflow: ArmResource, request: { readonly headers: Record<string, string>; readonly body: unknown }): WorkflowRun[] {
    const trigger = Object.values(definitionOf(workflow).triggers)[0]!;
    const bodies = split(trigger, request);
    const { runs, waiting } = limits(trigger);
    const unfinished = workflowRuns(this.#sandbox).unfinished(workflow.id).length;
    if (unfinished + bodies.length > runs + waiting && unfinished >= runs) {
      throw new ArmError(
        429,
        "TooManyRequests",
        `${unfinished} runs of workflow '${workflow.name}' are under way or waiting; its trigger allows ${runs} and ${waiting} waiting.`,
      );
    }
    const made = bodies.map((body) =>
      workflowRuns(this.#sandbox).add({
        id: newRunName(),
        workflow: workflow.id,
        status: "Waiting",
        trigger: { headers: request.headers, body },
      }),
    );
    this.#next(workflow.id);
    return made;
  }

  /** What the run's Response action answers; undefined when the run ends without one. */
  async response(run: WorkflowRun): Promise<Answer | undefined> {
    return await new Promise((resolve) => {
      this.#responses.set(run.id, resolve);
    });
  }

  /** Runs that a killed sandbox left go on. */
  resume(): void {
    for (const key of new Set(
      workflowRuns(this.#sandbox)
        .unfinished()
        .map((run) => run.workflow),
    ))
      this.#next(key);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the sandbox stops"));
    await Promise.allSettled(this.#active.values());
  }

  #next(id: string): void {
    const key = resourceKey(id);
    const workflow = this.#sandbox.resources.get(key);
    if (!workflow || this.#stopping.signal.aborted) return;
    const { runs } = limits(Object.values(definitionOf(workflow).triggers)[0]!);
    const store = workflowRuns(this.#sandbox);
    const unfinished = store.unfinished(key);
    let active = unfinished.filter((run) => this.#active.has(run.id)).length;
    for (const run of unfinished) {
      if (active >= runs) return;
      if (this.#active.has(run.id)) continue;
      active++;
      store.setStatus(run.id, "Running");
      const work = this.#run(workflow, run).finally(() => {
        this.#active.delete(run.id);
        this.#responses.get(run.id)?.(undefined);
        this.#responses.delete(run.id);
        this.#next(key);
      });
      this.#active.set(run.id, work);
    }
  }

  async #run(workflow: ArmResource, run: WorkflowRun): Promise<void> {
    const store = workflowRuns(this.#sandbox);
    try {
      // The caller's handle on the answer is made in the same turn.
      await Promise.resolve();
      const ending = await execute({
        sandbox: this.#sandbox,
        store,
        run: run.id,
        definition: definitionOf(workflow),
        workflow,
        trigger: { outputs: run.trigger },
        parameters: parametersOf(workflow),
        signal: this.#stopping.signal,
        respond: (answer) => this.#responses.get(run.id)?.(answer),
      });
      store.setStatus(run.id, ending.state, ending.error);
      if (ending.error) this.#sandbox.log("workflows", `${workflow.name} run ${run.id}: ${ending.error.message}`);
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      this.#sandbox.log("workflows", `${workflow.name} run ${run.id}: ${(error as Error).stack ?? String(error)}`);
      store.setStatus(run.id, "Failed", { code: "InternalServerError", message: "The sandbox failed; its log has the reason." });
    }
  }
}

/** How many runs at once, and how many more may wait. Without concurrency control as many as come. */
function limits(trigger: Trigger): { runs: number; waiting: number } {
  const concurrency = trigger.runtimeConfiguration?.concurrency;
  if (!concurrency) return { runs: Number.MAX_SAFE_INTEGER, waiting: 0 };
  const runs = concurrency.runs ?? 25;
  return { runs, waiting: concurrency.maximumWaitingRuns ?? 10 + runs };
}

/** One body, or one for each item that `splitOn` names. */
function split(trigger: Trigger, request: { readonly headers: unknown; readonly body: unknown }): unknown[] {
  if (trigger.splitOn === undefined) return [request.body];
  const template = parseTemplate(trigger.splitOn);
  const unavailable = (): never => {
    throw new ArmError(400, "InvalidTemplate", "splitOn can read the trigger only.");
  };
  const scope = { trigger: { outputs: request }, workflow: {}, parameter: unavailable, action: unavailable, item: unavailable };
  const items = typeof template === "object" && "whole" in template ? evaluate(template.whole, scope) : fill(trigger.splitOn, scope);
  if (!Array.isArray(items)) throw new ArmError(400, "InvalidTemplate", "splitOn must give an array.");
  return items;
}

/** `08584…CU00`, as Logic Apps names its runs: newer ones sort first. */
const newRunName = (): string =>
  `0858${String(Number.MAX_SAFE_INTEGER - Date.now() * 1000).padStart(16, "0")}${randomBytes(6).toString("hex").toUpperCase()}CU00`;

const runners = new WeakMap<SandboxContext, WorkflowRunner>();

export function workflowRunner(sandbox: SandboxContext): WorkflowRunner {
  let runner = runners.get(sandbox);
  if (!runner) runners.set(sandbox, (runner = new WorkflowRunner(sandbox)));
  return runner;
}
