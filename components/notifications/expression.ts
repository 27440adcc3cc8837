// Expressions of workflows, written in TypeScript: each function gives the text of an expression without its `@`.
// https://learn.microsoft.com/azure/logic-apps/workflow-definition-language-functions-reference

/** An expression. Other text becomes one by `text`. */
export type Expr = string & { readonly __expression?: never };

export const text = (value: string): Expr => `'${value.replaceAll("'", "''")}'`;

/** `item()?['data']?['model']`: nothing where there is nothing. */
export const item = (...keys: readonly string[]): Expr => `item()${keys.map((key) => `?[${text(key)}]`).join("")}`;

export const call = (name: string, ...args: readonly (Expr | number)[]): Expr => `${name}(${args.join(", ")})`;

export const concat = (...parts: readonly Expr[]): Expr => call("concat", ...parts);

/** The first whose condition holds, else `otherwise`. */
export const choose = (cases: readonly (readonly [condition: Expr, value: Expr])[], otherwise: Expr): Expr =>
  cases.reduceRight((rest, [condition, value]) => call("if", condition, value, rest), otherwise);

export const isEmpty = (value: Expr): Expr => call("empty", value);

/** `before` and the value where there is one, else nothing. */
export const after = (before: string, value: Expr): Expr => call("if", isEmpty(value), text(""), concat(text(before), value));

/** Text of an event inside HTML. */
export const html = (value: Expr): Expr =>
  [
    ["&", "&amp;"],
    ["<", "&lt;"],
    [">", "&gt;"],
    ['"', "&quot;"],
  ].reduce((rest, [from, to]) => call("replace", rest, text(from!), text(to!)), value);

/** A whole string of a definition. */
export const whole = (expression: Expr): string => `@${expression}`;
