// The functions of the Workflow Definition Language that the sandbox knows; others are refused by name when a workflow is written.
import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";

export type Value = unknown;

/** A function got what it does not take; ends the action as `InvalidTemplate`. */
export class EvaluationError extends Error {}

type Pure = { readonly least: number; readonly most: number; readonly run: (args: readonly Value[]) => Value };

const pure = (least: number, most: number, run: (...args: never[]) => Value): Pure => ({
  least,
  most,
  run: (args) => run(...(args as never[])),
});
const any = Number.MAX_SAFE_INTEGER;

export const isObject = (value: Value): value is Record<string, Value> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** How a value stands in text: strings as they are, nothing as nothing, the rest as JSON. */
export function asText(value: Value): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "True" : "False";
  return JSON.stringify(value);
}

const shown = (value: Value): string => (JSON.stringify(value) ?? "nothing").slice(0, 80);

function text(name: string, value: Value): string {
  if (typeof value === "string") return value;
  throw new EvaluationError(`the function '${name}' takes a string, not ${shown(value)}`);
}
function number(name: string, value: Value): number {
  if (typeof value === "number") return value;
  throw new EvaluationError(`the function '${name}' takes a number, not ${shown(value)}`);
}
function list(name: string, value: Value): readonly Value[] {
  if (Array.isArray(value)) return value as Value[];
  throw new EvaluationError(`the function '${name}' takes an array, not ${shown(value)}`);
}
const truth = (name: string, value: Value): boolean => {
  if (typeof value === "boolean") return value;
  throw new EvaluationError(`the function '${name}' takes true or false, not ${shown(value)}`);
};

function compare(name: string, a: Value, b: Value): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  throw new EvaluationError(`the function '${name}' compares two numbers or two strings, not ${shown(a)} and ${shown(b)}`);
}

function isEmpty(value: Value): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value === "string" || Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

function contains(where: Value, what: Value): boolean {
  if (typeof where === "string") return where.includes(text("contains", what));
  if (Array.isArray(where)) return where.some((one) => isDeepStrictEqual(one, what));
  if (isObject(where)) return Object.hasOwn(where, text("contains", what));
  throw new EvaluationError(`the function 'contains' takes a string, an array or an object, not ${shown(where)}`);
}

