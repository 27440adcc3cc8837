// What a resource group may cost in a month, and who hears of it before it does.
import { ComponentResource } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input } from "@pulumi/pulumi";
import { Budget } from "./azure.ts";
import type { BudgetArgs } from "./azure.ts";
import { overridden } from "./override.ts";
import type { Override } from "./override.ts";

export interface GroupBudgetArgs {
  /** Id of the resource group. */
  readonly scope: Input<string>;
  readonly budgetName: string;
  /** A month's limit in the subscription's currency. A budget tells people; it stops nothing. */
  readonly monthly: number;
  /** Who is told, besides the owners of the subscription. */
  readonly emails: readonly string[];
  readonly override?: { readonly budget?: Override<BudgetArgs> };
}

/** Percent of the budget at which people are told: spent, and forecast for the month. */
const alerts = [
  { name: "spent80", thresholdType: "Actual", threshold: 80 },
  { name: "spent100", thresholdType: "Actual", threshold: 100 },
  { name: "forecast110", thresholdType: "Forecasted", threshold: 110 },
] as const;

/** https://learn.microsoft.com/azure/cost-management-billing/costs/quick-create-budget-template */
export class GroupBudget extends ComponentResource {
  readonly nodes: { readonly budget: Budget };

  constructor(name: string, args: GroupBudgetArgs, opts?: ComponentResourceOptions) {
    super("mlops:operations:GroupBudget", name, {}, opts);
    const contacts = { contactEmails: [...args.emails], contactRoles: ["Owner"] };
    const budget = new Budget(
      `${name}-budget`,
      overridden(
        {
          scope: args.scope,
          budgetName: args.budgetName,
          amount: args.monthly,
          category: "Cost",
          timeGrain: "Monthly",
          timePeriod: { startDate: firstOfMonth(new Date()) },
          notifications: Object.fromEntries(
            alerts.map(({ name, thresholdType, threshold }) => [
              name,
              { enabled: true, operator: "GreaterThanOrEqualTo", thresholdType, threshold, ...contacts },
            ]),
          ),
        },
        args.override?.budget,
      ),
      // Azure takes only a start in the current month when the budget is made, and none later: the first one stays.
      { parent: this, ignoreChanges: ["timePeriod"] },
    );
    this.nodes = { budget };
    this.registerOutputs({});
  }
}

/** `2027-03-01T00:00:00Z`: a budget starts on the first of a month. */
export const firstOfMonth = (now: Date): string => `${now.toISOString().slice(0, 7)}-01T00:00:00Z`;
