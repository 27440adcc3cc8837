// A workflow's definition: what the sandbox executes of the Workflow Definition Language; the rest is refused by name when it is written.
// https://learn.microsoft.com/azure/logic-apps/logic-apps-workflow-definition-language
import { z } from "zod";
import { notModeled } from "../arm/errors.ts";
import { ArmError } from "../core.ts";
import { isKnown, isObject } from "./expression/functions.ts";
import { ExpressionError, functionsIn, parseTemplate } from "./expression/parse.ts";

export const statuses = ["Succeeded", "Failed", "Skipped", "TimedOut"] as const;
export type Status = (typeof statuses)[number];

export interface Action {
  readonly type: string;
  readonly runAfter?: Readonly<Record<string, readonly Status[]>>;
  readonly inputs?: unknown;
  readonly actions?: Actions;
  readonly else?: { readonly actions?: Actions };
  readonly expression?: unknown;
  readonly cases?: Readonly<Record<string, { readonly case: unknown; readonly actions?: Actions }>>;
  readonly default?: { readonly actions?: Actions };
  readonly foreach?: unknown;
  readonly operationOptions?: string;
  readonly limit?: { readonly timeout?: string };
  readonly runtimeConfiguration?: {
    readonly concurrency?: { readonly repetitions?: number };
    readonly secureData?: { readonly properties?: readonly string[] };
  };
}
export type Actions = Readonly<Record<string, Action>>;

export interface Trigger {
  readonly type: string;
  readonly kind?: string;
  readonly splitOn?: string;
  readonly runtimeConfiguration?: { readonly concurrency?: { readonly runs?: number; readonly maximumWaitingRuns?: number } };
}

export interface Definition {
  readonly parameters?: Readonly<Record<string, { readonly type: string; readonly defaultValue?: unknown }>>;
  readonly triggers: Readonly<Record<string, Trigger>>;
  readonly actions: Actions;
}

const action: z.ZodType = z.lazy(() =>
  z.looseObject({
    type: z.string(),
    runAfter: z.record(z.string(), z.array(z.enum(statuses)).min(1)).optional(),
    actions: z.record(z.string(), action).optional(),
    else: z.looseObject({ actions: z.record(z.string(), action).optional() }).optional(),
    cases: z.record(z.string(), z.looseObject({ actions: z.record(z.string(), action).optional() })).optional(),
    default: z.looseObject({ actions: z.record(z.string(), action).optional() }).optional(),
  }),
);

/** `properties.definition` of a workflow. */
export const definitionBody = z.looseObject({
  $schema: z.string(),
  contentVersion: z.string().optional(),
  parameters: z.record(z.string(), z.looseObject({ type: z.string() })).optional(),
  triggers: z.record(z.string(), z.looseObject({ type: z.string() })),
  actions: z.record(z.string(), action),
  outputs: z.record(z.string(), z.unknown()).optional(),
});

const actionTypes = [
  "Compose",
  "Http",
  "ApiConnection",
  "If",
  "Switch",
  "Foreach",
  "Scope",
  "Select",
  "Query",
  "Wait",
  "Response",
  "Terminate",
];

/** Members of each action's inputs that are executed. */
const inputsOf: Readonly<Record<string, readonly string[]>> = {
  Http: ["method", "uri", "headers", "queries", "body", "retryPolicy"],
  ApiConnection: ["host", "method", "path", "queries", "body", "headers", "retryPolicy"],
  Select: ["from", "select"],
  Query: ["from", "where"],
  Wait: ["interval"],
  Response: ["statusCode", "headers", "body"],
  Terminate: ["runStatus", "runError"],
};

const wrong = (message: string): ArmError =>
  new ArmError(400, "InvalidTemplate", `The definition of the workflow is not valid: ${message}`, { target: "properties.definition" });

/** The sets of actions inside an action. */
export const branches = (one: Action): Actions[] =>
  [one.actions, one.else?.actions, one.default?.actions, ...Object.values(one.cases ?? {}).map((each) => each.actions)].filter(
    (each) => each !== undefined,
  );

