// What a resource of this provider is: data and a few functions, served by server.ts.
import type { Azure } from "../azure/client.ts";
import type { FieldProblem } from "../release/core/rollout.ts";

/** JSON as Pulumi hands it over. */
export type Properties = Record<string, unknown>;

/** Stands for a value that is not known before `up` (Pulumi's own mark). */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** True when the value, or anything in it, is not known yet. */
export function hasUnknown(value: unknown): boolean {
  if (value === unknown) return true;
  if (Array.isArray(value)) return value.some(hasUnknown);
  return typeof value === "object" && value !== null && Object.values(value).some(hasUnknown);
}

/** What an operation may use. */
export interface Call {
  /** The connection; made at the first use, so that a preview needs no network. */
  azure(): Promise<Azure>;
  /** Aborted when Pulumi is interrupted. */
  readonly signal: AbortSignal;
  /** Shown beside the resource while it works. */
  readonly say: (message: string) => void;
  /** Kept in the output of `pulumi up`. */
  readonly note: (message: string) => void;
}

/** One difference between what is and what is wanted; `path` as Pulumi shows it (`traffic.green`). */
export interface Difference {
  readonly path: string;
  readonly kind: "add" | "delete" | "update";
  readonly replace?: boolean;
}

/** What the engine knows of an existing resource. */
export interface Existing<Inputs> {
  readonly id: string;
  readonly inputs: Inputs;
  readonly outputs: Properties;
}

/** One resource type. `Inputs` is what `check` lets through. */
export interface ResourceKind<Inputs = Properties> {
  /** Type token, `mlops:serving:EndpointRollout`. */
  readonly type: string;
  /** Refuses bad inputs, at preview already. Unknown values have to be let through. */
  readonly check: (inputs: Inputs, old: Inputs | undefined) => FieldProblem[];
  readonly diff: (existing: Existing<Inputs>, inputs: Inputs) => Difference[];
  /** What is known of the outputs before the resource is made. */
  readonly foresee?: (inputs: Inputs) => Properties;
  readonly create: (inputs: Inputs, call: Call) => Promise<{ id: string; outputs: Properties }>;
  /** Undefined when there is no such thing any more. */
  readonly read?: (existing: Existing<Inputs>, call: Call) => Promise<{ inputs: Inputs; outputs: Properties } | undefined>;
  readonly update?: (existing: Existing<Inputs>, inputs: Inputs, call: Call) => Promise<Properties>;
  readonly delete?: (existing: Existing<Inputs>, call: Call) => Promise<void>;
}

/** A kind whose inputs only it knows; the server treats them as JSON. */
// oxlint-disable-next-line no-explicit-any
export type AnyKind = ResourceKind<any>;

/** Differences of two JSON values, down to the leaves, except that lists are compared whole. */
export function differences(before: unknown, after: unknown, path: string): Difference[] {
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
    return names.flatMap((name) => differences(before[name], after[name], `${path}.${name}`));
  }
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  return [{ path, kind: before === undefined ? "add" : after === undefined ? "delete" : "update" }];
}

export const isObject = (value: unknown): value is Properties => typeof value === "object" && value !== null && !Array.isArray(value);
