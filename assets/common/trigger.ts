// When something is done again: the triggers of job and monitor schedules and of feature materialization.
// https://learn.microsoft.com/azure/machine-learning/reference-yaml-schedule; REST TriggerBase 2023-06-01-preview.
import { list, object, union, type Entity } from "../schema/compound.ts";
import { required, type Field } from "../schema/field.ts";
import { int, oneOf, str } from "../schema/scalars.ts";

const ISO = /^(\d{4})-(\d{1,2})-(\d{1,2})[T ](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d{1,12})?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?$/;

/**
 * A point in time as quoted text, sent as "2024-01-31 10:15:00" without its zone. The SDK refuses a bare date and one without quotes,
 * which YAML makes a date of.
 */
const dateTime: Field<string> = {
  expects: 'a date and time in quotes, such as "2024-01-31T10:15:00"',
  load(value, at) {
    const parts =
      typeof value === "string"
        ? ISO.exec(value)
            ?.slice(1)
            .map((part) => Number(part ?? 0))
        : undefined;
    if (parts && isTime(parts)) {
      const [year, ...rest] = parts;
      const [month, day, hour, minute, second] = rest.map((part) => String(part).padStart(2, "0"));
      return `${String(year).padStart(4, "0")}-${month}-${day} ${hour}:${minute}:${second}`;
    }
    return at.fail("must be a date and time as text", 'write it in quotes with date and time: "2024-01-31T10:15:00"', value);
  },
};

function isTime([year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0]: number[]): boolean {
  const date = new Date(Date.UTC(2000, month - 1, day));
  date.setUTCFullYear(year, month - 1, day);
  return year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
}

const times = { start_time: dateTime, end_time: dateTime, time_zone: str } as const;
const weekDay = oneOf(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]);
const numbers = union(int, list(int));

export const recurrenceTrigger = object({
  ...times,
  type: required(oneOf(["recurrence"])),
  frequency: required(oneOf(["minute", "hour", "day", "week", "month"])),
  interval: required(int),
  schedule: object({ hours: required(numbers), minutes: required(numbers), week_days: union(weekDay, list(weekDay)), month_days: numbers }),
});

const cronTrigger = object({ ...times, type: required(oneOf(["cron"])), expression: required(str) });
export const trigger = union(cronTrigger, recurrenceTrigger);
export type Trigger = Entity<typeof cronTrigger.fields> | Entity<typeof recurrenceTrigger.fields>;

/** A trigger's form in a request. */
export function triggerBody(value: Trigger): object {
  const common = { startTime: value.start_time, endTime: value.end_time, timeZone: value.time_zone ?? "UTC" };
  if (value.type === "cron") return { triggerType: "Cron", ...common, expression: value.expression };
  const { hours = [], minutes = [], week_days: weekDays, month_days: monthDays } = value.schedule ?? {};
  return {
    triggerType: "Recurrence",
    ...common,
    frequency: value.frequency,
    interval: value.interval,
    schedule: { hours: [hours].flat(), minutes: [minutes].flat(), weekDays: optional(weekDays), monthDays: optional(monthDays) },
  };
}

const optional = (value: unknown): unknown => (value ? [value].flat() : value);

/** How much data one run of a monitor looks at unless it says so: the time since the run before, in whole days. */
export function usualWindow(value: Trigger): { production: string; reference: string } {
  if (value.type === "cron") return { production: "P7D", reference: "P14D" };
  const each = { minute: 0, hour: 0, day: 1, week: 7, month: 30 }[value.frequency];
  const length = each === 0 ? 1 : each * Number(value.interval);
  return { production: `P${length}D`, reference: `P${2 * length}D` };
}