/** @throws ArmError 400 for what is wrong, 501 for what the sandbox does not execute */
export function checkDefinition(definition: Definition): void {
  const triggers = Object.entries(definition.triggers);
  if (triggers.length !== 1) throw notModeled(`workflows with ${triggers.length} triggers`, "it starts workflows by one Request trigger.");
  const [name, trigger] = triggers[0]!;
  if (trigger.type !== "Request")
    throw notModeled(
      `triggers of type '${trigger.type}' ('${name}')`,
      "it starts workflows by a Request trigger; have Event Grid call that.",
    );
  for (const key of Object.keys(trigger))
    if (!["type", "kind", "inputs", "splitOn", "runtimeConfiguration", "description", "metadata"].includes(key))
      throw notModeled(`'${key}' of trigger '${name}'`, "it knows splitOn and concurrency.");
  checkExpressions(trigger, `trigger '${name}'`);
  const seen = new Set<string>();
  checkActions(definition.actions, seen);
  if (trigger.splitOn !== undefined && all(definition.actions).some(([, one]) => one.type === "Response"))
    throw wrong("a workflow whose trigger has splitOn cannot have a Response action.");
}

/** Every action of a definition with its name, inner ones too. */
export const all = (actions: Actions): [string, Action][] =>
  Object.entries(actions).flatMap(([name, one]) => [[name, one] as [string, Action], ...branches(one).flatMap(all)]);

function checkActions(actions: Actions, seen: Set<string>): void {
  for (const [name, one] of Object.entries(actions)) {
    if (seen.has(name)) throw wrong(`there are two actions '${name}'; names are unique in a workflow.`);
    seen.add(name);
    if (!actionTypes.includes(one.type))
      throw notModeled(`actions of type '${one.type}' ('${name}')`, `it executes ${actionTypes.join(", ")}.`);
    const known = inputsOf[one.type];
    if (known && isObject(one.inputs))
      for (const key of Object.keys(one.inputs))
        if (!known.includes(key))
          throw notModeled(`'${key}' in the inputs of action '${name}' (${one.type})`, `it knows ${known.join(", ")}.`);
    for (const before of Object.keys(one.runAfter ?? {}))
      if (!Object.hasOwn(actions, before)) throw wrong(`action '${name}' runs after '${before}', which is not there beside it.`);
    const { actions: _a, else: _e, cases, default: _d, ...own } = one;
    checkExpressions({ ...own, cases: Object.values(cases ?? {}).map((each) => each.case) }, `action '${name}'`);
    for (const inner of branches(one)) checkActions(inner, seen);
  }
  checkCycles(actions);
}

function checkCycles(actions: Actions): void {
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    if (path.includes(name)) throw wrong(`the actions ${[...path, name].join(" → ")} wait for each other.`);
    if (done.has(name)) return;
    for (const before of Object.keys(actions[name]!.runAfter ?? {})) visit(before, [...path, name]);
    done.add(name);
  };
  for (const name of Object.keys(actions)) visit(name, []);
}

function checkExpressions(value: unknown, where: string): void {
  if (Array.isArray(value)) return value.forEach((one) => checkExpressions(one, where));
  if (isObject(value)) return Object.values(value).forEach((one) => checkExpressions(one, where));
  if (typeof value !== "string") return;
  try {
    const template = parseTemplate(value);
    if (typeof template === "string") return;
    const expressions = "whole" in template ? [template.whole] : template.parts.filter((part) => typeof part !== "string");
    for (const name of expressions.flatMap(functionsIn))
      if (!isKnown(name))
        throw notModeled(`the function '${name}' (${where})`, "no function of that name is in sandbox/workflows/expression.");
  } catch (error) {
    if (error instanceof ExpressionError) throw wrong(`${where}: ${error.message}.`);
    throw error;
  }
}
