// How many instances a profile wants: out when any rule says so, in only when all that would take away agree.
// https://learn.microsoft.com/azure/azure-monitor/autoscale/autoscale-understanding-settings
import type { Profile, ScaleRule } from "../types/autoscale.ts";

/** The metric's value over the rule's window; undefined when nothing was measured. */
export type Value = (rule: ScaleRule) => number | undefined;

/** @param sinceLast milliseconds since the last scaling; Infinity when there was none */
export function wantedInstances(
  profile: Profile,
  now: number,
  sinceLast: number,
  valueOf: Value,
  cooldownMs: (rule: ScaleRule) => number,
): number {
  const [least, most] = [Number(profile.capacity.minimum), Number(profile.capacity.maximum)];
  const within = (count: number): number => Math.min(most, Math.max(least, count));
  if (within(now) !== now) return within(now);
  const rules = (direction: string): ScaleRule[] => profile.rules.filter(({ scaleAction }) => scaleAction.direction === direction);
  const cool = (rule: ScaleRule): boolean => sinceLast >= cooldownMs(rule);
  const out = rules("Increase").filter((rule) => holds(rule, valueOf(rule)) && cool(rule));
  // Of several the one that adds most.
  if (out.length > 0) return within(Math.max(...out.map((rule) => changed(rule, now))));
  const into = rules("Decrease");
  if (into.length > 0 && into.every((rule) => holds(rule, valueOf(rule)) && cool(rule)))
    return within(Math.max(...into.map((rule) => changed(rule, now))));
  return now;
}

function holds({ metricTrigger: { operator, threshold } }: ScaleRule, value: number | undefined): boolean {
  // What was not measured moves nothing.
  if (value === undefined) return false;
  switch (operator) {
    case "GreaterThan":
      return value > threshold;
    case "GreaterThanOrEqual":
      return value >= threshold;
    case "LessThan":
      return value < threshold;
    case "LessThanOrEqual":
      return value <= threshold;
    case "Equals":
      return value === threshold;
    case "NotEquals":
      return value !== threshold;
  }
}

function changed({ scaleAction: { direction, type, value } }: ScaleRule, now: number): number {
  const by = Number(value ?? "1");
  if (type === "ExactCount") return by;
  const step = type === "ChangeCount" ? by : Math.max(1, Math.round((now * by) / 100));
  return direction === "Increase" ? now + step : now - step;
}
