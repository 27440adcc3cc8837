// Which events a subscription wants: types, subjects, advanced filters (https://learn.microsoft.com/azure/event-grid/event-filtering).
import { z } from "zod";
import type { GridEvent } from "./event.ts";

const numbers = z.array(z.number()).min(1).max(25);
const ranges = z
  .array(z.tuple([z.number(), z.number()]))
  .min(1)
  .max(25);
const texts = z.array(z.string().max(512)).min(1).max(25);
const keyed = { key: z.string().min(1) };

const numeric = ["NumberIn", "NumberNotIn"] as const;
const compared = ["NumberLessThan", "NumberLessThanOrEquals", "NumberGreaterThan", "NumberGreaterThanOrEquals"] as const;
const textual = [
  "StringContains",
  "StringNotContains",
  "StringBeginsWith",
  "StringNotBeginsWith",
  "StringEndsWith",
  "StringNotEndsWith",
  "StringIn",
  "StringNotIn",
] as const;

const advanced = z.discriminatedUnion("operatorType", [
  ...numeric.map((operator) => z.strictObject({ operatorType: z.literal(operator), ...keyed, values: numbers })),
  ...compared.map((operator) => z.strictObject({ operatorType: z.literal(operator), ...keyed, value: z.number() })),
  ...(["NumberInRange", "NumberNotInRange"] as const).map((operator) =>
    z.strictObject({ operatorType: z.literal(operator), ...keyed, values: ranges }),
  ),
  ...textual.map((operator) => z.strictObject({ operatorType: z.literal(operator), ...keyed, values: texts })),
  z.strictObject({ operatorType: z.literal("BoolEquals"), ...keyed, value: z.boolean() }),
  ...(["IsNullOrUndefined", "IsNotNull"] as const).map((operator) => z.strictObject({ operatorType: z.literal(operator), ...keyed })),
] as unknown as [z.ZodObject]);

/** `properties.filter` of an event subscription. */
export const filterBody = z.looseObject({
  subjectBeginsWith: z.string().nullish(),
  subjectEndsWith: z.string().nullish(),
  isSubjectCaseSensitive: z.boolean().nullish(),
  includedEventTypes: z.array(z.string()).min(1).nullish(),
  enableAdvancedFilteringOnArrays: z.boolean().nullish(),
  advancedFilters: z.array(advanced).max(25, "has at most 25 filters").nullish(),
});

export type Filter = z.infer<typeof filterBody>;
interface Advanced {
  readonly operatorType: string;
  readonly key: string;
  readonly value?: number | boolean;
  readonly values?: readonly unknown[];
}

/** Does the subscription want the event? Without a filter it wants all. */
export function wants(filter: Filter | null | undefined, event: GridEvent): boolean {
  if (!filter) return true;
  const fold = (text: string): string => (filter.isSubjectCaseSensitive ? text : text.toLowerCase());
  const types = filter.includedEventTypes?.map((type) => type.toLowerCase());
  if (types && !types.includes("all") && !types.includes(event.eventType.toLowerCase())) return false;
  if (!fold(event.subject).startsWith(fold(filter.subjectBeginsWith ?? ""))) return false;
  if (!fold(event.subject).endsWith(fold(filter.subjectEndsWith ?? ""))) return false;
  const arrays = filter.enableAdvancedFilteringOnArrays === true;
  return (filter.advancedFilters ?? []).every((one) => holds(one as unknown as Advanced, event, arrays));
}

/** `data.key1.key2`, or a field of the event itself in any casing. */
function valueAt(event: GridEvent, key: string): unknown {
  const [first = "", ...rest] = key.split(".");
  const field = Object.entries(event).find(([name]) => name.toLowerCase() === first.toLowerCase());
  return rest.reduce<unknown>((at, part) => (at as Record<string, unknown> | null | undefined)?.[part], field?.[1]);
}

function holds(filter: Advanced, event: GridEvent, arrays: boolean): boolean {
  const found = valueAt(event, filter.key);
  const missing = found === undefined || found === null;
  if (filter.operatorType === "IsNullOrUndefined") return missing;
  if (filter.operatorType === "IsNotNull") return !missing;
  // "Not" holds when none of the values does; a missing key has none.
  const negative = /^(String|Number)Not/.test(filter.operatorType);
  const operator = filter.operatorType.replace(/^(String|Number)Not/, "$1");
  const items: unknown[] = Array.isArray(found) ? (arrays ? found : []) : [found];
  const any = items.some((item) => positive(operator, item, filter));
  return negative ? !any : any;
}

function positive(operator: string, item: unknown, { value, values = [] }: Advanced): boolean {
  if (operator === "BoolEquals") return item === value;
  if (operator.startsWith("Number")) {
    const number = typeof item === "string" && item.trim() !== "" ? Number(item) : item;
    if (typeof number !== "number" || Number.isNaN(number)) return false;
    if (operator === "NumberIn") return values.includes(number);
    if (operator === "NumberInRange") return (values as [number, number][]).some(([least, most]) => number >= least && number <= most);
    const limit = Number(value);
    return (
      {
        NumberLessThan: number < limit,
        NumberLessThanOrEquals: number <= limit,
        NumberGreaterThan: number > limit,
        NumberGreaterThanOrEquals: number >= limit,
      }[operator] ?? false
    );
  }
  if (typeof item !== "string" && typeof item !== "number" && typeof item !== "boolean") return false;
  const text = String(item).toLowerCase();
  const wanted = (values as string[]).map((one) => one.toLowerCase());
  switch (operator) {
    case "StringContains":
      return wanted.some((one) => text.includes(one));
    case "StringBeginsWith":
      return wanted.some((one) => text.startsWith(one));
    case "StringEndsWith":
      return wanted.some((one) => text.endsWith(one));
    default:
      return wanted.includes(text);
  }
}
