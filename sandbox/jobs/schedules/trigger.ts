// When a schedule's trigger is due: cron expressions and recurrences, in the trigger's time zone, between its start and its end.
// Follows learn.microsoft.com/azure/machine-learning/reference-yaml-schedule and how-to-schedule-pipeline-job.
import { field, objectField, textField, type Json } from "../fields.ts";
import { userError } from "../refuse.ts";
import { fromLocal, toLocal, zoneNamed } from "./zones.ts";

/** Times of a trigger; all in milliseconds since 1970. */
export interface Trigger {
  /** The first time after the moment; undefined when there is none any more. */
  next(after: number): number | undefined;
}

const minute = 60_000;
const day = 86_400_000;
const weekDays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/** Days that are looked at for a next time: an expression that matches the 29th of February has to be found. */
const horizon = 366 * 9;

/**
 * @param created when the schedule was made: what recurs without a start counts from here
 */
export function readTrigger(raw: Json, created: number): Trigger {
  const zoneName = textField(raw, "timeZone") ?? "UTC";
  const zone = zoneNamed(zoneName);
  if (!zone)
    throw userError(
      `trigger.time_zone "${zoneName}" is not one of Azure's time zones (for example "W. Europe Standard Time").`,
      "trigger.timeZone",
    );
  const start = moment(textField(raw, "startTime"), zone, "start_time");
  const end = moment(textField(raw, "endTime"), zone, "end_time");
  if (start !== undefined && end !== undefined && end <= start)
    throw userError("trigger.end_time is not after trigger.start_time.", "trigger.endTime");
  const kind = (textField(raw, "triggerType") ?? "").toLowerCase();
  const find =
    kind === "cron"
      ? cron(textField(raw, "expression") ?? "", zone)
      : kind === "recurrence"
        ? recurrence(raw, zone, start ?? created, start === undefined)
        : undefined;
  if (!find) throw userError(`trigger.type "${kind}" is none; types are cron and recurrence.`, "trigger.triggerType");
  return {
    next(after) {
      const found = find(Math.max(after, start === undefined ? after : start - 1));
      return found === undefined || (end !== undefined && found > end) ? undefined : found;
    },
  };
}

function moment(text: string | undefined, zone: string, name: string): number | undefined {
  if (text === undefined) return undefined;
  const withOffset = /(Z|[+-]\d\d:?\d\d)$/i.test(text);
  const value = Date.parse(withOffset ? text : `${text.replace(" ", "T")}Z`);
  if (Number.isNaN(value)) throw userError(`trigger.${name} "${text}" is no time; write YYYY-MM-DDThh:mm:ss.`, `trigger.${name}`);
  return withOffset ? value : fromLocal(zone, value);
}

/** `MINUTES HOURS DAYS MONTHS DAYS-OF-WEEK` */
function cron(expression: string, zone: string): (after: number) => number | undefined {
  const parts = expression.trim().split(/\s+/);
  if (parts.length !== 5)
    throw userError(
      `trigger.expression "${expression}" has ${parts.length} fields; a cron expression has 5: minutes hours days months days-of-week.`,
      "trigger.expression",
    );
  const [minutes, hours, days, monthSet, week] = [
    values(parts[0]!, 0, 59, []),
    values(parts[1]!, 0, 23, []),
    values(parts[2]!, 1, 31, []),
    values(parts[3]!, 1, 12, months),
    values(
      parts[4]!,
      0,
      7,
      weekDays.map((name) => name.slice(0, 3)),
    ),
  ] as const;
  const anyDay = parts[2] === "*";
  const anyWeekDay = parts[4] === "*";
  const times = [...hours].flatMap((hour) => [...minutes].map((one) => hour * 60 + one)).toSorted((a, b) => a - b);
  return (after) =>
    search(zone, after, times, (date) => {
      if (!monthSet.has(date.getUTCMonth() + 1)) return false;
      const inMonth = days.has(date.getUTCDate());
      const inWeek = week.has(date.getUTCDay()) || (date.getUTCDay() === 0 && week.has(7));
      // As cron has it: with both given either is enough.
      return anyDay || anyWeekDay ? inMonth && inWeek : inMonth || inWeek;
    });
}

