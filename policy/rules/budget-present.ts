// Whoever makes a resource group says what it may cost.
import type { StackRule } from "../rule.ts";

export const budgetPresent: StackRule = {
  name: "budget-present",
  description: "every resource group has a monthly budget that tells someone",
  checkStack(resources) {
    const budgets = resources.filter(({ type }) => type === "azure-native:consumption:Budget");
    const covered = new Set(budgets.flatMap(({ from }) => from["scope"] ?? []));
    return resources
      .filter(({ type, urn }) => type === "azure-native:resources:ResourceGroup" && !covered.has(urn))
      .map(({ urn }) => ({
        urn,
        problem: "it has no budget",
        fix: "add components/budget.ts with this group's id as scope, as stacks/stage.ts does",
      }));
  },
};
