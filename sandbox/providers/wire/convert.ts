// Between the SDK's shape and ARM's JSON: names, nesting under `properties`, unions; and outputs for a preview.
import { isObject, unknown } from "../rpc/values.ts";
import type { Properties, Value } from "../rpc/values.ts";
import type { ObjectTable, Shape } from "../table/format.ts";
import { chooseAlternative } from "../table/load.ts";
import type { TypeTables } from "../table/load.ts";

type Json = { [key: string]: unknown };

/** Inputs of a resource as a REST body; names in `skip` (path and query parameters) stay out. */
export function toBody(inputs: Properties, object: ObjectTable, module: string, tables: TypeTables, skip: ReadonlySet<string>): Json {
  const body: Json = {};
  for (const [name, value] of Object.entries(inputs)) {
    const shape = object.p[name];
    if (shape === undefined || skip.has(name) || value === undefined) continue;
    put(body, object.w?.[name] ?? [name], toWire(value, shape, module, tables));
  }
  return body;
}

function toWire(value: Value, shape: Shape, module: string, tables: TypeTables): unknown {
  if (shape === "set" && Array.isArray(value)) return Object.fromEntries(value.map((name) => [name, {}]));
  if (value === null || typeof shape === "string" || "c" in shape || "e" in shape) return value;
  if ("l" in shape) return Array.isArray(value) ? value.map((item) => toWire(item as Value, shape.l, module, tables)) : value;
  if (!isObject(value)) return value;
  if ("m" in shape) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, toWire(v, shape.m, module, tables)]));
  const chosen = "o" in shape ? chooseAlternative(shape.o, value, module, tables) : shape;
  if (!chosen) return value;
  const { table, module: home } = tables.object(chosen, module);
  return toBody({ ...value }, table, home, tables, new Set());
}

/** A REST body as outputs; what the SDK does not declare is left out, as azure-native does. */
export function fromBody(body: unknown, object: ObjectTable, module: string, tables: TypeTables): Properties {
  const outputs: Properties = {};
  if (typeof body !== "object" || body === null) return outputs;
  for (const [name, shape] of Object.entries(object.p)) {
    const value = get(body as Json, object.w?.[name] ?? [name]);
    if (value !== undefined && value !== null) outputs[name] = fromWire(value, shape, module, tables);
  }
  return outputs;
}

function fromWire(value: unknown, shape: Shape, module: string, tables: TypeTables): Value {
  if (value === null || typeof shape === "string" || "c" in shape || "e" in shape) return value as Value;
  if ("l" in shape) return Array.isArray(value) ? value.map((item) => fromWire(item, shape.l, module, tables)) : (value as Value);
  if (typeof value !== "object" || Array.isArray(value)) return value as Value;
  if ("m" in shape) return Object.fromEntries(Object.entries(value as Json).map(([k, v]) => [k, fromWire(v, shape.m, module, tables)]));
  const chosen =
    "o" in shape
      ? chooseAlternative(shape.o, value as Json, module, tables, (object, name) => get(value as Json, object.w?.[name] ?? [name]))
      : shape;
  if (!chosen) return value as Value;
  const { table, module: home } = tables.object(chosen, module);
  return fromBody(value, table, home, tables);
}

/** Outputs in the shape of inputs: only what could have been an input (for refresh and import). */
export function outputsAsInputs(outputs: Properties, object: ObjectTable, module: string, tables: TypeTables): Properties {
  const inputs: Properties = {};
  for (const [name, shape] of Object.entries(object.p)) {
    const value = outputs[name];
    if (value !== undefined) inputs[name] = asInput(value, shape, module, tables);
  }
  return inputs;
}

function asInput(value: Value, shape: Shape, module: string, tables: TypeTables): Value {
  if (shape === "set" && isObject(value)) return Object.keys(value).toSorted();
  if (value === null || typeof shape === "string" || "c" in shape || "e" in shape) return value;
  if ("l" in shape) return Array.isArray(value) ? value.map((item) => asInput(item as Value, shape.l, module, tables)) : value;
  if (!isObject(value)) return value;
  if ("m" in shape) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, asInput(v, shape.m, module, tables)]));
  const chosen = "o" in shape ? chooseAlternative(shape.o, value, module, tables) : shape;
  if (!chosen) return value;
  const { table, module: home } = tables.object(chosen, module);
  return outputsAsInputs({ ...value }, table, home, tables);
}

/** What is known of the outputs before the resource is made: what the inputs say, the rest unknown. */
export function previewOutputs(inputs: Properties, object: ObjectTable, module: string, tables: TypeTables): Properties {
  const outputs: Properties = {};
  for (const [name, shape] of Object.entries(object.p)) outputs[name] = preview(inputs[name], shape, module, tables);
  return outputs;
}

function preview(value: Value, shape: Shape, module: string, tables: TypeTables): Value {
  if (value === undefined) return unknown;
  if (typeof shape === "string" || "c" in shape || "e" in shape) return value;
  if ("l" in shape) return Array.isArray(value) ? value.map((item) => preview(item as Value, shape.l, module, tables)) : value;
  if ("m" in shape)
    return isObject(value) ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, preview(v, shape.m, module, tables)])) : unknown;
  if (!isObject(value)) return value;
  const chosen = "o" in shape ? chooseAlternative(shape.o, value, module, tables) : shape;
  if (!chosen) return value;
  const { table, module: home } = tables.object(chosen, module);
  return previewOutputs({ ...value }, table, home, tables);
}

/** Sets a value at a path, making objects on the way. */
export function put(target: Json, path: readonly string[], value: unknown): void {
  let at = target;
  for (const part of path.slice(0, -1)) {
    const next = at[part];
    at = (typeof next === "object" && next !== null ? next : (at[part] = {})) as Json;
  }
  at[path.at(-1)!] = value;
}

/** The value at a path, undefined when any part is missing. */
export function get(source: Json, path: readonly string[]): unknown {
  let at: unknown = source;
  for (const part of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as Json)[part];
  }
  return at;
}
