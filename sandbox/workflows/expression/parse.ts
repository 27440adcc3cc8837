// The Workflow Definition Language's expressions, from text to a tree:
// https://learn.microsoft.com/azure/logic-apps/workflow-definition-language-functions-reference

export type Expression =
  | { readonly kind: "literal"; readonly value: string | number | boolean | null }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Expression[] }
  /** `of[key]`, or `of?[key]`, which gives null for what is not there. */
  | { readonly kind: "member"; readonly of: Expression; readonly key: Expression; readonly optional: boolean };

/** Text that is no expression: what was wrong, and where. */
export class ExpressionError extends Error {}

const tokens = /\s*(?:('(?:[^']|'')*')|(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)|([A-Za-z_$][\w$]*)|(\?\[|\?\.|[()[\],.]))/y;

type Token = { readonly kind: "text" | "number" | "name" | "mark"; readonly text: string; readonly at: number };

function tokenize(source: string): Token[] {
  const found: Token[] = [];
  tokens.lastIndex = 0;
  while (source.slice(tokens.lastIndex).trim() !== "") {
    const at = tokens.lastIndex;
    const match = tokens.exec(source);
    if (!match) throw new ExpressionError(`'${source}': cannot be read at position ${at + 1}: ${source.slice(at, at + 20)}`);
    const [, text, number, name, mark] = match;
    if (text !== undefined) found.push({ kind: "text", text, at });
    else if (number !== undefined) found.push({ kind: "number", text: number, at });
    else if (name !== undefined) found.push({ kind: "name", text: name, at });
    else found.push({ kind: "mark", text: mark!, at });
  }
  return found;
}

/** One expression without its `@`. @throws ExpressionError */
export function parseExpression(source: string): Expression {
  const list = tokenize(source);
  let next = 0;
  const fail = (wanted: string): never => {
    const token = list[next];
    throw new ExpressionError(`'${source}': ${wanted} is missing at ${token ? `position ${token.at + 1}` : "the end"}`);
  };
  const take = (text: string): boolean => list[next]?.kind === "mark" && list[next]!.text === text && ++next > 0;
  const need = (text: string): void => void (take(text) || fail(`'${text}'`));

  const primary = (): Expression => {
    const token = list[next];
    if (!token || token.kind === "mark") return fail("a value");
    next++;
    if (token.kind === "text") return { kind: "literal", value: token.text.slice(1, -1).replaceAll("''", "'") };
    if (token.kind === "number") return { kind: "literal", value: Number(token.text) };
    const word = { true: true, false: false, null: null }[token.text.toLowerCase()];
    if (word !== undefined) return { kind: "literal", value: word };
    need("(");
    const args: Expression[] = [];
    if (!take(")")) {
      do args.push(whole());
      while (take(","));
      need(")");
    }
    return { kind: "call", name: token.text, args };
  };
  const whole = (): Expression => {
    let of = primary();
    for (;;) {
      const optional = list[next]?.text.startsWith("?") === true && list[next]?.kind === "mark";
      if (take("[") || take("?[")) {
        of = { kind: "member", of, key: whole(), optional };
        need("]");
      } else if (take(".") || take("?.")) {
        const name = list[next++];
        if (name?.kind !== "name") return fail("a name");
        of = { kind: "member", of, key: { kind: "literal", value: name.text }, optional };
      } else return of;
    }
  };
  const result = whole();
  if (next < list.length) fail("the end");
  return result;
}

/** A string of a definition: itself, one expression (`@…`), or text with expressions in it (`…@{…}…`). */
export type Template = string | { readonly whole: Expression } | { readonly parts: readonly (string | Expression)[] };

/** @throws ExpressionError */
export function parseTemplate(text: string): Template {
  if (text.startsWith("@@")) return text.slice(1);
  if (text.startsWith("@") && !text.startsWith("@{")) return { whole: parseExpression(text.slice(1)) };
  if (!text.includes("@{")) return text;
  const parts: (string | Expression)[] = [];
  let plain = "";
  for (let at = 0; at < text.length;) {
    if (text.startsWith("@@{", at)) {
      plain += "@{";
      at += 3;
    } else if (text.startsWith("@{", at)) {
      const end = closing(text, at + 2);
      if (plain !== "") parts.push(plain);
      plain = "";
      parts.push(parseExpression(text.slice(at + 2, end)));
      at = end + 1;
    } else plain += text[at++];
  }
  if (plain !== "") parts.push(plain);
  return { parts };
}

/** Place of the `}` that ends what begins at `from`; braces in quotes do not count. */
function closing(text: string, from: number): number {
  let quoted = false;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "'") quoted = !quoted;
    else if (text[at] === "}" && !quoted) return at;
  }
  throw new ExpressionError(`'${text}': '}' is missing for the expression at position ${from - 1}`);
}

/** Names of all functions in an expression, as written. */
export function functionsIn(expression: Expression): string[] {
  if (expression.kind === "literal") return [];
  if (expression.kind === "member") return [...functionsIn(expression.of), ...functionsIn(expression.key)];
  return [expression.name, ...expression.args.flatMap(functionsIn)];
}
