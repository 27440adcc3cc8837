// What a resource group may cost in a month, and who hears of it before it does.
import { ActionGroup } from "@pulumi/azure-native/monitor/actionGroup.js";
import type { ActionGroupArgs } from "@pulumi/azure-native/monitor/actionGroup.js";
import { ComponentResource, secret } from "@pulumi/pulumi";
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
  /** Percent of the budget at which people are told: spent, and forecast for the month. At most five together. */
  readonly spentPercent: readonly number[];
  readonly forecastPercent: readonly number[];
  /** Called through an action group, which is made for them. */
  readonly webhooks: readonly string[];
  /** Of the action group. */
  readonly resourceGroupName: Input<string>;
  readonly tags: Readonly<Record<string, string>>;
  readonly override?: { readonly budget?: Override<BudgetArgs>; readonly actionGroup?: Override<ActionGroupArgs> };
}

/** https://learn.microsoft.com/azure/cost-management-billing/costs/quick-create-budget-template */
export class GroupBudget extends ComponentResource {
  readonly nodes: { readonly budget: Budget; readonly actionGroup?: ActionGroup };

  constructor(name: string, args: GroupBudgetArgs, opts?: ComponentResourceOptions) {
    super("mlops:operations:GroupBudget", name, {}, opts);
    const actionGroup = args.webhooks.length > 0 ? this.#actionGroup(name, args) : undefined;
    const contacts = {
      contactEmails: [...args.emails],
      contactRoles: ["Owner"],
      ...(actionGroup ? { contactGroups: [actionGroup.id] } : {}),
    };
    const notification = (thresholdType: "Actual" | "Forecasted", threshold: number) => ({
      ...{ enabled: true, operator: "GreaterThanOrEqualTo", thresholdType, threshold },
      ...contacts,
    });
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
          notifications: Object.fromEntries([
            ...args.spentPercent.map((percent) => [`spent${percent}`, notification("Actual", percent)] as const),
            ...args.forecastPercent.map((percent) => [`forecast${percent}`, notification("Forecasted", percent)] as const),
          ]),
        },
        args.override?.budget,
      ),
      // Azure takes only a start in the current month when the budget is made, and none later: the first one stays.
      { parent: this, ignoreChanges: ["timePeriod"] },
    );
    this.nodes = { budget, ...(actionGroup ? { actionGroup } : {}) };
    this.registerOutputs({});
  }

  #actionGroup(name: string, { resourceGroupName, tags, budgetName, webhooks, override }: GroupBudgetArgs): ActionGroup {
    return new ActionGroup(
      `${name}-budget-people`,
      overridden(
        {
          ...{ resourceGroupName, tags: { ...tags }, location: "global", enabled: true },
          actionGroupName: `ag-${budgetName}`,
          groupShortName: "budget",
          // Their paths are what a chat knows its callers by.
          webhookReceivers: webhooks.map((uri, i) => ({ name: `webhook-${i + 1}`, serviceUri: secret(uri), useCommonAlertSchema: true })),
        },
        override?.actionGroup,
      ),
      { parent: this },
    );
  }
}

/** `2027-03-01T00:00:00Z`: a budget starts on the first of a month. */
export const firstOfMonth = (now: Date): string => `${now.toISOString().slice(0, 7)}-01T00:00:00Z`;
