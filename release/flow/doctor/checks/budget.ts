// Is there money left in the month's budget of the stage's group? A budget only tells; this is where it is heard before more is spent.
import { budgetOf } from "../../budget.ts";
import { type Check, ok, warn } from "../check.ts";

export const budget: Check = {
  name: "budget",
  stacks: ["shared", "dev", "qa", "prod"],
  async run(subject) {
    const { groupExists, group } = await subject.place();
    if (!groupExists) return ok("the first up makes it");
    const found = await budgetOf(subject);
    if (!found) return warn(`the group ${group} has no budget`, `pulumi up --stack ${subject.stage}`);
    const { amount, spent, unit } = found;
    const said = `${spent.toFixed(2)} of ${amount.toFixed(2)} ${unit} are spent this month`;
    if (spent < amount) return ok(said);
    const raise = `pulumi config set --path 'azure-mlops:budget.monthly' AMOUNT --stack ${subject.stage}`;
    const idle =
      subject.stage === "dev" || subject.stage === "qa" ? `mlops expire --stage ${subject.stage} takes idle deployments away; or ` : "";
    return warn(`the budget is used up: ${said}`, `${idle}raise it: ${raise}`);
  },
};
