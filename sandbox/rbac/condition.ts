// Conditions on role assignments (ABAC), the part that restricts which roles may be given to whom.
// https://learn.microsoft.com/azure/role-based-access-control/conditions-format
import { ArmError } from "../core.ts";

/** `Request/RoleDefinitionId` → the value that the request (or the resource as it is) has. */
export type Attributes = Readonly<Record<string, string>>;
/** Holds for the operation? An operation that the condition does not name is not restricted by it. */
export type Condition = (operation: string, attributes: Attributes) => boolean;

const token =
  /\s*(?:(ActionMatches)\s*\{\s*'([^']*)'\s*\}|@(Request|Resource)\s*\[\s*Microsoft\.Authorization\/roleAssignments:(RoleDefinitionId|PrincipalId|PrincipalType)\s*\]|(ForAnyOfAnyValues:)?(GuidEquals|GuidNotEquals|StringEqualsIgnoreCase|StringEquals)\b\s*(?:\{([^}]*)\}|'([^']*)')|(AND|OR|NOT|&&|\|\||!|\(|\)))/iy;

type Token =
  | { readonly kind: "action"; readonly pattern: string }
  | { readonly kind: "attribute"; readonly name: string }
  | { readonly kind: "compare"; readonly operator: string; readonly values: readonly string[] }
  | { readonly kind: "word"; readonly word: string };

/** @throws ArmError 501 for a condition (or a part of one) that the sandbox does not know: it must not hold by accident */
export function parseCondition(text: string): Condition {
  const tokens = read(text);
  let at = 0;
  const refuse = (): ArmError =>
    new ArmError(
      501,
      "NotModeledInSandbox",
      `The sandbox does not model this condition of a role assignment; it knows ActionMatches, and the attributes RoleDefinitionId, PrincipalId and PrincipalType of role assignments: ${text}`,
    );
  const word = (...words: string[]): boolean => {
    const next = tokens[at];
    if (next?.kind !== "word" || !words.includes(next.word)) return false;
    at++;
    return true;
  };
  const either = (): Condition => {
    let left = both();
    while (word("OR")) left = join(left, both(), (a, b) => a || b);
    return left;
  };
  const both = (): Condition => {
    let left = one();
    while (word("AND")) left = join(left, one(), (a, b) => a && b);
    return left;
  };
  const one = (): Condition => {
    if (word("NOT")) {
      const inner = one();
      return (operation, attributes) => !inner(operation, attributes);
    }
    if (word("(")) {
      const inner = either();
      if (!word(")")) throw refuse();
      return inner;
    }
    const next = tokens[at++];
    if (next?.kind === "action") return (operation) => operation.toLowerCase() === next.pattern.toLowerCase();
    const compare = tokens[at++];
    if (next?.kind !== "attribute" || compare?.kind !== "compare") throw refuse();
    const wanted = compare.values.map((value) => value.toLowerCase());
    const negated = /Not/i.test(compare.operator);
    return (_operation, attributes) => wanted.includes((attributes[next.name] ?? "").toLowerCase()) !== negated;
  };
  if (!tokens.length) throw refuse();
  const condition = either();
  if (at !== tokens.length) throw refuse();
  return condition;

  function read(source: string): Token[] {
    const found: Token[] = [];
    token.lastIndex = 0;
    while (source.slice(token.lastIndex).trim() !== "") {
      const from = token.lastIndex;
      const match = token.exec(source);
      if (!match) {
        token.lastIndex = from;
        throw new ArmError(
          501,
          "NotModeledInSandbox",
          `The sandbox does not model this part of a role assignment's condition: ${source.slice(from).trim().slice(0, 120)}`,
        );
      }
      const [, action, pattern, source1, attribute, , operator, list, single, plain] = match;
      if (action) found.push({ kind: "action", pattern: pattern! });
      else if (attribute) found.push({ kind: "attribute", name: `${capital(source1!)}/${capital(attribute)}` });
      else if (operator) found.push({ kind: "compare", operator, values: values(list ?? single!) });
      else
        found.push({
          kind: "word",
          word: ({ "&&": "AND", "||": "OR", "!": "NOT" } as Record<string, string>)[plain!] ?? plain!.toUpperCase(),
        });
    }
    return found;
  }
}

const join =
  (left: Condition, right: Condition, how: (a: boolean, b: boolean) => boolean): Condition =>
  (operation, attributes) =>
    how(left(operation, attributes), right(operation, attributes));

const values = (list: string): string[] => list.split(",").map((one) => one.trim().replace(/^'|'$/g, ""));
const capital = (text: string): string => text[0]!.toUpperCase() + text.slice(1);
