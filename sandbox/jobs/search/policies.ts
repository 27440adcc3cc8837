// Early termination of trials, judged by what they have reported of the primary metric so far.
// Follows "Early termination" of learn.microsoft.com/azure/machine-learning/how-to-tune-hyperparameters.
import { field, isObject, textField } from "../fields.ts";
import { userError } from "../refuse.ts";
import type { Metric, Policy } from "./search.ts";

/** Understands REST's `{policyType: Bandit, slackFactor …}` and a node's `{type: bandit, slack_factor …}`; undefined for none. */
export function readPolicy(raw: unknown): Policy | undefined {
  if (raw === undefined || raw === null) return undefined;
  if (!isObject(raw))
    throw userError(`early_termination is "${JSON.stringify(raw)}"; it must be an object with a type.`, "earlyTermination");
  const type = (textField(raw, "policyType") ?? textField(raw, "type") ?? "").replaceAll("_", "").toLowerCase();
  const kind = ({ bandit: "bandit", medianstopping: "median", truncationselection: "truncation" } as const)[type];
  if (!kind)
    throw userError(
      `early_termination.type "${type}" is not a policy; they are bandit, median_stopping, truncation_selection.`,
      "earlyTermination",
    );
  const number = (key: string): number | undefined => {
    const value = field(raw, key);
    return value === undefined ? undefined : Number(value);
  };
  const common = { interval: Math.max(1, number("evaluationInterval") ?? 1), delay: number("delayEvaluation") ?? 0 };
  if (kind === "median") return { kind, ...common };
  if (kind === "truncation") {
    const percentage = number("truncationPercentage") ?? 0;
    if (!(percentage >= 1 && percentage <= 99))
      throw userError(`early_termination.truncation_percentage is ${percentage}; it must be 1-99.`, "earlyTermination");
    return { kind, ...common, percentage };
  }
  // Azure sends 0 for the one that is not used.
  const [slackFactor, slackAmount] = [number("slackFactor") ?? 0, number("slackAmount") ?? 0];
  if (slackFactor === 0 && slackAmount === 0)
    throw userError("early_termination of type bandit needs slack_factor or slack_amount.", "earlyTermination");
  return slackFactor > 0 ? { kind, ...common, slackFactor } : { kind, ...common, slackAmount };
}

/** Whether the policy looks at a trial that has reported so often and was last looked at after `judged` reports. */
export const isDue = (policy: Policy, reports: number, judged: number): boolean =>
  reports >= policy.delay && Math.floor(reports / policy.interval) > Math.floor(judged / policy.interval) && reports >= policy.interval;

/**
 * Why the trial is ended; undefined when it may go on.
 * @param own its reports of the metric in their order
 * @param others reports of the other trials, ended ones too
 */
export function verdict(
  policy: Policy,
  metric: Metric,
  own: readonly number[],
  others: readonly (readonly number[])[],
): string | undefined {
  const sign = metric.goal === "maximize" ? 1 : -1;
  const best = (values: readonly number[]): number => Math.max(...values.map((value) => sign * value));
  const upTo = own.length;
  const mine = best(own);
  const rest = others.filter((values) => values.length > 0);
  if (rest.length === 0) return undefined;
  if (policy.kind === "bandit") {
    const leader = Math.max(...rest.map((values) => best(values.slice(0, upTo))));
    const slack = policy.slackAmount ?? Math.abs(leader) * (1 - 1 / (1 + policy.slackFactor!));
    const minimising = policy.slackFactor !== undefined && metric.goal === "minimize" ? Math.abs(leader) * policy.slackFactor : slack;
    return mine < leader - (metric.goal === "minimize" ? minimising : slack)
      ? `its ${metric.name} ${sign * mine} is outside the slack of the best, ${sign * leader}`
      : undefined;
  }
  if (policy.kind === "median") {
    const averages = rest.map((values) => mean(values.slice(0, upTo)) * sign).toSorted((a, b) => a - b);
    const middle = (averages[Math.floor((averages.length - 1) / 2)]! + averages[Math.ceil((averages.length - 1) / 2)]!) / 2;
    return mine < middle ? `its ${metric.name} ${sign * mine} is worse than the median of the averages, ${sign * middle}` : undefined;
  }
  const level = rest.filter((values) => values.length >= upTo).map((values) => best(values.slice(0, upTo)));
  const worse = level.filter((value) => value < mine).length;
  const cut = Math.floor(((level.length + 1) * policy.percentage!) / 100);
  return worse < cut && level.length > 0
    ? `it is among the worst ${policy.percentage} % by ${metric.name} after ${upTo} reports`
    : undefined;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
