// The expressions in ARM templates, `[concat(parameters('a'), '-x')]`: read into a tree and evaluated.
import { ArmError } from "../core.ts";

export type Value = unknown;

/** Calls a template function; `evaluate` gives an argument's value when the function wants it (`if` wants only one of two). */
export type Call = (name: string, args: readonly Node[], evaluate: (node: Node) => Promise<Value>) => Promise<Value>;

export type Node =
  | { readonly kind: "literal"; readonly value: string | number }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Node[] }
  | { readonly kind: "property"; readonly of: Node; readonly key: string; readonly safe: boolean }
  | { readonly kind: "index"; readonly of: Node; readonly at: Node };

const bad = (text: string, why: string): ArmError =>
  new ArmError(400, "InvalidTemplate", `Deployment template language expression '${text.slice(0, 200)}' is not valid: ${why}.`);

/** A string of a template: undefined when it is plain text. `[[x]` is the text `[x]`. */
export function expressionIn(text: string): string | undefined {
  return text.startsWith("[") && text.endsWith("]") && !text.startsWith("[[") ? text.slice(1, -1) : undefined;
}

export function parse(text: string): Node {
  const tokens = [...text.matchAll(/\s*(?:('(?:[^']|'')*')|(-?\d+(?:\.\d+)?)|([A-Za-z_$][\w$]*)|(\?\.|[()[\],.]))/gy)];
  const end = tokens.reduce((sum, token) => sum + token[0].length, 0);
  if (text.slice(end).trim() !== "") throw bad(text, `'${text.slice(end).trim().slice(0, 20)}' was not expected`);
  let at = 0;
  const peek = (): string | undefined => tokens[at]?.[4];
  const expect = (symbol: string): void => {
    if (peek() !== symbol) throw bad(text, `'${symbol}' was expected${tokens[at] ? ` before '${tokens[at]![0].trim()}'` : " at the end"}`);
    at++;
  };
  const primary = (): Node => {
    const token = tokens[at++];
    if (!token) throw bad(text, "it ends too early");
    if (token[1] !== undefined) return { kind: "literal", value: token[1].slice(1, -1).replaceAll("''", "'") };
    if (token[2] !== undefined) return { kind: "literal", value: Number(token[2]) };
    if (token[3] === undefined) throw bad(text, `'${token[4]}' was not expected`);
    let name = token[3];
    // Functions of a user's own have a namespace: contoso.uniqueName().
    while (peek() === "." && tokens[at + 1]?.[3] !== undefined && tokens[at + 2]?.[4] === "(") {
      name += `.${tokens[at + 1]![3]}`;
      at += 2;
    }
    expect("(");
    const args: Node[] = [];
    while (peek() !== ")") {
      args.push(whole());
      if (peek() === ",") at++;
      else if (peek() !== ")") throw bad(text, "',' or ')' was expected");
    }
    at++;
    return { kind: "call", name, args };
  };
  const whole = (): Node => {
    let node = primary();
    for (;;) {
      if (peek() === "." || peek() === "?.") {
        const safe = peek() === "?.";
        const key = tokens[at + 1]?.[3];
        if (key === undefined) throw bad(text, "a property's name was expected after '.'");
        at += 2;
        node = { kind: "property", of: node, key, safe };
      } else if (peek() === "[") {
        at++;
        const index = whole();
        expect("]");
        node = { kind: "index", of: node, at: index };
      } else return node;
    }
  };
  const tree = whole();
  if (at < tokens.length) throw bad(text, `'${tokens[at]![0].trim()}' was not expected`);
  return tree;
}

export async function evaluate(node: Node, call: Call): Promise<Value> {
  const value = async (one: Node): Promise<Value> => await evaluate(one, call);
  switch (node.kind) {
    case "literal":
      return node.value;
    case "call":
      return await call(node.name, node.args, value);
    case "property":
      return member(await value(node.of), node.key, node.safe);
    case "index": {
      const key = await value(node.at);
      return member(await value(node.of), key as string | number, false);
    }
  }
}

function member(of: Value, key: string | number, safe: boolean): Value {
  if (Array.isArray(of)) return of[Number(key)];
  if (typeof of === "object" && of !== null) {
    const found = Object.keys(of).find((one) => one.toLowerCase() === String(key).toLowerCase());
    if (found !== undefined) return (of as Record<string, Value>)[found];
  }
  if (safe) return null;
  throw new ArmError(
    400,
    "InvalidTemplate",
    `The language expression property '${key}' doesn't exist${typeof of === "object" && of ? `, available properties are '${Object.keys(of).join(", ")}'` : ""}.`,
  );
}

/** A template value with every expression in it replaced by its value. `skip` names paths to leave as they are. */
export async function resolve(
  value: Value,
  call: Call,
  skip: (path: readonly string[]) => boolean = () => false,
  path: readonly string[] = [],
): Promise<Value> {
  if (skip(path)) return value;
  if (typeof value === "string") {
    const expression = expressionIn(value);
    if (expression === undefined) return value.startsWith("[[") ? value.slice(1) : value;
    return await evaluate(parse(expression), call);
  }
  if (Array.isArray(value))
    return await Promise.all(value.map(async (one, index) => await resolve(one, call, skip, [...path, String(index)])));
  if (typeof value === "object" && value !== null) {
    const entries = await Promise.all(
      Object.entries(value).map(
        async ([key, one]) => [(await resolve(key, call)) as string, await resolve(one, call, skip, [...path, key])] as const,
      ),
    );
    return Object.fromEntries(entries);
  }
  return value;
}

/** Are all of the arguments `wanted`? Stops at the first that is not, as `and` and `or` do. */
export async function every(args: readonly Node[], value: (node: Node) => Promise<unknown>, wanted: boolean): Promise<boolean> {
  for (const arg of args) if (((await value(arg)) === true) !== wanted) return false;
  return true;
}
