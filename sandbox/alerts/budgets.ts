// Budgets that tell: each notification once a month, when what was spent or is forecast comes to its threshold.
// https://learn.microsoft.com/azure/cost-management-billing/costs/tutorial-acm-create-budgets
import type { ArmResource, SandboxContext } from "../core.ts";
import { sendMail } from "../mail/outbox.ts";
import { text } from "../state/values.ts";
import { callAll } from "./notify.ts";
import { forecastOf, scopeOf, Spend, spentIn } from "./spend.ts";

export const budgetType = "Microsoft.Consumption/budgets";

interface Notification {
  readonly enabled: boolean;
  readonly operator: "EqualTo" | "GreaterThan" | "GreaterThanOrEqualTo";
  readonly threshold: number;
  readonly thresholdType?: "Actual" | "Forecasted" | null;
  readonly contactEmails?: readonly string[] | null;
  readonly contactGroups?: readonly string[] | null;
}

const reached = ({ operator, threshold }: Notification, percent: number): boolean =>
  operator === "GreaterThanOrEqualTo"
    ? percent >= threshold
    : operator === "GreaterThan"
      ? percent > threshold
      : Math.round(percent) === threshold;

const tickMs = 2000;

export class BudgetWatch {
  readonly #sandbox: SandboxContext;
  readonly #spend: Spend;
  #timer: NodeJS.Timeout | undefined;

  constructor(sandbox: SandboxContext) {
    this.#sandbox = sandbox;
    this.#spend = new Spend(sandbox);
    sandbox.db.exec(
      "CREATE TABLE IF NOT EXISTS budget_told (budget TEXT, name TEXT, month TEXT, PRIMARY KEY (budget, name, month)) WITHOUT ROWID",
    );
  }

  start(): void {
    this.#timer = setInterval(() => this.tick(Date.now()), tickMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Counts what ran since the last time, and tells whom it concerns. */
  tick(now: number): void {
    this.#spend.count(now);
    for (const budget of this.#sandbox.resources.all(budgetType)) {
      const { amount, notifications } = budget.properties as { amount: number; notifications?: Record<string, Notification> | null };
      const spent = spentIn(this.#sandbox, scopeOf(budget), now);
      for (const [name, one] of Object.entries(notifications ?? {})) {
        const counted = one.thresholdType === "Forecasted" ? forecastOf(spent, now) : spent;
        if (one.enabled && spent > 0 && reached(one, (100 * counted) / amount)) this.#tell(budget, name, one, counted, now);
      }
    }
  }

  #tell(budget: ArmResource, name: string, one: Notification, counted: number, now: number): void {
    const month = new Date(now).toISOString().slice(0, 7);
    const first = this.#sandbox.db.prepare("INSERT OR IGNORE INTO budget_told VALUES (?, ?, ?)").run(budget.id.toLowerCase(), name, month);
    if (Number(first.changes) === 0) return;
    const { amount } = budget.properties as { amount: number };
    const scope = scopeOf(budget);
    const word = one.thresholdType === "Forecasted" ? "forecast" : "actual";
    const subject = `Azure budget alert: ${budget.name} has reached ${one.threshold} % (${word})`;
    const body = `The ${word} cost of ${scope} is USD ${counted.toFixed(4)}; the budget is ${amount} for ${month}.`;
    sendMail(this.#sandbox, { from: "budget", to: [...(one.contactEmails ?? [])], subject, body });
    for (const id of one.contactGroups ?? []) {
      const group = this.#sandbox.resources.get(id);
      if (group) callAll(this.#sandbox, group, { from: "budget", subject, body }, costAlert(budget, scope, one, counted, now));
    }
  }
}

/** The common alert schema of a cost alert. https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-payload-samples */
function costAlert(budget: ArmResource, scope: string, { threshold, thresholdType }: Notification, counted: number, now: number): object {
  const { amount, timePeriod } = budget.properties as { amount: number; timePeriod: { startDate: string } };
  return {
    schemaId: "azureMonitorCommonAlertSchema",
    data: {
      essentials: {
        ...{
          monitoringService: "CostAlerts",
          firedDateTime: new Date(now).toISOString(),
          description: `Your spend for budget ${budget.name} is now ${counted.toFixed(2)} exceeding your specified threshold ${threshold}.`,
        },
        ...{
          essentialsVersion: "1.0",
          alertContextVersion: "1.0",
          alertId: budget.id,
          alertRule: null,
          severity: null,
          signalType: null,
          monitorCondition: null,
          alertTargetIDs: null,
        },
        configurationItems: ["budgets"],
        originAlertId: null,
      },
      alertContext: {
        AlertCategory: "budgets",
        AlertData: {
          ...{
            Scope: `${scope}/`,
            ThresholdType: thresholdType ?? "Actual",
            BudgetType: "Cost",
            BudgetThreshold: `$${amount}`,
            NotificationThresholdAmount: `$${((amount * threshold) / 100).toFixed(2)}`,
          },
          ...{
            BudgetName: budget.name,
            BudgetId: budget.id,
            BudgetStartDate: timePeriod.startDate,
            BudgetCreator: text(budget.systemData?.["createdBy"]),
            Unit: "USD",
            SpentAmount: `$${counted.toFixed(2)}`,
          },
        },
      },
    },
  };
}
