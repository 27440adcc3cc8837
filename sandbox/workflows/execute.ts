// One run of a workflow: its actions in the order that runAfter gives, side by side where nothing orders them.
import { setTimeout as sleep } from "node:timers/promises";
import { holds } from "./condition.ts";
import type { Action, Actions, Status } from "./definition.ts";
import { intervalSeconds } from "./duration.ts";
import { fill } from "./expression/evaluate.ts";
import type { Scope } from "./expression/evaluate.ts";
import { EvaluationError, isObject } from "./expression/functions.ts";
import { connectionRequest, httpRequest, NoAnswer } from "./request.ts";
import type { Caller } from "./request.ts";
import { scopeOf } from "./scope.ts";
import type { Frame, RunContext } from "./scope.ts";
import type { ActionResult, RunState } from "./store.ts";

/** A Terminate action ends the run. */
class Terminated extends Error {
  readonly state: RunState;
  readonly runError: { code: string; message: string } | undefined;
  constructor(state: RunState, runError: { code: string; message: string } | undefined) {
    super("terminated");
    this.state = state;
    this.runError = runError;
  }
}

interface Ending {
  readonly state: RunState;
  readonly error?: { readonly code: string; readonly message: string };
}

/** Runs to the end. Actions that have succeeded before (a killed sandbox) are not run again. Rejects only when `signal` is aborted. */
export async function execute(context: RunContext): Promise<Ending> {
  const done = context.store.actions(context.run);
  const top: Frame = { around: undefined, loop: undefined, item: undefined, suffix: "", results: new Map() };
  try {
    const failed = await runAll(context, context.definition.actions, top, done);
    if (failed) return { state: "Failed", error: { code: "ActionFailed", message: `An action failed: ${failed}.` } };
    return { state: "Succeeded" };
  } catch (error) {
    if (error instanceof Terminated) return { state: error.state, ...(error.runError ? { error: error.runError } : {}) };
    throw error;
  }
}

