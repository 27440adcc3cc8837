// When a schedule is due: the trigger of job and monitor schedules.
// https://learn.microsoft.com/azure/machine-learning/reference-yaml-schedule; REST TriggerBase 2023-06-01-preview.
import { list, object, union, type Entity } from "../schema/compound.ts";
import { required, type Field } from "../schema/field.ts";
import { int, oneOf, str } from "../schema/scalars.ts";
import { Stamp, type Yaml } from "../yaml/value.ts";

/** A time, as YAML reads it or as text; sent the way Python writes one, as the SDK does. */
const time: Field<string> = {
  expects: "a time such as 2026-01-31T10:00:00",
  load(value: Yaml, at) {
    // The SDK refuses what YAML itself reads as a time.
    if (value instanceof Stamp) return at.fail("must be a time in quotes", `write "${value.toString()}"`, value);
    if (typeof value === "string" && !Number.isNaN(Date.parse(value))) return value.replace("T", " ");
    return at.fail("must be a time", 'write it as "2026-01-31T10:00:00"', value);
  },
};
const days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
const common = { start_time: time, end_time: time, time_zone: str } as const;
const oneOrMore = <T>(field: Field<T>): Field<T | T[]> => union(field, list(field)) as Field<T | T[]>;

const pattern = object({
  hours: required(oneOrMore(int)),
  minutes: required(oneOrMore(int)),
  week_days: oneOrMore(oneOf(days)),
  month_days: oneOrMore(int),
});
const cron = object({ ...common, type: required(oneOf(["cron"])), expression: required(str) });
const recurrence = object({
  ...common,
  type: required(oneOf(["recurrence"])),
  frequency: required(oneOf(["minute", "hour", "day", "week", "month"])),
  interval: required(int),
  schedule: pattern,
});
export const trigger = union(cron, recurrence);
export type Trigger = Entity<typeof cron.fields> | Entity<typeof recurrence.fields>;

const many = <T extends string | number | bigint>(value: T | T[] | undefined): T[] | undefined =>
  value === undefined || Array.isArray(value) ? value : [value];

/** The trigger's part of the request. */
export function triggerBody(value: Trigger): object {
  const { start_time: startTime, end_time: endTime } = value;
  const times = { startTime, endTime, timeZone: value.time_zone ?? "UTC" };
  if (value.type === "cron") return { ...times, triggerType: "Cron", expression: value.expression };
  const { frequency, interval, schedule } = value;
  return {
    ...times,
    ...{ triggerType: "Recurrence", frequency, interval },
    schedule: schedule && {
      hours: many(schedule.hours),
      minutes: many(schedule.minutes),
      weekDays: many(schedule.week_days),
      monthDays: many(schedule.month_days),
    },
  };
}

/** How much data one run of a monitor looks at unless it says so: the time since the run before, in whole days. */
export function usualWindow(value: Trigger): { production: string; reference: string } {
  if (value.type === "cron") return { production: "P7D", reference: "P14D" };
  const each = { minute: 0, hour: 0, day: 1, week: 7, month: 30 }[value.frequency];
  const length = each === 0 ? 1 : each * Number(value.interval);
  return { production: `P${length}D`, reference: `P${2 * length}D` };
}