/** `F2`, `N0`, `P1`, `G`, or `0.00`: what .NET's format strings say for plain numbers. */
function formatNumber(value: number, format: string): string {
  const standard = /^([FNPG])(\d*)$/i.exec(format);
  if (standard) {
    const digits = standard[2] === "" ? 2 : Number(standard[2]);
    const kind = standard[1]!.toUpperCase();
    if (kind === "F") return value.toFixed(digits);
    if (kind === "G") return String(standard[2] === "" ? value : Number(value.toPrecision(Math.max(1, digits))));
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return kind === "P" ? `${(value * 100).toLocaleString("en-US", options)}%` : value.toLocaleString("en-US", options);
  }
  const custom = /^(0+|#)(?:\.(0*)(#*))?$/.exec(format);
  if (!custom) throw new EvaluationError(`the sandbox does not know the number format '${format}'; it has F, N, P, G and 0.00##`);
  const [least, most] = [custom[2]?.length ?? 0, (custom[2]?.length ?? 0) + (custom[3]?.length ?? 0)];
  return value.toLocaleString("en-US", { useGrouping: false, minimumFractionDigits: least, maximumFractionDigits: most });
}

/** .NET's custom date formats, as far as figures go. */
function formatDate(value: string, format = "o"): string {
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) throw new EvaluationError(`'${value}' is not a time in ISO 8601`);
  const two = (part: number): string => String(part).padStart(2, "0");
  if (/^[oO]$/.test(format)) return date.toISOString().replace("Z", "0000Z");
  const parts: Record<string, string> = {
    yyyy: String(date.getUTCFullYear()),
    MM: two(date.getUTCMonth() + 1),
    dd: two(date.getUTCDate()),
    HH: two(date.getUTCHours()),
    mm: two(date.getUTCMinutes()),
    ss: two(date.getUTCSeconds()),
  };
  if (/[A-Za-z]/.test(format.replaceAll(/yyyy|MM|dd|HH|mm|ss|'[^']*'|[TZ]/g, "")))
    throw new EvaluationError(`the sandbox does not know the date format '${format}'; it has yyyy MM dd HH mm ss and o`);
  return format.replaceAll(/yyyy|MM|dd|HH|mm|ss|'([^']*)'/g, (part, quoted: string | undefined) => parts[part] ?? quoted ?? "");
}

/** In lower case, as names do not count their casing. */
export const functions: Readonly<Record<string, Pure>> = {
  // logic
  and: pure(2, any, (...args: Value[]) => args.every((one) => truth("and", one))),
  or: pure(2, any, (...args: Value[]) => args.some((one) => truth("or", one))),
  not: pure(1, 1, (value: Value) => !truth("not", value)),
  equals: pure(2, 2, (a: Value, b: Value) => isDeepStrictEqual(a ?? null, b ?? null)),
  greater: pure(2, 2, (a: Value, b: Value) => compare("greater", a, b) > 0),
  greaterorequals: pure(2, 2, (a: Value, b: Value) => compare("greaterOrEquals", a, b) >= 0),
  less: pure(2, 2, (a: Value, b: Value) => compare("less", a, b) < 0),
  lessorequals: pure(2, 2, (a: Value, b: Value) => compare("lessOrEquals", a, b) <= 0),
  // text
  concat: pure(1, any, (...args: Value[]) => args.map(asText).join("")),
  replace: pure(3, 3, (where: Value, what: Value, by: Value) =>
    text("replace", where).replaceAll(text("replace", what), () => text("replace", by)),
  ),
  split: pure(2, 2, (where: Value, by: Value) => text("split", where).split(text("split", by))),
  join: pure(2, 2, (items: Value, by: Value) => list("join", items).map(asText).join(text("join", by))),
  tolower: pure(1, 1, (value: Value) => text("toLower", value).toLowerCase()),
  toupper: pure(1, 1, (value: Value) => text("toUpper", value).toUpperCase()),
  trim: pure(1, 1, (value: Value) => text("trim", value).trim()),
  startswith: pure(2, 2, (where: Value, what: Value) =>
    text("startsWith", where).toLowerCase().startsWith(text("startsWith", what).toLowerCase()),
  ),
  endswith: pure(2, 2, (where: Value, what: Value) => text("endsWith", where).toLowerCase().endsWith(text("endsWith", what).toLowerCase())),
  indexof: pure(2, 2, (where: Value, what: Value) => text("indexOf", where).toLowerCase().indexOf(text("indexOf", what).toLowerCase())),
  lastindexof: pure(2, 2, (where: Value, what: Value) =>
    text("lastIndexOf", where).toLowerCase().lastIndexOf(text("lastIndexOf", what).toLowerCase()),
  ),
  substring: pure(2, 3, (where: Value, from: Value, length?: Value) => {
    const [whole, start] = [text("substring", where), number("substring", from)];
    const end = length === undefined ? whole.length : start + number("substring", length);
    if (start < 0 || end > whole.length) throw new EvaluationError(`the function 'substring' was asked for more than ${shown(whole)} has`);
    return whole.slice(start, end);
  }),
  // collections
  length: pure(1, 1, (value: Value) => (typeof value === "string" ? value.length : list("length", value).length)),
  empty: pure(1, 1, isEmpty),
  contains: pure(2, 2, contains),
  first: pure(1, 1, (value: Value) => (typeof value === "string" ? (value[0] ?? "") : (list("first", value)[0] ?? null))),
  last: pure(1, 1, (value: Value) => (typeof value === "string" ? (value.at(-1) ?? "") : (list("last", value).at(-1) ?? null))),
  take: pure(2, 2, (value: Value, count: Value) =>
    typeof value === "string" ? value.slice(0, number("take", count)) : list("take", value).slice(0, number("take", count)),
  ),
  skip: pure(2, 2, (value: Value, count: Value) => list("skip", value).slice(number("skip", count))),
  union: pure(2, any, (...args: Value[]) => [...new Set(args.flatMap((one) => list("union", one)))]),
  createarray: pure(0, any, (...args: Value[]) => args),
  coalesce: pure(1, any, (...args: Value[]) => args.find((one) => one !== null && one !== undefined) ?? null),
  // kinds of values
  string: pure(1, 1, (value: Value) => asText(value)),
  int: pure(1, 1, (value: Value) => {
    if (!/^[-+]?\d+$/.test(asText(value).trim())) throw new EvaluationError(`the function 'int' takes a whole number, not ${shown(value)}`);
    return Number(value);
  }),
  float: pure(1, 1, (value: Value) => {
    const result = asText(value).trim() === "" ? Number.NaN : Number(value);
    if (Number.isNaN(result)) throw new EvaluationError(`the function 'float' takes a number, not ${shown(value)}`);
    return result;
  }),
  bool: pure(1, 1, (value: Value) => (typeof value === "string" ? /^true$/i.test(value) : Boolean(value))),
  json: pure(1, 1, (value: Value) => {
    if (typeof value !== "string") return value;
    try {
      return JSON.parse(value) as Value;
    } catch {
      throw new EvaluationError(`the function 'json' takes JSON, not ${shown(value)}`);
    }
  }),
  encodeuricomponent: pure(1, 1, (value: Value) => encodeURIComponent(text("encodeUriComponent", value))),
  uricomponent: pure(1, 1, (value: Value) => encodeURIComponent(text("uriComponent", value))),
  base64: pure(1, 1, (value: Value) => Buffer.from(text("base64", value), "utf8").toString("base64")),
  guid: pure(0, 0, () => randomUUID()),
  // numbers and times
  add: pure(2, 2, (a: Value, b: Value) => number("add", a) + number("add", b)),
  sub: pure(2, 2, (a: Value, b: Value) => number("sub", a) - number("sub", b)),
  mul: pure(2, 2, (a: Value, b: Value) => number("mul", a) * number("mul", b)),
  div: pure(2, 2, (a: Value, b: Value) => {
    const [dividend, divisor] = [number("div", a), number("div", b)];
    if (divisor === 0) throw new EvaluationError("the function 'div' cannot divide by 0");
    const result = dividend / divisor;
    return Number.isInteger(dividend) && Number.isInteger(divisor) ? Math.trunc(result) : result;
  }),
  formatnumber: pure(2, 3, (value: Value, format: Value) => formatNumber(number("formatNumber", value), text("formatNumber", format))),
  utcnow: pure(0, 1, (format?: Value) => formatDate(new Date().toISOString(), format === undefined ? undefined : text("utcNow", format))),
  formatdatetime: pure(1, 2, (value: Value, format?: Value) =>
    formatDate(text("formatDateTime", value), format === undefined ? undefined : text("formatDateTime", format)),
  ),
};

/** Functions that read the run; see evaluate.ts. `if` looks at one of its branches only. */
export const runFunctions = [
  "if",
  "triggerbody",
  "triggeroutputs",
  "body",
  "outputs",
  "actions",
  "item",
  "items",
  "parameters",
  "workflow",
] as const;

export const isKnown = (name: string): boolean =>
  Object.hasOwn(functions, name.toLowerCase()) || (runFunctions as readonly string[]).includes(name.toLowerCase());
