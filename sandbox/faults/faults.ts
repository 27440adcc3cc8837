// Which faults are due on a call: matches, counts, draws. Says what shall happen; who asked makes it happen.
import type { effects, FaultRule, Service } from "./rule.ts";

export type Effect = (typeof effects)[number];

/** A call as rules look at it. */
export interface ObservedCall {
  readonly service: Service;
  readonly method: string;
  /** Of the URL, without its query. */
  readonly path: string;
  readonly type?: string | undefined;
  readonly operation?: string | undefined;
}

/** How often a rule has met a call, and how often it has done something to one. */
export interface FaultCount {
  readonly met: number;
  readonly played: number;
}

/** Rules with their counters, in the order of the file. */
export class Faults {
  #rules: Counted[] = [];

  /** Takes new rules; all counting begins anew. */
  set(rules: readonly FaultRule[]): void {
    this.#rules = rules.map((rule) => new Counted(rule));
  }

  /** True when no call needs to be looked at. */
  get idle(): boolean {
    return this.#rules.length === 0;
  }

  counts(): FaultCount[] {
    return this.#rules.map(({ met, played }) => ({ met, played }));
  }

  /** Seconds until a new role assignment holds; 0 when no rule says so. */
  get rolesHoldAfter(): number {
    return Math.max(0, ...this.#rules.map(({ rule }) => rule.rolesHoldAfter ?? 0));
  }

  /**
   * The faults of these kinds that are due on the call: any number of slow ones, and the first of the others.
   * @param among leaves out rules that this moment is none of; they do not count the call
   */
  due(call: ObservedCall, kinds: readonly Effect[], among: (rule: FaultRule) => boolean = () => true): FaultRule[] {
    const found: FaultRule[] = [];
    for (const counted of this.#rules) {
      if (!kinds.some((kind) => counted.rule[kind] !== undefined) || !among(counted.rule) || !counted.isDue(call)) continue;
      found.push(counted.rule);
      if (counted.rule.slow === undefined) break;
    }
    return found;
  }
}

/** Of paths that a rule counts by themselves; beyond, the oldest are forgotten. */
const mostPaths = 100_000;

class Counted {
  readonly rule: FaultRule;
  met = 0;
  played = 0;
  readonly #matches: (call: ObservedCall) => boolean;
  readonly #draw: () => number;
  readonly #byPath = new Map<string, number>();

  constructor(rule: FaultRule) {
    this.rule = rule;
    this.#matches = matcher(rule.call);
    this.#draw = draws(rule.seed ?? 1);
  }

  isDue(call: ObservedCall): boolean {
    if (!this.#matches(call)) return false;
    this.met++;
    const { after, first, every, probability, times } = this.rule;
    const number = (this.rule.per === "path" ? this.#numberOf(`${call.method} ${call.path}`) : this.met) - after;
    if (number < 1) return false;
    // Drawn for each call, so that a rule's faults do not depend on when others took a call from it.
    if (probability !== undefined && this.#draw() >= probability) return false;
    if (first !== undefined && number > first) return false;
    if (every !== undefined && number % every !== 0) return false;
    if (times !== undefined && this.played >= times) return false;
    this.played++;
    return true;
  }

  #numberOf(key: string): number {
    const number = (this.#byPath.get(key) ?? 0) + 1;
    if (number === 1 && this.#byPath.size >= mostPaths) this.#byPath.delete(this.#byPath.keys().next().value!);
    this.#byPath.set(key, number);
    return number;
  }
}

function matcher(wanted: FaultRule["call"]): (call: ObservedCall) => boolean {
  const methods = wanted.method === undefined ? undefined : new Set<string>([wanted.method].flat());
  const [path, type, operation] = [wanted.path, wanted.type, wanted.operation].map((glob) =>
    glob === undefined ? undefined : globbed(glob),
  );
  return (call) =>
    call.service === wanted.service &&
    (methods === undefined || methods.has(call.method)) &&
    (path === undefined || path.test(call.path)) &&
    (type === undefined || type.test(call.type ?? "")) &&
    (operation === undefined || operation.test(call.operation ?? ""));
}

const globbed = (glob: string): RegExp =>
  new RegExp(
    `^${glob
      .split("*")
      .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`))
      .join(".*")}$`,
    "is",
  );

/** The same numbers from 0 to 1 in every run (mulberry32). */
function draws(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
