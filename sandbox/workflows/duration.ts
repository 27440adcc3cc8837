// ISO 8601 durations and intervals of workflows, in seconds.
import { EvaluationError } from "./expression/functions.ts";

/** `PT1H30M7.5S`, `P1D`. @throws EvaluationError */
export function secondsOf(text: string): number {
  const match = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text);
  if (!match || match.slice(1).every((part) => part === undefined)) throw new EvaluationError(`'${text}' is not a duration such as PT30S`);
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}

const units: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3600, day: 86_400, week: 604_800 };

/** `{count, unit}` of a Wait action. @throws EvaluationError */
export function intervalSeconds(interval: unknown): number {
  const { count, unit } = (interval ?? {}) as { count?: unknown; unit?: unknown };
  const seconds = units[String(unit).toLowerCase()];
  if (typeof count !== "number" || seconds === undefined)
    throw new EvaluationError(`a Wait needs an interval such as {"count": 1, "unit": "Minute"}, not ${JSON.stringify(interval)}`);
  return count * seconds;
}
