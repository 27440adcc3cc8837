// Is there money left in the month's budget of the stage's group? A budget only tells; this is where it is heard before more is spent.
import { type Check, ok, skip, warn } from "../check.ts";

interface Budget {
  readonly properties: { readonly amount: number; readonly currentSpend?: { readonly amount: number; readonly unit: string } };
}

export const budget: Check = {
  name: "budget",
  stacks: ["shared", "dev", "qa", "prod"],
  async run(subject) {
    const [{ azure }, settings, place] = await Promise.all([subject.login(), subject.settings(), subject.place()]);
    if (!place.groupExists) return ok("the first up makes it");
    const name = settings.kind === "shared" ? `budget-${settings.prefix}-shared` : place.names.budget;
    const found = await azure.find<Budget>(`${place.groupId}/providers/Microsoft.Consumption/budgets/${name}`, {
      apiVersion: "2024-08-01",
      signal: subject.signal,
    });
    if (!found) return warn(`the group ${place.group} has no budget ${name}`, `pulumi up --stack ${subject.stage}`);
    const { amount, currentSpend } = found.properties;
    if (!currentSpend) return skip("Azure has not counted this month's costs yet");
    const spent = `${currentSpend.amount.toFixed(2)} of ${amount.toFixed(2)} ${currentSpend.unit} are spent this month`;
    if (currentSpend.amount >= amount)
      return warn(
        `the budget is used up: ${spent}`,
        `mlops expire --stage ${subject.stage} takes idle deployments away; or raise it: pulumi config set --path 'azure-mlops:budget.monthly' AMOUNT --stack ${subject.stage}`,
      );
    return ok(spent);
  },
};
