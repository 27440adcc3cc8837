// Whether a metric alert's criteria are met at a moment, and what becomes of its alerts then: fired once, resolved after three good times.
// https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-types and alerts-overview ("stateful alerts")
import type { Criterion } from "../types/alerts.ts";

/** One time series over the alert's window. */
export interface Measured {
  readonly dimensions: Readonly<Record<string, string>>;
  readonly values: readonly number[];
}

/** An alert on one series (one set of dimensions) of a rule. */
export interface AlertState {
  readonly condition: "Fired" | "Resolved";
  /** Evaluations in a row that found nothing wrong. */
  readonly good: number;
}

/** What a criterion found in one series; undefined when nothing was measured in the window. */
export function met(criterion: Criterion, { values }: Measured): { readonly met: boolean; readonly value: number } | undefined {
  if (values.length === 0) return undefined;
  const value = aggregated(criterion.timeAggregation, values);
  const { threshold } = criterion;
  const compared = {
    GreaterThan: value > threshold,
    GreaterThanOrEqual: value >= threshold,
    LessThan: value < threshold,
    LessThanOrEqual: value <= threshold,
    Equals: value === threshold,
  };
  return { met: compared[criterion.operator], value };
}

function aggregated(how: Criterion["timeAggregation"], values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  if (how === "Total") return sum;
  if (how === "Count") return values.length;
  if (how === "Minimum") return Math.min(...values);
  if (how === "Maximum") return Math.max(...values);
  return sum / values.length;
}

/** Good times in a row after which an alert that mitigates itself is resolved. */
const resolvesAfter = 3;

/** The state after one more evaluation, and whether somebody is to be told. `bad` undefined: nothing was measured, nothing changes. */
export function next(
  before: AlertState | undefined,
  bad: boolean | undefined,
  autoMitigate: boolean,
): { readonly state: AlertState | undefined; readonly tell: "Fired" | "Resolved" | undefined } {
  if (bad === undefined) return { state: before, tell: undefined };
  const firing = before?.condition === "Fired";
  if (bad) {
    // A rule that does not mitigate itself is stateless: it tells each time.
    return { state: { condition: "Fired", good: 0 }, tell: firing && autoMitigate ? undefined : "Fired" };
  }
  if (!firing || !autoMitigate) return { state: before, tell: undefined };
  const good = before.good + 1;
  if (good < resolvesAfter) return { state: { condition: "Fired", good }, tell: undefined };
  return { state: { condition: "Resolved", good }, tell: "Resolved" };
}
