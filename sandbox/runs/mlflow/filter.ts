// MLflow's search filters and orders: `metrics.rmse < 1 and tags."a b" LIKE '%x%'`, `metrics.rmse DESC`.
import { invalid } from "./error.ts";

/** Where a searched thing has its values; `undefined` when it has none. */
export type Look = (kind: string, key: string) => string | number | undefined;

interface Condition {
  readonly kind: string;
  readonly key: string;
  readonly operator: string;
  readonly value: string | number | readonly string[];
}

const kinds: Readonly<Record<string, string>> = {
  metric: "metrics",
  metrics: "metrics",
  param: "params",
  params: "params",
  parameter: "params",
  parameters: "params",
  tag: "tags",
  tags: "tags",
  attribute: "attributes",
  attributes: "attributes",
  attr: "attributes",
  run: "attributes",
  dataset: "datasets",
  datasets: "datasets",
};

const conditionPattern =
  /^\s*(?:(\w+)\.)?("[^"]*"|`[^`]*`|[\w.\-/ ]*?[\w.\-/])\s*(!=|>=|<=|=|>|<|\bNOT\s+IN\b|\bIN\b|\bNOT\s+LIKE\b|\bLIKE\b|\bILIKE\b|\bIS\s+NOT\s+NULL\b|\bIS\s+NULL\b)\s*/i;
const valuePattern = /^('(?:[^']|'')*'|"[^"]*"|\((?:[^()]*)\)|-?[\d.]+(?:e[+-]?\d+)?)\s*/i;

/** Reads a filter; throws 400 with the part that cannot be read. An empty one lets all through. */
export function filterOf(text: string | undefined): (look: Look) => boolean {
  const conditions: Condition[] = [];
  let rest = (text ?? "").trim();
  while (rest !== "") {
    const head = conditionPattern.exec(rest);
    if (!head)
      throw invalid(
        `Invalid filter string '${text}': cannot read '${rest}'. A condition is like metrics.rmse < 1, params.model = 'tree', tags.\`a b\` LIKE '%x%'.`,
      );
    const operator = head[3]!.toUpperCase().replace(/\s+/g, " ");
    rest = rest.slice(head[0].length);
    let value: Condition["value"] = "";
    if (!operator.startsWith("IS")) {
      const found = valuePattern.exec(rest);
      if (!found) throw invalid(`Invalid filter string '${text}': expected a quoted text or a number at '${rest}'.`);
      value = literal(found[1]!);
      rest = rest.slice(found[0].length);
    }
    const kind = kinds[(head[1] ?? "attributes").toLowerCase()];
    if (!kind) throw invalid(`Invalid filter string '${text}': '${head[1]}' is none of metrics, params, tags, attributes.`);
    conditions.push({ kind, key: head[2]!.replace(/^["`]|["`]$/g, "").trim(), operator, value });
    const and = /^AND\b\s*/i.exec(rest);
    if (and) rest = rest.slice(and[0].length);
    else if (rest.trim() !== "") throw invalid(`Invalid filter string '${text}': expected AND at '${rest}'.`);
  }
  return (look) => conditions.every((condition) => holds(condition, look(condition.kind, condition.key)));
}

function literal(text: string): string | number | string[] {
  if (text.startsWith("("))
    return [...text.matchAll(/'((?:[^']|'')*)'|"([^"]*)"/g)].map((match) => (match[1] ?? match[2]!).replaceAll("''", "'"));
  if (text.startsWith("'") || text.startsWith('"')) return text.slice(1, -1).replaceAll("''", "'");
  return Number(text);
}

/** MLflow's clients leave prompts out by it from 2.21 on; as in its server, what has no such tag is no prompt. */
const promptTag = "mlflow.prompt.is_prompt";

function holds({ key, operator, value }: Condition, actual: string | number | undefined): boolean {
  if (key === promptTag && operator === "!=") return actual !== value;
  if (operator === "IS NULL") return actual === undefined;
  if (operator === "IS NOT NULL") return actual !== undefined;
  if (actual === undefined) return false;
  if (Array.isArray(value)) return value.includes(String(actual)) === (operator === "IN");
  if (operator.endsWith("LIKE")) {
    const pattern = new RegExp(
      `^${String(value)
        .replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
        .replaceAll("%", "[^]*")
        .replaceAll("_", "[^]")}$`,
      operator === "ILIKE" ? "i" : "",
    );
    return pattern.test(String(actual)) !== (operator === "NOT LIKE");
  }
  const [left, right]: [string | number, string | number] = typeof actual === "number" ? [actual, Number(value)] : [actual, String(value)];
  switch (operator) {
    case "=":
      return left === right;
    case "!=":
      return left !== right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
    case "<":
      return left < right;
    default:
      return left <= right;
  }
}

/** Sorts by MLflow's `order_by` terms; what has no value comes last, whatever the direction. */
export function orderBy<T>(items: readonly T[], terms: readonly string[], lookOf: (item: T) => Look): T[] {
  const keys = terms.map((term) => {
    const match = /^\s*(?:(\w+)\.)?("[^"]*"|`[^`]*`|[^\s]+(?:\s(?!asc|desc)[^\s]+)*?)\s*(ASC|DESC)?\s*$/i.exec(term);
    const kind = kinds[(match?.[1] ?? "attributes").toLowerCase()];
    if (!match || !kind) throw invalid(`Invalid order_by clause '${term}'. It is like metrics.rmse DESC or attributes.start_time ASC.`);
    return { kind, key: match[2]!.replace(/^["`]|["`]$/g, ""), down: match[3]?.toUpperCase() === "DESC" };
  });
  return items.toSorted((a, b) => {
    for (const { kind, key, down } of keys) {
      const [left, right] = [lookOf(a)(kind, key), lookOf(b)(kind, key)];
      const [none, other] = [left === undefined || Number.isNaN(left), right === undefined || Number.isNaN(right)];
      if (none || other) {
        if (none !== other) return none ? 1 : -1;
        continue;
      }
      if (left !== right) return (left as number) < (right as number) === down ? 1 : -1;
    }
    return 0;
  });
}
