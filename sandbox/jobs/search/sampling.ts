// Values out of a search space: the distributions of Azure's sweep jobs, drawn at random, along a low-discrepancy sequence, or as a grid.
// Follows "Search space" of learn.microsoft.com/azure/machine-learning/reference-yaml-job-sweep.
import { userError } from "../refuse.ts";
import { isObject, textField, type Json } from "../fields.ts";

export type Value = string | number | boolean;

/** From a number in [0, 1) to a value; a choice can also be enumerated. */
interface Distribution {
  readonly at: (u: number) => Value;
  readonly choices?: readonly Value[];
}

const orders: Readonly<Record<string, readonly string[]>> = {
  choice: ["values"],
  randint: ["upper"],
  uniform: ["minValue", "maxValue"],
  loguniform: ["minValue", "maxValue"],
  quniform: ["minValue", "maxValue", "q"],
  qloguniform: ["minValue", "maxValue", "q"],
  normal: ["mu", "sigma"],
  lognormal: ["mu", "sigma"],
  qnormal: ["mu", "sigma", "q"],
  qlognormal: ["mu", "sigma", "q"],
};

/** Understands `["uniform", [0, 1]]` (REST) and `{type: uniform, min_value: 0, max_value: 1}` (pipeline nodes). Throws 400 by name. */
export function readSpace(raw: Json): ReadonlyMap<string, Distribution> {
  const space = new Map<string, Distribution>();
  for (const [name, one] of Object.entries(raw)) space.set(name, distribution(name, one));
  if (space.size === 0) throw userError("The sweep's search space is empty; give it at least one hyperparameter.", "searchSpace");
  return space;
}

function distribution(name: string, raw: unknown): Distribution {
  const kind = (Array.isArray(raw) ? String(raw[0]) : isObject(raw) ? (textField(raw, "type") ?? "") : "").toLowerCase();
  const order = orders[kind];
  if (!order)
    throw userError(
      `search_space.${name}: "${kind}" is not a distribution; they are ${Object.keys(orders).join(", ")}.`,
      `searchSpace.${name}`,
    );
  const list = Array.isArray(raw) ? (raw[1] as unknown[]) : order.map((key) => (raw as Json)[snake(key)] ?? (raw as Json)[key]);
  const given = Object.fromEntries(order.map((key, index) => [key, Array.isArray(list) ? list[index] : undefined]));
  if (kind === "choice") return choice(name, given["values"]);
  const number = (key: string): number => {
    const value = Number(given[key]);
    if (given[key] === undefined || given[key] === null || !Number.isFinite(value))
      throw userError(`search_space.${name} (${kind}): ${snake(key)} must be a number.`, `searchSpace.${name}`);
    return value;
  };
  const round = (value: number): number => {
    if (!order.includes("q")) return value;
    const q = number("q");
    if (q <= 0) throw userError(`search_space.${name} (${kind}): q is ${q}; it must be above 0.`, `searchSpace.${name}`);
    return Number((Math.round(value / q) * q).toPrecision(12));
  };
  const log = kind.includes("log");
  const made = (value: number): number => round(log ? Math.exp(value) : value);
  if (kind === "randint") {
    const upper = number("upper");
    if (!Number.isInteger(upper) || upper < 1)
      throw userError(`search_space.${name}: upper is ${upper}; it must be a whole number from 1 on.`, `searchSpace.${name}`);
    return { at: (u) => Math.floor(u * upper) };
  }
  if (kind.endsWith("uniform")) {
    const [least, most] = [number("minValue"), number("maxValue")];
    if (least > most) throw userError(`search_space.${name}: min_value ${least} is above max_value ${most}.`, `searchSpace.${name}`);
    round(least);
    return { at: (u) => made(least + u * (most - least)) };
  }
  const [mu, sigma] = [number("mu"), number("sigma")];
  round(mu);
  return { at: (u) => made(mu + sigma * normal(u)) };
}

function choice(name: string, raw: unknown): Distribution {
  const choices = (Array.isArray(raw) ? raw : []) as Value[];
  if (choices.length === 0) throw userError(`search_space.${name}: choice has no values.`, `searchSpace.${name}`);
  if (choices.some((one) => typeof one === "object"))
    throw userError(
      `search_space.${name}: a choice of objects (nested search spaces) is not understood; use texts and numbers.`,
      `searchSpace.${name}`,
    );
  return { at: (u) => choices[Math.floor(u * choices.length)]!, choices };
}

export interface Sampler {
  readonly kind: "random" | "grid";
  readonly rule: "random" | "sobol";
  readonly seed: number;
}

/** At most `count` sets of values; the same seed gives the same. A grid needs choices only. */
export function sample(space: ReadonlyMap<string, Distribution>, sampler: Sampler, count: number): Record<string, Value>[] {
  const names = [...space.keys()];
  if (sampler.kind === "grid") return grid(space, count);
  const random = randomNumbers(sampler.seed);
  const start = names.map(() => random());
  const steps = kronecker(names.length);
  return Array.from({ length: count }, (_, index) =>
    Object.fromEntries(
      names.map((name, axis) => {
        const u = sampler.rule === "sobol" ? (start[axis]! + (index + 1) * steps[axis]!) % 1 : random();
        return [name, space.get(name)!.at(u)];
      }),
    ),
  );
}

function grid(space: ReadonlyMap<string, Distribution>, count: number): Record<string, Value>[] {
  let points: Record<string, Value>[] = [{}];
  for (const [name, { choices }] of space) {
    if (!choices)
      throw userError(
        `search_space.${name}: grid sampling takes choices only; use random sampling for distributions.`,
        `searchSpace.${name}`,
      );
    points = points.flatMap((point) => choices.map((value) => ({ ...point, [name]: value })));
    if (points.length > 100_000) throw userError("The grid has more than 100,000 points; use random sampling.", "searchSpace");
  }
  return points.slice(0, count);
}

/** Mulberry32: small, and the same everywhere. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Steps of an additive recurrence that fills the unit cube evenly (the generalised golden ratio), in the place of Sobol's sequence. */
function kronecker(dimensions: number): number[] {
  let ratio = 2;
  for (let round = 0; round < 30; round++) ratio = (1 + ratio) ** (1 / (dimensions + 1));
  return Array.from({ length: dimensions }, (_, axis) => (1 / ratio) ** (axis + 1) % 1);
}

/** Inverse of the normal distribution (Acklam's approximation, error below 1e-8 after its tails). */
function normal(u: number): number {
  const p = Math.min(Math.max(u, 1e-12), 1 - 1e-12);
  const a = [-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239];
  const b = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572];
  const c = [-0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783];
  const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416];
  const along = (terms: readonly number[], x: number): number => terms.reduce((sum, term) => sum * x + term, 0);
  if (p < 0.02425 || p > 1 - 0.02425) {
    const q = Math.sqrt(-2 * Math.log(Math.min(p, 1 - p)));
    return (p < 0.5 ? 1 : -1) * (along(c, q) / (along(d, q) * q + 1));
  }
  const q = p - 0.5;
  return (along(a, q * q) * q) / (along(b, q * q) * q * q + 1);
}

const snake = (text: string): string => text.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
