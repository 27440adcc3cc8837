// The rules of moving traffic between deployments: which plans are sound, which splits lie on the way, when a check has failed.

/**
 * Tag that an endpoint carries while its traffic moves: the split to go back to. It stays after the last step, until the next write: to take
 * it off alone would cost Azure's minutes. Whether a rollout was interrupted, the stack's state says.
 */
export const lastGoodTag = "mlops-last-good-traffic";

/** Percent of the live requests per deployment, whole numbers; a deployment that is not named gets none. */
export type Traffic = Readonly<Record<string, number>>;

/** How traffic moves. */
export interface RolloutPlan {
  /** Percent of the way after each step, rising, the last one 100: `[10, 50, 100]`. */
  readonly steps: readonly number[];
  /** How long each split is watched before the next, in seconds. */
  readonly bakeSeconds: number;
  readonly check: CheckPlan;
}

/** How a deployment is checked: by calls sent straight to it, whatever the traffic. */
export interface CheckPlan {
  /** Body of the scoring request, JSON. */
  readonly request: string;
  /** Calls before any traffic and at least as many at each step. */
  readonly calls: number;
  /** Share of the calls that may fail, in percent. */
  readonly maxErrorPercent: number;
  /** Slowest allowed 95th percentile, in milliseconds. */
  readonly maxP95Ms?: number | undefined;
  /** How long a new deployment may answer 5xx before its first good answer, in seconds. */
  readonly readySeconds: number;
}

/** What is wrong with a field, in a form that Pulumi shows beside it. */
export interface FieldProblem {
  readonly property: string;
  readonly reason: string;
}

/** Traffic without its zeros, so that two ways to say the same compare equal. */
export function normalized(traffic: Traffic | undefined): Record<string, number> {
  return Object.fromEntries(
    Object.entries(traffic ?? {})
      .filter(([, percent]) => percent !== 0)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** True when both say the same. */
export function sameTraffic(a: Traffic | undefined, b: Traffic | undefined): boolean {
  return formatTraffic(a) === formatTraffic(b);
}

/** `blue=90 green=10`; `none` when nothing gets traffic. */
export function formatTraffic(traffic: Traffic | undefined): string {
  const parts = Object.entries(normalized(traffic)).map(([name, percent]) => `${name}=${percent}`);
  return parts.length === 0 ? "none" : parts.join(" ");
}

/** Reads what `formatTraffic` wrote; undefined for anything else. */
export function parseTraffic(text: string | undefined): Record<string, number> | undefined {
  if (text === undefined) return undefined;
  if (text === "none") return {};
  const pairs = text.split(" ").map((part) => /^([\w-]+)=(\d{1,3})$/.exec(part));
  if (pairs.some((pair) => pair === null)) return undefined;
  return normalized(Object.fromEntries(pairs.map((pair) => [pair![1], Number(pair![2])])));
}

/**
 * Azure's rules of a split: whole percents, together 100 (or 0: nothing serves), and only for deployments that exist.
 * https://learn.microsoft.com/azure/machine-learning/how-to-safely-rollout-online-endpoints
 */
export function trafficProblems(traffic: Traffic, deployments: readonly string[], property = "traffic"): FieldProblem[] {
  const problems: FieldProblem[] = [];
  for (const [name, percent] of Object.entries(traffic)) {
    if (!deployments.includes(name)) {
      problems.push({
        property: `${property}.${name}`,
        reason: `${name} gets ${percent} % but there is no such deployment; there is ${deployments.join(", ") || "none"}`,
      });
    }
    if (!Number.isInteger(percent) || percent < 0 || percent > 100) {
      problems.push({ property: `${property}.${name}`, reason: `${percent} is not a whole percent from 0 to 100` });
    }
  }
  const sum = Object.values(traffic).reduce((total, percent) => total + percent, 0);
  if (problems.length === 0 && sum !== 0 && sum !== 100) {
    problems.push({
      property,
      reason: `${formatTraffic(traffic)} adds up to ${sum}; make it 100, or 0 to take the endpoint out of service`,
    });
  }
  return problems;
}

/** Azure mirrors to one deployment, at most 50 %, and only to one without live traffic. */
export function mirrorProblems(mirror: Traffic, traffic: Traffic, deployments: readonly string[]): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const mirrored = Object.entries(mirror).filter(([, percent]) => percent !== 0);
  if (mirrored.length > 1) {
    problems.push({ property: "mirrorTraffic", reason: `${formatTraffic(mirror)}: only one deployment can get mirrored traffic` });
  }
  for (const [name, percent] of mirrored) {
    const property = `mirrorTraffic.${name}`;
    if (!deployments.includes(name)) problems.push({ property, reason: `there is no deployment ${name}` });
    if (!Number.isInteger(percent) || percent < 0 || percent > 50) {
      problems.push({ property, reason: `${percent} is not a whole percent from 0 to 50, the most that Azure mirrors` });
    }
    if ((traffic[name] ?? 0) > 0) {
      problems.push({ property, reason: `${name} has live traffic (${traffic[name]} %); mirror only to a deployment without` });
    }
  }
  return problems;
}

/** Whether a plan can be carried out. */
export function planProblems(plan: RolloutPlan): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const { steps, bakeSeconds, check } = plan;
  if (steps.some((step) => !Number.isInteger(step) || step < 1 || step > 100)) {
    problems.push({ property: "steps", reason: `[${steps.join(", ")}]: each step is a whole percent from 1 to 100` });
  } else if (steps.some((step, i) => i > 0 && step <= steps[i - 1]!)) {
    problems.push({ property: "steps", reason: `[${steps.join(", ")}]: each step must be more than the one before` });
  } else if (steps.at(-1) !== 100) {
    problems.push({ property: "steps", reason: `[${steps.join(", ")}]: the last step must be 100, or the rollout never ends` });
  }
  if (!(bakeSeconds >= 0)) problems.push({ property: "bakeSeconds", reason: `${bakeSeconds} is not 0 or more seconds` });
  if (!Number.isInteger(check.calls) || check.calls < 0) {
    problems.push({ property: "check.calls", reason: `${check.calls} is not a whole number of calls` });
  }
  if (!(check.maxErrorPercent >= 0 && check.maxErrorPercent <= 100)) {
    problems.push({ property: "check.maxErrorPercent", reason: `${check.maxErrorPercent} is not a percentage` });
  }
  if (check.maxP95Ms !== undefined && !(check.maxP95Ms > 0)) {
    problems.push({ property: "check.maxP95Ms", reason: `${check.maxP95Ms} is not a number of milliseconds above 0` });
  }
  if (!(check.readySeconds >= 0))
    problems.push({ property: "check.readySeconds", reason: `${check.readySeconds} is not 0 or more seconds` });
  try {
    JSON.parse(check.request);
  } catch {
    problems.push({ property: "check.request", reason: "is not JSON; give the body of a scoring request" });
  }
  return problems;
}

