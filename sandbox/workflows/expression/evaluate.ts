// Expressions and templates, evaluated against what a run has so far.
import { asText, EvaluationError, functions, isObject } from "./functions.ts";
import type { Value } from "./functions.ts";
import { parseTemplate } from "./parse.ts";
import type { Expression } from "./parse.ts";

/** What expressions can ask of a run. Each throws EvaluationError for what is not there. */
export interface Scope {
  readonly trigger: { readonly outputs: Value };
  readonly workflow: Value;
  parameter(name: string): Value;
  /** Status and outputs of an action that has run. */
  action(name: string): { readonly status: string; readonly inputs?: Value; readonly outputs: Value };
  /** The item of the For each around; of the innermost one without a name. */
  item(loop?: string): Value;
}

/** @throws EvaluationError */
export function evaluate(expression: Expression, scope: Scope): Value {
  switch (expression.kind) {
    case "literal":
      return expression.value;
    case "member":
      return member(evaluate(expression.of, scope), evaluate(expression.key, scope), expression.optional);
    case "call":
      return call(expression.name, expression.args, scope);
  }
}

function member(of: Value, key: Value, optional: boolean): Value {
  const missing = (why: string): Value => {
    if (optional) return null;
    throw new EvaluationError(`${why}; write ?['${asText(key)}'] for what may be missing`);
  };
  if (of === null || of === undefined) return missing(`'${asText(key)}' cannot be taken from nothing`);
  if (Array.isArray(of)) {
    if (typeof key !== "number") throw new EvaluationError(`an array has no '${asText(key)}'; its items are numbered from 0`);
    return key < of.length && key >= 0 ? (of[key] as Value) : missing(`the array has ${of.length} items and no item ${key}`);
  }
  if (!isObject(of)) throw new EvaluationError(`'${asText(key)}' cannot be taken from ${JSON.stringify(of)?.slice(0, 60)}`);
  const name = asText(key);
  return Object.hasOwn(of, name) ? of[name] : missing(`there is no property '${name}'`);
}

function call(written: string, args: readonly Expression[], scope: Scope): Value {
  const name = written.toLowerCase();
  if (name === "if") {
    if (args.length !== 3) throw new EvaluationError("the function 'if' takes 3 arguments");
    const condition = evaluate(args[0]!, scope);
    if (typeof condition !== "boolean") throw new EvaluationError("the first argument of 'if' must be true or false");
    return evaluate(args[condition ? 1 : 2]!, scope);
  }
  const values = args.map((one) => evaluate(one, scope));
  const named = (): string => asText(values[0]);
  switch (name) {
    case "triggeroutputs":
      return scope.trigger.outputs;
    case "triggerbody":
      return bodyOf(scope.trigger.outputs);
    case "outputs":
      return scope.action(named()).outputs;
    case "body":
      return bodyOf(scope.action(named()).outputs);
    case "actions":
      return scope.action(named());
    case "item":
      return scope.item();
    case "items":
      return scope.item(named());
    case "parameters":
      return scope.parameter(named());
    case "workflow":
      return scope.workflow;
    default: {
      const known = Object.hasOwn(functions, name) ? functions[name] : undefined;
      if (!known) throw new EvaluationError(`the function '${written}' is not one that the sandbox knows`);
      if (values.length < known.least || values.length > known.most)
        throw new EvaluationError(`the function '${written}' does not take ${values.length} arguments`);
      return known.run(values);
    }
  }
}

/** Compose, Select and Query have what they made as outputs; `body` is that too. */
function bodyOf(outputs: Value): Value {
  if (isObject(outputs) && Object.hasOwn(outputs, "body")) return outputs["body"];
  return outputs ?? null;
}

/** Every string of a value with its expressions filled in; objects and arrays all the way down. */
export function fill(value: Value, scope: Scope): Value {
  if (typeof value === "string") {
    const template = parseTemplate(value);
    if (typeof template === "string") return template;
    if ("whole" in template) return evaluate(template.whole, scope);
    return template.parts.map((part) => (typeof part === "string" ? part : asText(evaluate(part, scope)))).join("");
  }
  if (Array.isArray(value)) return value.map((one) => fill(one, scope));
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fill(one, scope)]));
  return value;
}
