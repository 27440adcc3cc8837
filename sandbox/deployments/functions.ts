// The functions of ARM templates that need nothing but their arguments (ARM template functions reference).
import { createHash, randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { ArmError } from "../core.ts";

type Json = Record<string, unknown>;
type Plain = (...args: never[]) => unknown;

const digits = "abcdefghijklmnopqrstuvwxyz234567";
const hash = (parts: readonly unknown[]): Buffer => createHash("sha256").update(parts.map(String).join("-")).digest();
const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || value === "" || (typeof value === "object" && Object.keys(value).length === 0);
const same = (a: unknown, b: unknown): boolean =>
  typeof a === "string" && typeof b === "string" ? a.toLowerCase() === b.toLowerCase() : isDeepStrictEqual(a, b);

/** Deterministic like Azure's, but not the same values: Azure's hash is not published. */
function uniqueString(...parts: unknown[]): string {
  return [...hash(parts).subarray(0, 13)].map((byte) => digits[byte % 32]).join("");
}

function guid(...parts: unknown[]): string {
  const hex = hash(["guid", ...parts]).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function union(...all: (Json | unknown[])[]): unknown {
  if (Array.isArray(all[0]))
    return all.flat().filter((one, index, list) => list.findIndex((other) => isDeepStrictEqual(one, other)) === index);
  return Object.assign({}, ...all) as Json;
}

function format(template: string, ...args: unknown[]): string {
  return template.replace(/\{(\d+)(?::[^}]*)?\}/g, (_, index: string) => String(args[Number(index)]));
}

export const plainFunctions: Readonly<Record<string, Plain>> = {
  add: (a: number, b: number) => a + b,
  array: (value: unknown) => (Array.isArray(value) ? value : [value]),
  base64: (text: string) => Buffer.from(text).toString("base64"),
  base64tojson: (text: string) => JSON.parse(Buffer.from(text, "base64").toString()) as unknown,
  base64tostring: (text: string) => Buffer.from(text, "base64").toString(),
  bool: (value: unknown) => value === true || value === 1 || String(value).toLowerCase() === "true",
  concat: (...parts: unknown[]) => (Array.isArray(parts[0]) ? parts.flat() : parts.map(String).join("")),
  contains: (where: unknown, what: unknown) =>
    typeof where === "string"
      ? where.includes(String(what))
      : Array.isArray(where)
        ? where.some((one) => isDeepStrictEqual(one, what))
        : Object.keys(where as Json).some((key) => same(key, what)),
  createarray: (...items: unknown[]) => items,
  createobject: (...items: unknown[]) =>
    Object.fromEntries(Array.from({ length: items.length / 2 }, (_, index) => [String(items[index * 2]), items[index * 2 + 1]])),
  div: (a: number, b: number) => Math.trunc(a / b),
  empty: isEmpty,
  endswith: (text: string, end: string) => text.toLowerCase().endsWith(end.toLowerCase()),
  equals: same,
  false: () => false,
  first: (list: string | unknown[]) => list[0] ?? (typeof list === "string" ? "" : null),
  format,
  greater: (a: number, b: number) => a > b,
  greaterorequals: (a: number, b: number) => a >= b,
  guid,
  indexof: (text: string, what: string) => text.toLowerCase().indexOf(what.toLowerCase()),
  int: (value: unknown) => Math.trunc(Number(value)),
  intersection: (first: unknown[], ...rest: unknown[][]) =>
    first.filter((one) => rest.every((list) => list.some((other) => isDeepStrictEqual(one, other)))),
  items: (object: Json) =>
    Object.keys(object)
      .sort()
      .map((key) => ({ key, value: object[key] })),
  join: (list: unknown[], by: string) => list.map(String).join(by),
  json: (text: string) => JSON.parse(text) as unknown,
  last: (list: string | unknown[]) => list.at(-1) ?? (typeof list === "string" ? "" : null),
  length: (value: string | unknown[] | Json) =>
    typeof value === "object" && !Array.isArray(value) ? Object.keys(value).length : value.length,
  less: (a: number, b: number) => a < b,
  lessorequals: (a: number, b: number) => a <= b,
  max: (...all: (number | number[])[]) => Math.max(...all.flat()),
  min: (...all: (number | number[])[]) => Math.min(...all.flat()),
  mod: (a: number, b: number) => a % b,
  mul: (a: number, b: number) => a * b,
  newguid: () => randomUUID(),
  not: (value: boolean) => !value,
  null: () => null,
  padleft: (value: unknown, length: number, by = " ") => String(value).padStart(length, by),
  range: (start: number, count: number) => Array.from({ length: count }, (_, index) => start + index),
  replace: (text: string, what: string, by: string) => text.replaceAll(what, by),
  skip: (list: string | unknown[], count: number) => list.slice(count),
  split: (text: string, by: string | string[]) =>
    (Array.isArray(by) ? by : [by]).reduce((parts, one) => parts.flatMap((part) => part.split(one)), [text]),
  startswith: (text: string, start: string) => text.toLowerCase().startsWith(start.toLowerCase()),
  string: (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value)),
  sub: (a: number, b: number) => a - b,
  substring: (text: string, start: number, count?: number) => text.slice(start, count === undefined ? undefined : start + count),
  take: (list: string | unknown[], count: number) => list.slice(0, count),
  tolower: (text: string) => text.toLowerCase(),
  toupper: (text: string) => text.toUpperCase(),
  trim: (text: string) => text.trim(),
  true: () => true,
  union,
  uniquestring: uniqueString,
  uri: (base: string, path: string) => new URL(path, base).href,
  uricomponent: (text: string) => encodeURIComponent(text),
  uricomponenttostring: (text: string) => decodeURIComponent(text),
  utcnow: () => new Date().toISOString().replace(/[-:]|\.\d+/g, ""),
};

/** Calls one of them. Undefined when there is none of that name. */
export function callPlain(name: string, args: readonly unknown[]): { readonly value: unknown } | undefined {
  const key = name.toLowerCase();
  if (!Object.hasOwn(plainFunctions, key)) return undefined;
  try {
    return { value: (plainFunctions[key] as (...all: unknown[]) => unknown)(...args) };
  } catch (error) {
    throw new ArmError(400, "InvalidTemplate", `The template function '${name}' failed: ${(error as Error).message}.`);
  }
}
