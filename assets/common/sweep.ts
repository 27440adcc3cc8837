// What a sweep searches, by which rule, and when it stops: fields and request of sweep jobs and sweep nodes.
// https://learn.microsoft.com/azure/machine-learning/reference-yaml-job-sweep; REST SweepJob 2024-01-01-preview.
import { isoSeconds } from "./duration.ts";
import { queueSettings, resources } from "./command-fields.ts";
import { dict, list, object, union, type Entity } from "../schema/compound.ts";
import { nullable, required, type Field } from "../schema/field.ts";
import { camelToSnake, int, num, oneOf, str, strictInt } from "../schema/scalars.ts";
import { isMap } from "../yaml/value.ts";

const number = union(strictInt, num);
const bounds = { min_value: required(number), max_value: required(number) } as const;
const normal = { mu: required(number), sigma: required(number) } as const;
const typed = (...types: readonly string[]) => required(oneOf(types));

const distributions = [
  object({ type: typed("normal", "lognormal"), ...normal }),
  object({ type: typed("qnormal", "qlognormal"), ...normal, q: required(number) }),
  object({ type: typed("randint"), upper: required(int) }),
  object({ type: typed("uniform", "loguniform"), ...bounds }),
  object({ type: typed("quniform", "qloguniform"), ...bounds, q: required(number) }),
] as const;

/** One value of a choice that is a mapping may be a distribution itself. */
const nested: Field<Distribution> = {
  expects: "a choice",
  load: (value, at) => choice.load(value, at),
};
const choice = object({
  type: typed("choice"),
  values: list(union(strictInt, str, num, dict(union(nested, ...distributions, strictInt, num, str), str))),
});

export interface Distribution {
  type: string;
  [parameter: string]: unknown;
}
const distribution = union(choice, distributions[3], distributions[4], distributions[0], distributions[1], distributions[2]);

const sampling = union(
  oneOf(["bayesian", "grid", "random"]),
  object({
    type: required(oneOf(["random"], { transform: camelToSnake })),
    seed: int,
    logbase: union(num, str),
    rule: oneOf(["random", "sobol"], { transform: camelToSnake }),
  }),
  object({ type: required(oneOf(["grid"], { transform: camelToSnake })) }),
  object({ type: required(oneOf(["bayesian"], { transform: camelToSnake })) }),
);

const intervals = { evaluation_interval: nullable(int), delay_evaluation: nullable(int) } as const;
const policy = (type: string, more = {}) => object({ type: required(oneOf([type], { transform: camelToSnake })), ...intervals, ...more });
export const earlyTermination = union(
  policy("bandit", { slack_factor: nullable(num), slack_amount: nullable(num) }),
  policy("median_stopping"),
  policy("truncation_selection", { truncation_percentage: required(int) }),
);

/** The SDK's ParameterizedSweepSchema. */
export const sweepFields = {
  sampling_algorithm: sampling,
  search_space: dict(distribution, str),
  objective: required(
    object({ goal: required(oneOf(["minimize", "maximize"], { transform: camelToSnake })), primary_metric: required(str) }),
  ),
  early_termination: earlyTermination,
  limits: required(object({ max_concurrent_trials: int, max_total_trials: required(int), timeout: int, trial_timeout: int })),
  queue_settings: queueSettings,
  resources,
} as const;
export type SweepEntity = Entity<typeof sweepFields>;
type Json = Record<string, unknown>;

/** `name: [type, [parameters]]`, the form of a search space in a request. */
export const searchSpaceBody = (space: Record<string, Distribution> | undefined): Json =>
  Object.fromEntries(Object.entries(space ?? {}).map(([name, one]) => [name, distributionBody(one)]));

function distributionBody(one: Distribution): unknown {
  const { type, mu, sigma, q, upper, min_value: least, max_value: most } = one;
  if (type === "choice") return [type, [((one["values"] ?? []) as unknown[]).map(choiceValue)]];
  if (type === "randint") return [type, [upper]];
  const [from, to] = mu === undefined ? [least, most] : [mu, sigma];
  return [type, q === undefined ? [from, to] : [from, to, q]];
}

function choiceValue(value: unknown): unknown {
  if (value === null || typeof value !== "object" || "value" in value || isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, isDistribution(item) ? distributionBody(item) : item]));
}
const isDistribution = (value: unknown): value is Distribution => typeof value === "object" && value !== null && "type" in value;

const TYPES: Record<string, string> = { random: "Random", grid: "Grid", bayesian: "Bayesian" };

export function samplingBody(value: SweepEntity["sampling_algorithm"]): Json | null {
  if (value === undefined) return null;
  if (typeof value === "string") return { samplingAlgorithmType: TYPES[value] };
  const { type, seed, rule, logbase } = value as { type: string; seed?: number; rule?: string; logbase?: unknown };
  return { samplingAlgorithmType: TYPES[type], seed, rule: rule ?? null, logbase };
}

const POLICIES: Record<string, string> = {
  bandit: "Bandit",
  median_stopping: "MedianStopping",
  truncation_selection: "TruncationSelection",
};

/** A policy with the SDK's defaults for what it does not say, in the words of the file. */
export const policyOf = (value: NonNullable<SweepEntity["early_termination"]>): Record<string, unknown> => ({
  evaluation_interval: value.type === "median_stopping" ? 1 : 0,
  delay_evaluation: 0,
  ...(value.type === "bandit" ? { slack_factor: 0, slack_amount: 0 } : {}),
  ...value,
});

export function terminationBody(value: SweepEntity["early_termination"]): Json | null {
  if (!value) return null;
  const { type, evaluation_interval, delay_evaluation, slack_factor, slack_amount, truncation_percentage } = policyOf(value);
  return {
    policyType: POLICIES[type as string],
    evaluationInterval: evaluation_interval,
    delayEvaluation: delay_evaluation,
    slackFactor: slack_factor,
    slackAmount: slack_amount,
    truncationPercentage: truncation_percentage,
  };
}

export const objectiveBody = (value: SweepEntity["objective"]): Json => ({
  goal: value.goal,
  primaryMetric: value.primary_metric,
});

/** Azure counts these in minutes: less than one becomes one, as in the SDK. */
export const notBelowAMinute = <T>(seconds: T): T => (typeof seconds === "number" && seconds > 0 && seconds < 60 ? (60 as T) : seconds);

export const sweepLimitsBody = (value: SweepEntity["limits"]): Json => ({
  jobLimitsType: "Sweep",
  maxConcurrentTrials: value.max_concurrent_trials,
  maxTotalTrials: value.max_total_trials,
  timeout: isoSeconds(notBelowAMinute(value.timeout)),
  trialTimeout: isoSeconds(notBelowAMinute(value.trial_timeout)),
});
