// Microsoft.Consumption/budgets (API 2024-08-01) on groups and subscriptions: kept and checked. What they count and tell: sandbox/alerts/.
import { z } from "zod";
import { ArmError } from "../core.ts";
import type { ResourceType } from "../core.ts";
import { forecastOf, scopeOf, spentIn } from "../alerts/spend.ts";

const day = z.string().refine((text) => !Number.isNaN(Date.parse(text)), "must be a date");

const body = z.looseObject({
  eTag: z.string().nullish(),
  properties: z.looseObject({
    category: z.enum(["Cost", "ReservationUtilization"]),
    amount: z.number().positive(),
    timeGrain: z.enum(["Monthly", "Quarterly", "Annually", "BillingMonth", "BillingQuarter", "BillingAnnual"]),
    timePeriod: z.looseObject({ startDate: day, endDate: day.nullish() }),
    notifications: z
      .record(
        z.string(),
        z.looseObject({
          enabled: z.boolean(),
          operator: z.enum(["EqualTo", "GreaterThan", "GreaterThanOrEqualTo"]),
          threshold: z.number().min(0).max(1000),
          thresholdType: z.enum(["Actual", "Forecasted"]).nullish(),
          contactEmails: z.array(z.string()).max(50).nullish(),
          contactRoles: z.array(z.string()).nullish(),
          contactGroups: z.array(z.string()).max(50).nullish(),
        }),
      )
      .refine((all) => Object.keys(all).length <= 5, "a budget has at most 5 notifications")
      .nullish(),
  }),
});

export const budgets: ResourceType<z.infer<typeof body>> = {
  type: "Microsoft.Consumption/budgets",
  body,
  extension: true,
  provisioningState: false,
  names: { pattern: /^[\w-]{1,63}$/, rule: "1-63 letters, digits, _ and -" },
  check({ before, after }, sandbox) {
    const told = Object.values((after.properties["notifications"] ?? {}) as Record<string, { contactGroups?: string[] | null }>);
    const missing = told.flatMap(({ contactGroups }) => contactGroups ?? []).find((id) => !sandbox.resources.get(id));
    if (missing) throw new ArmError(400, "400", `The action group '${missing}' was not found.`);
    const { startDate } = after.properties["timePeriod"] as { startDate: string };
    const start = new Date(startDate);
    if (start.getUTCDate() !== 1) throw new ArmError(400, "400", "Start date must be the first day of the month.");
    const now = new Date();
    const thisMonth = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1);
    const kept = (before?.properties["timePeriod"] as { startDate?: string } | undefined)?.startDate;
    if (kept !== undefined && Date.parse(kept) === start.getTime()) return;
    if (start.getTime() < thisMonth)
      throw new ArmError(400, "400", "Start date must be on or after the start of the current time grain period.");
  },
  fill({ after }) {
    const period = after.properties["timePeriod"] as { startDate: string; endDate?: string };
    const end = new Date(period.startDate);
    end.setUTCFullYear(end.getUTCFullYear() + 10);
    return {
      ...after,
      properties: {
        ...after.properties,
        timePeriod: { ...period, endDate: period.endDate ?? end.toISOString().replace(".000Z", "Z") },
      },
    };
  },
  show(budget, sandbox) {
    const now = Date.now();
    const spent = spentIn(sandbox, scopeOf(budget), now);
    const money = (amount: number): object => ({ amount: Math.round(amount * 1e6) / 1e6, unit: "USD" });
    return {
      ...budget,
      properties: { ...budget.properties, currentSpend: money(spent), forecastSpend: money(forecastOf(spent, now)) },
    };
  },
};
