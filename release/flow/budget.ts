// The month's budget of a stage's resource group, as Azure counts it. https://learn.microsoft.com/rest/api/consumption/budgets/get
import type { Subject } from "./doctor/subject.ts";

export interface BudgetState {
  readonly amount: number;
  readonly spent: number;
  readonly unit: string;
}

interface Budget {
  readonly properties: { readonly amount: number; readonly currentSpend?: { readonly amount: number; readonly unit: string } };
}

/** Undefined where there is no budget; a spend that Azure has not counted yet is 0. */
export async function budgetOf(subject: Subject): Promise<BudgetState | undefined> {
  const [{ azure }, settings, place] = await Promise.all([subject.login(), subject.settings(), subject.place()]);
  const name = settings.kind === "shared" ? `budget-${settings.prefix}-shared` : place.names.budget;
  const found = await azure.find<Budget>(`${place.groupId}/providers/Microsoft.Consumption/budgets/${name}`, {
    apiVersion: "2024-08-01",
    signal: subject.signal,
  });
  if (!found) return undefined;
  const { amount, currentSpend } = found.properties;
  return { amount, spent: currentSpend?.amount ?? 0, unit: currentSpend?.unit ?? "" };
}