/**
 * The splits from `from` to `to`, the last of them `to` itself. When nothing serves yet there is nothing to protect, so it is
 * one step; so it is when nothing serves afterwards. Each split adds up to 100.
 */
export function splits(from: Traffic, to: Traffic, steps: readonly number[]): Record<string, number>[] {
  if (sameTraffic(from, to)) return [];
  if (Object.keys(normalized(from)).length === 0 || Object.keys(normalized(to)).length === 0) return [normalized(to)];
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])].toSorted();
  const path = steps.map((step) => {
    const exact = names.map((name) => ((from[name] ?? 0) * (100 - step) + (to[name] ?? 0) * step) / 100);
    return normalized(Object.fromEntries(largestRemainder(exact).map((percent, i) => [names[i], percent])));
  });
  return path.filter((split, i) => !sameTraffic(split, i === 0 ? from : path[i - 1]));
}

/**
 * What is left of a way when it was interrupted: the splits after the one that is live. A live split that is not on the way
 * (someone else's) starts it over from there.
 */
export function remainingSplits(lastGood: Traffic, live: Traffic, to: Traffic, steps: readonly number[]): Record<string, number>[] {
  const path = splits(lastGood, to, steps);
  const reached = path.findIndex((split) => sameTraffic(split, live));
  if (reached >= 0) return path.slice(reached + 1);
  return sameTraffic(live, lastGood) ? path : splits(live, to, steps);
}

/** Deployments that get more than before: those that have to be checked. */
export function gaining(from: Traffic, to: Traffic): string[] {
  return Object.keys(normalized(to)).filter((name) => (to[name] ?? 0) > (from[name] ?? 0));
}

/** One call's outcome. */
export interface Sample {
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly milliseconds: number;
  /** What a failed call said, shortened. */
  readonly message?: string | undefined;
}

/** What the calls come to. */
export interface Verdict {
  readonly ok: boolean;
  /** `5 calls, 0 failed, p95 12 ms`, and which limit broke. */
  readonly summary: string;
  readonly errorPercent: number;
  readonly p95Ms: number;
}

/** Holds calls against the limits. */
export function judge(samples: readonly Sample[], limits: Pick<CheckPlan, "maxErrorPercent" | "maxP95Ms">): Verdict {
  const failed = samples.filter((sample) => sample.status < 200 || sample.status > 299);
  const errorPercent = samples.length === 0 ? 0 : (100 * failed.length) / samples.length;
  const p95Ms = percentile(
    samples.map((sample) => sample.milliseconds),
    95,
  );
  const facts = `${samples.length} calls, ${failed.length} failed, p95 ${Math.round(p95Ms)} ms`;
  const broken: string[] = [];
  if (errorPercent > limits.maxErrorPercent) {
    const last = failed.at(-1)!;
    const said = last.message ? `: ${last.message}` : "";
    broken.push(`${round(errorPercent)} % failed, the limit is ${limits.maxErrorPercent} % (last: ${last.status || "no answer"}${said})`);
  }
  if (limits.maxP95Ms !== undefined && p95Ms > limits.maxP95Ms) {
    broken.push(`p95 is ${Math.round(p95Ms)} ms, the limit is ${limits.maxP95Ms} ms`);
  }
  return { ok: broken.length === 0, summary: broken.length === 0 ? facts : `${facts}; ${broken.join("; ")}`, errorPercent, p95Ms };
}

/** Nearest-rank percentile; 0 for nothing. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0;
}

/** Whole numbers with the same sum as the exact ones (which add up to 100). */
function largestRemainder(exact: readonly number[]): number[] {
  const whole = exact.map(Math.floor);
  let missing = Math.round(exact.reduce((a, b) => a + b, 0)) - whole.reduce((a, b) => a + b, 0);
  const byRemainder = exact.map((value, i) => ({ i, rest: value - Math.floor(value) })).toSorted((a, b) => b.rest - a.rest);
  for (const { i } of byRemainder) if (missing-- > 0) whole[i]! += 1;
  return whole;
}

const round = (value: number): number => Math.round(value * 10) / 10;
