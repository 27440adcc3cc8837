// What deployments cost in a month, by the price table in release/prices.json.
import { z } from "zod";

export const PriceTable = z.strictObject({
  currency: z.string(),
  /** When and from where the numbers are. */
  asOf: z.string(),
  hoursPerMonth: z.number().positive(),
  /** Region → VM size → price of an hour. */
  perHour: z.record(z.string(), z.record(z.string(), z.number().min(0))),
});
export type PriceTable = z.infer<typeof PriceTable>;

export interface Running {
  readonly name: string;
  readonly instanceType: string;
  readonly instances: number;
}

export interface MonthlyCost {
  readonly currency: string;
  readonly total: number;
  /** What is running in a size or region that the table does not have: its cost is not in the total. */
  readonly unknown: readonly string[];
}

/** Cost of a month with all of them running all the time. */
export function monthlyCost(running: readonly Running[], location: string, prices: PriceTable): MonthlyCost {
  const region = prices.perHour[location] ?? {};
  const unknown = running
    .filter(({ instanceType }) => region[instanceType] === undefined)
    .map(({ instanceType }) => `${instanceType} in ${location}`);
  const total = running.reduce(
    (sum, { instanceType, instances }) => sum + (region[instanceType] ?? 0) * instances * prices.hoursPerMonth,
    0,
  );
  return { currency: prices.currency, total: Math.round(total * 100) / 100, unknown: [...new Set(unknown)] };
}

/** `USD 213.16`, with a word on what the table does not have. */
export function formatCost({ currency, total, unknown }: MonthlyCost): string {
  return `${currency} ${total.toFixed(2)}${unknown.length > 0 ? ` and ${unknown.join(", ")}, of which the price table has no price` : ""}`;
}