/** Runs a set of actions. Returns the name of an action whose failure nothing took care of. */
async function runAll(
  context: RunContext,
  actions: Actions,
  frame: Frame,
  done: ReadonlyMap<string, ActionResult>,
): Promise<string | undefined> {
  const running = new Map<string, Promise<ActionResult>>();
  const start = async (name: string): Promise<ActionResult> => {
    const known = running.get(name);
    if (known) return await known;
    const promise = (async () => {
      const action = actions[name]!;
      const before = Object.entries(action.runAfter ?? {});
      const ends = await Promise.all(before.map(async ([one, wanted]) => wanted.includes((await start(one)).status as Status)));
      const result = ends.every(Boolean) ? await runOne(context, name, action, frame, done) : skip(context, name, frame);
      frame.results.set(name, result);
      return result;
    })();
    running.set(name, promise);
    return await promise;
  };
  const settled = await Promise.allSettled(Object.keys(actions).map(start));
  const broken = settled.find((one) => one.status === "rejected");
  if (broken) throw broken.reason as Error;

  const followed = new Set(Object.values(actions).flatMap((one) => Object.keys(one.runAfter ?? {})));
  const failing = (name: string): string | undefined => {
    const { status } = frame.results.get(name)!;
    if (status === "Failed" || status === "TimedOut") return name;
    if (status !== "Skipped") return undefined;
    for (const before of Object.keys(actions[name]!.runAfter ?? {})) {
      const found = failing(before);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  for (const name of Object.keys(actions)) {
    const found = followed.has(name) ? undefined : failing(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

const now = (): string => new Date().toISOString();

function skip(context: RunContext, name: string, frame: Frame): ActionResult {
  const error = { code: "ActionSkipped", message: "The actions before it did not end as runAfter wants." };
  const result: ActionResult = { name, status: "Skipped", startTime: now(), endTime: now(), secure: [], error };
  context.store.saveAction(context.run, name + frame.suffix, result);
  return result;
}

async function runOne(
  context: RunContext,
  name: string,
  action: Action,
  frame: Frame,
  done: ReadonlyMap<string, ActionResult>,
): Promise<ActionResult> {
  const place = name + frame.suffix;
  const before = done.get(place);
  // Actions with actions inside run again: what succeeded inside is remembered there.
  const plain = action.actions === undefined && action.cases === undefined;
  if (before?.status === "Succeeded" && plain) return before;
  context.signal.throwIfAborted();
  const startTime = before?.startTime ?? now();
  const secure = action.runtimeConfiguration?.secureData?.properties ?? [];
  context.store.saveAction(context.run, place, { name, status: "Running", startTime, secure });
  let result: ActionResult;
  try {
    const more = await act(context, name, action, frame, done, startTime);
    result = { name, status: "Succeeded", startTime, endTime: now(), secure, ...more };
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof Terminated) {
      context.store.saveAction(context.run, place, { name, status: "Succeeded", startTime, endTime: now(), secure });
      throw error;
    }
    if (!(error instanceof EvaluationError || error instanceof NoAnswer)) throw error;
    const code = error instanceof NoAnswer ? "ServiceUnavailable" : "InvalidTemplate";
    result = { name, status: "Failed", startTime, endTime: now(), secure, error: { code, message: error.message } };
  }
  context.store.saveAction(context.run, place, result);
  return result;
}

type Outcome = Partial<Pick<ActionResult, "status" | "inputs" | "outputs" | "error">>;

/** What the action does. @throws EvaluationError, NoAnswer, Terminated */
async function act(
  context: RunContext,
  name: string,
  action: Action,
  frame: Frame,
  done: ReadonlyMap<string, ActionResult>,
  startTime: string,
): Promise<Outcome> {
  const scope = scopeOf(context, frame);
  const inner = async (actions: Actions | undefined): Promise<Outcome> => {
    const failed = await runAll(context, actions ?? {}, frame, done);
    return failed === undefined ? {} : { status: "Failed", error: innerFailed(failed) };
  };
  switch (action.type) {
    case "Scope":
      return await inner(action.actions);
    case "If": {
      const expressionResult = holds(action.expression, scope);
      return { inputs: { expressionResult }, ...(await inner(expressionResult ? action.actions : action.else?.actions)) };
    }
    case "Switch": {
      const value = fill(action.expression, scope);
      const found = Object.values(action.cases ?? {}).find((one) => fill(one.case, scope) === value);
      return { inputs: { expressionResult: value }, ...(await inner((found ?? action.default)?.actions)) };
    }
    case "Foreach":
      return await forEach(context, name, action, frame, done);
    case "Wait": {
      const inputs = fill(action.inputs, scope) as { interval?: unknown };
      const until = Date.parse(startTime) + (intervalSeconds(inputs.interval) * 1000) / context.sandbox.scale;
      await sleep(Math.max(0, until - Date.now()), undefined, { signal: context.signal });
      return { inputs };
    }
    case "Select":
    case "Query":
      return { outputs: { body: shape(action, frame, context) } };
    case "Terminate": {
      const { runStatus, runError } = fill(action.inputs, scope) as { runStatus?: string; runError?: { code: string; message: string } };
      throw new Terminated((runStatus ?? "Failed") as RunState, runError);
    }
  }
  const inputs = fill(action.inputs, scope);
  if (action.type === "Compose") return { inputs, outputs: inputs };
  const given = isObject(inputs) ? inputs : {};
  if (action.type === "Response") {
    const headers = Object.fromEntries(
      Object.entries(isObject(given["headers"]) ? given["headers"] : {}).map(([key, value]) => [key, String(value)]),
    );
    context.respond({ statusCode: Number(given["statusCode"] ?? 200), headers, body: given["body"] });
    return { inputs };
  }
  const caller: Caller = {
    sandbox: context.sandbox,
    workflow: context.workflow.name,
    signal: context.signal,
    limit: action.limit?.timeout,
  };
  const outputs = action.type === "Http" ? await httpRequest(given, caller) : await connectionRequest(given, caller);
  if (outputs.statusCode < 400) return { inputs, outputs };
  return { status: "Failed", inputs, outputs, error: { code: "ActionFailed", message: `The answer has status ${outputs.statusCode}.` } };
}

const innerFailed = (name: string) => ({ code: "ActionFailed", message: `An action inside failed: ${name}.` });

/** Select makes of each item another one; Query keeps those for which `where` holds. */
function shape(action: Action, frame: Frame, context: RunContext): unknown[] {
  const { from, select, where } = action.inputs as { from?: unknown; select?: unknown; where?: unknown };
  const list = fill(from, scopeOf(context, frame));
  if (!Array.isArray(list)) throw new EvaluationError(`'from' must be an array, not ${JSON.stringify(list)?.slice(0, 60)}`);
  const at = (item: unknown): Scope => scopeOf(context, { ...frame, around: frame, loop: undefined, item });
  if (action.type === "Select") return list.map((item) => fill(select, at(item)));
  return list.filter((item) => holds(where, at(item))) as unknown[];
}

async function forEach(
  context: RunContext,
  name: string,
  action: Action,
  frame: Frame,
  done: ReadonlyMap<string, ActionResult>,
): Promise<Outcome> {
  const items = fill(action.foreach, scopeOf(context, frame));
  if (!Array.isArray(items)) throw new EvaluationError(`'foreach' must be an array, not ${JSON.stringify(items)?.slice(0, 60)}`);
  const sequential = action.operationOptions?.toLowerCase() === "sequential";
  const atOnce = sequential ? 1 : (action.runtimeConfiguration?.concurrency?.repetitions ?? 20);
  const queue = items.entries();
  const failures: string[] = [];
  await Promise.all(
    Array.from({ length: Math.min(atOnce, items.length) }, async () => {
      for (const [index, item] of queue) {
        const each: Frame = { around: frame, loop: name, item, suffix: `${frame.suffix}#${index}`, results: new Map() };
        const failed = await runAll(context, action.actions ?? {}, each, done);
        if (failed !== undefined) failures.push(failed);
      }
    }),
  );
  return failures.length === 0 ? {} : { status: "Failed", error: innerFailed(failures[0]!) };
}
