// Fields for single values, each with the leniency of its marshmallow counterpart.
import { Float, isMap, plain, pythonString, typeName, type Yaml } from "../yaml/value.ts";
import type { At, Bad, Field } from "./field.ts";

/** `fields.Str`: text only. */
export const str: Field<string> = {
  expects: "a string",
  load: (value, at) =>
    typeof value === "string"
      ? value
      : at.fail(`must be a string, not ${typeName(value)}`, `put it in quotes: "${scalarText(value)}"`, value),
};

/** `fields.Raw`: anything. */
export const any: Field<Yaml> = { expects: "any value", load: (value) => value };

/** `fields.Int`: an integer, or what Python's `int()` makes one of ("3", 3.7). `strict` takes integers only. */
export const int = integer(false);
export const strictInt = integer(true);

function integer(strict: boolean): Field<number | bigint> {
  return {
    expects: "an integer",
    load(value, at) {
      if (typeof value === "number" || typeof value === "bigint") return value;
      if (!strict && value instanceof Float && Number.isFinite(value.value)) return Math.trunc(value.value);
      if (!strict && typeof value === "string" && /^\s*[-+]?\d+(_\d+)*\s*$/.test(value)) return Number(value.replaceAll("_", ""));
      return at.fail(`must be an integer, not ${typeName(value)}`, "write a whole number, without quotes", value);
    },
  };
}

/** `fields.Float` and `fields.Number`: a number, also as text; always a float afterwards. `strict` takes floats only. */
export const num = float(false);
export const strictFloat = float(true);

function float(strict: boolean): Field<Float> {
  return {
    expects: "a number",
    load(value, at) {
      const number = value instanceof Float ? value.value : strict ? NaN : toNumber(value);
      if (Number.isFinite(number)) return new Float(number);
      return at.fail(`must be a number, not ${value instanceof Float ? value.toString() : typeName(value)}`, "write a number", value);
    },
  };
}

function toNumber(value: Yaml): number {
  if (typeof value === "number" || typeof value === "bigint") return Number(value);
  return typeof value === "string" && /^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$/.test(value) ? Number(value) : NaN;
}

const TRUTHY = new Set<unknown>(["t", "T", "true", "True", "TRUE", "on", "On", "ON", "y", "Y", "yes", "Yes", "YES", "1", 1, true]);
const FALSY = new Set<unknown>(["f", "F", "false", "False", "FALSE", "off", "Off", "OFF", "n", "N", "no", "No", "NO", "0", 0, false]);

/** `fields.Bool`: a boolean, or one of marshmallow's words for it. */
export const bool: Field<boolean> = {
  expects: "true or false",
  load(value, at) {
    const key = value instanceof Float ? value.value : value;
    if (TRUTHY.has(key)) return true;
    if (FALSY.has(key)) return false;
    return at.fail(`must be true or false, not ${typeName(value)}`, "write true or false", value);
  },
};

interface EnumOptions {
  /** How text is compared and stored; lower case unless told otherwise, as the SDK's StringTransformedEnum. */
  transform?: (text: string) => string;
  /** Keep the text as it was written. */
  original?: boolean;
}

/** One of some words. */
export function oneOf<const T extends string>(allowed: readonly T[], options: EnumOptions = {}): Field<T> {
  const transform = options.transform ?? ((text: string) => text.toLowerCase());
  const words = new Map(allowed.map((word) => [transform(word), word]));
  const list = allowed.length === 1 ? `\`${allowed[0]}\`` : `one of ${allowed.map((word) => `\`${word}\``).join(", ")}`;
  return {
    expects: list,
    load(value, at) {
      const key = typeof value === "string" ? transform(value) : undefined;
      if (key !== undefined && words.has(key)) return (options.original ? value : key) as T;
      return at.fail(`must be ${list}`, nearest(value, allowed), value);
    },
  };
}

/** One of some words, in just this spelling (DumpableEnumField, `validate.OneOf`). */
export const exactly = <const T extends string>(allowed: readonly T[]): Field<T> => oneOf(allowed, { transform: (text) => text });

/** `camelToSnake` of the SDK, the comparison its identity and purchase enums use. */
export const camelToSnake = (text: string): string =>
  text
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase();

/** A version: text, or a number that becomes text (1.0 stays "1.0"). */
export const version: Field<string> = {
  expects: "a version",
  load(value, at) {
    if (typeof value === "string") return value;
    if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean" || value instanceof Float)
      return pythonString(value);
    return at.fail(`must be a version, not ${typeName(value)}`, "put the version in quotes", value);
  },
};

// marshmallow's: a name with a dot in it or localhost, IPv4, IPv6.
const HOST = String.raw`(?:(?:[A-Z0-9](?:[A-Z0-9-]{0,61}[A-Z0-9])?\.)+(?:[A-Z]{2,6}\.?|[A-Z0-9-]{2,}\.?)|localhost|\d{1,3}(?:\.\d{1,3}){3}|\[[A-F0-9]*:[A-F0-9:]+\])`;
const URL_FORM = new RegExp(
  String.raw`^(?:https?|ftps?)://(?:(?:[a-z0-9._~!$&'()*+,;=:-]|%[0-9a-f]{2})*@)?${HOST}(?::\d+)?(?:/?|[/?]\S+)$`,
  "i",
);

/** `fields.Url`. */
export const url: Field<string> = {
  expects: "a URL",
  load(value, at): string | Bad {
    if (typeof value === "string" && URL_FORM.test(value)) return value;
    return at.fail("must be a URL (http, https, ftp)", "write the address with its scheme", value);
  },
};

/** Text that a pattern allows, with the words for it. */
export function text(pattern: RegExp, expects: string, fix: string): Field<string> {
  return {
    expects,
    load: (value, at) => (typeof value === "string" && pattern.test(value) ? value : at.fail(`must be ${expects}`, fix, value)),
  };
}

/** A field whose value another function checks further. */
export function checked<T>(field: Field<T>, check: (value: T, at: At) => void): Field<T> {
  return {
    ...field,
    load(value, at) {
      const before = at.problems.length;
      const loaded = field.load(value, at);
      if (at.problems.length === before) check(loaded as T, at);
      return loaded;
    },
  };
}

/** A fix that names the word most like the one written. */
export function nearest(value: unknown, allowed: readonly string[]): string {
  const written = typeof value === "string" ? value.toLowerCase() : "";
  let best: string | undefined;
  let least = Math.max(2, Math.ceil(written.length / 3)) + 1;
  for (const word of written ? allowed : []) {
    const far = distance(written, word.toLowerCase());
    if (far < least) [best, least] = [word, far];
  }
  if (best !== undefined) return `did you mean \`${best}\`?`;
  return allowed.length === 1 ? `write \`${allowed[0]}\`` : "use one of these";
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}

const scalarText = (value: Yaml): string =>
  Array.isArray(value) || isMap(value) ? JSON.stringify(plain(value)).slice(0, 40) : pythonString(value);
