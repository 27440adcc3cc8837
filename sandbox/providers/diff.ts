// What changed between a resource's inputs then and now, and whether it can be changed in place (azure-native's rules).
import { equal, hasUnknown, isObject } from "./rpc/values.ts";
import type { Properties, Value } from "./rpc/values.ts";

export type ChangeKind = "add" | "delete" | "update";

export interface PropertyChange {
  readonly kind: ChangeKind;
  readonly replaces: boolean;
}

export interface InputDiff {
  /** Path → change; paths as Pulumi writes them, `properties.tags["a.b"]`. */
  readonly changes: ReadonlyMap<string, PropertyChange>;
  /** Top-level inputs that changed. */
  readonly keys: readonly string[];
  /** Top-level inputs whose change replaces the resource. */
  readonly replaces: readonly string[];
  readonly deleteBeforeReplace: boolean;
}

/**
 * Compares inputs with inputs, as azure-native does: outputs that Azure filled in never show up as a change.
 * `replaceKeys`: top-level inputs that cannot be changed in place. `oldState`: the outputs, for the one exception: an input
 * that is new, but says what the resource already has, replaces nothing.
 */
export function diffInputs(olds: Properties, news: Properties, replaceKeys: ReadonlySet<string>, oldState: Properties): InputDiff {
  const changes = new Map<string, PropertyChange>();
  const keys: string[] = [];
  const replaces: string[] = [];
  for (const key of new Set([...Object.keys(olds), ...Object.keys(news)])) {
    if (key === "__createBeforeDelete") continue;
    const before = olds[key];
    const after = news[key];
    if (equal(before, after) || (key === "location" && sameLocation(before, after))) continue;
    const replace = replaceKeys.has(key) && !(before === undefined && equal(after, oldState[key]));
    compare(pathPart("", key), before, after, replace, changes);
    keys.push(key);
    if (replace) replaces.push(key);
  }
  return { changes, keys, replaces, deleteBeforeReplace: replaces.length > 0 && olds["__createBeforeDelete"] !== true };
}

function compare(path: string, before: Value, after: Value, replaces: boolean, changes: Map<string, PropertyChange>): void {
  if (before === undefined) changes.set(path, { kind: "add", replaces });
  else if (after === undefined) changes.set(path, { kind: "delete", replaces });
  else if (isObject(before) && isObject(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      if (!equal(before[key], after[key])) compare(pathPart(path, key), before[key], after[key], replaces, changes);
    }
  } else if (Array.isArray(before) && Array.isArray(after)) {
    for (let i = 0; i < Math.max(before.length, after.length); i++) {
      if (!equal(before[i] as Value, after[i] as Value)) compare(`${path}[${i}]`, before[i] as Value, after[i] as Value, replaces, changes);
    }
  } else changes.set(path, { kind: "update", replaces });
}

function pathPart(path: string, key: string): string {
  if (!/^[A-Za-z_$][\w$-]*$/.test(key)) return `${path}["${key.replaceAll('"', '\\"')}"]`;
  return path === "" ? key : `${path}.${key}`;
}

/** "West Europe" and "westeurope" are one place. */
export function sameLocation(a: Value, b: Value): boolean {
  return typeof a === "string" && typeof b === "string" && normalized(a) === normalized(b);
}

function normalized(location: string): string {
  return location.replaceAll(" ", "").toLowerCase();
}

/**
 * New inputs after a refresh: what Azure changed since (`before` → `after`, both in input shape) is carried over into the
 * inputs; what Azure merely filled in stays out.
 */
export function applyDrift(inputs: Properties, before: Properties, after: Properties): Properties {
  const result: Properties = { ...inputs };
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (equal(before[key], after[key]) || hasUnknown(inputs[key])) continue;
    if (after[key] === undefined) delete result[key];
    else result[key] = key in inputs ? drift(inputs[key], before[key], after[key]) : after[key];
  }
  return result;
}

function drift(input: Value, before: Value, after: Value): Value {
  if (isObject(input) && isObject(before) && isObject(after)) return applyDrift({ ...input }, { ...before }, { ...after });
  if (Array.isArray(input) && Array.isArray(before) && Array.isArray(after)) {
    return after.map((item, i) =>
      i < input.length && i < before.length ? drift(input[i] as Value, before[i] as Value, item as Value) : (item as Value),
    );
  }
  return after;
}