/** Numbers of one field: `*`, `5`, `1-5`, `mon-fri`, `*\/15`, lists. */
function values(text: string, least: number, most: number, names: readonly string[]): Set<number> {
  const bad = (): never => {
    throw userError(
      `trigger.expression: "${text}" is none of ${least}-${most}, lists (1,2), ranges (1-5), steps (*/5).`,
      "trigger.expression",
    );
  };
  const number = (one: string): number => {
    const name = names.indexOf(one.toLowerCase().slice(0, 3));
    const value = name >= 0 ? name + (names === months ? 1 : 0) : /^\d+$/.test(one) ? Number(one) : bad();
    return value < least || value > most ? bad() : value;
  };
  const found = new Set<number>();
  for (const part of text.split(",")) {
    const [range, step] = part.split("/") as [string, string | undefined];
    if (step !== undefined && !(Number(step) >= 1)) bad();
    const [from, to] = range === "*" ? [least, most] : (range.split("-").map(number) as [number, number?]);
    for (let value = from; value <= (to ?? (step === undefined ? from : most)); value += Number(step ?? 1)) found.add(value);
  }
  return found.size > 0 ? found : bad();
}

function recurrence(raw: Json, zone: string, base: number, atOnce: boolean): (after: number) => number | undefined {
  const frequency = (textField(raw, "frequency") ?? "").toLowerCase();
  const interval = Number(field(raw, "interval"));
  if (!["minute", "hour", "day", "week", "month"].includes(frequency))
    throw userError(`trigger.frequency "${frequency}" is none; frequencies are minute, hour, day, week, month.`, "trigger.frequency");
  if (!Number.isInteger(interval) || interval < 1)
    throw userError(`trigger.interval is ${String(field(raw, "interval"))}; it must be a whole number from 1 on.`, "trigger.interval");
  if (frequency === "minute" || frequency === "hour") {
    const step = interval * (frequency === "minute" ? minute : 60 * minute);
    return (after) => base + Math.max(0, Math.floor((after - base) / step) + 1) * step;
  }
  const pattern = objectField(raw, "schedule");
  const list = (key: string): unknown[] => (field(pattern, key) as unknown[] | undefined) ?? [];
  const first = new Date(toLocal(zone, base));
  const own = first.getUTCHours() * 60 + first.getUTCMinutes();
  const given = list("hours").length > 0;
  const minutes = list("minutes").length > 0 ? list("minutes").map(Number) : [0];
  const times = given
    ? list("hours")
        .flatMap((hour) => minutes.map((one) => Number(hour) * 60 + one))
        .toSorted((a, b) => a - b)
    : [own];
  const inWeek = list("weekDays").map((name) => weekDays.indexOf(String(name).toLowerCase()));
  if (inWeek.includes(-1))
    throw userError(`trigger.schedule.week_days has "${list("weekDays").join(", ")}"; they are monday to sunday.`, "trigger.schedule");
  const inMonth = list("monthDays").map(Number);
  const startDay = Math.floor(toLocal(zone, base) / day);
  const monday = startDay - ((first.getUTCDay() + 6) % 7);
  const seconds = first.getUTCSeconds() * 1000;
  const matches = (date: Date): boolean => {
    const today = Math.floor(date.getTime() / day);
    if (today < startDay) return false;
    if (frequency === "day") return (today - startDay) % interval === 0;
    if (frequency === "week")
      return (
        Math.floor((today - monday) / 7) % interval === 0 && (inWeek.length > 0 ? inWeek : [first.getUTCDay()]).includes(date.getUTCDay())
      );
    const passed = (date.getUTCFullYear() - first.getUTCFullYear()) * 12 + date.getUTCMonth() - first.getUTCMonth();
    return passed % interval === 0 && (inMonth.length > 0 ? inMonth : [first.getUTCDate()]).includes(date.getUTCDate());
  };
  return (after) => {
    // Without a start and a pattern the first job comes at once.
    if (atOnce && !given && after < base) return base;
    return search(zone, after, times, matches, given ? 0 : seconds);
  };
}

/** The first of the day's times, on a day that matches, after the moment. */
function search(zone: string, after: number, times: readonly number[], matches: (date: Date) => boolean, seconds = 0): number | undefined {
  const today = Math.floor(toLocal(zone, after) / day);
  for (let number = today; number < today + horizon; number++) {
    if (!matches(new Date(number * day))) continue;
    for (const time of times) {
      const found = fromLocal(zone, number * day + time * minute + seconds);
      if (found > after) return found;
    }
  }
  return undefined;
}
