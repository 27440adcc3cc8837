// The condition of an If: an expression, or objects such as {"and": [{"equals": [a, b]}]}.
import { fill } from "./expression/evaluate.ts";
import type { Scope } from "./expression/evaluate.ts";
import { EvaluationError, functions, isObject } from "./expression/functions.ts";

const operators = ["equals", "greater", "greaterOrEquals", "less", "lessOrEquals", "contains", "startsWith", "endsWith"];

/** @throws EvaluationError */
export function holds(condition: unknown, scope: Scope): boolean {
  if (!isObject(condition)) {
    const value = fill(condition, scope);
    if (typeof value === "boolean") return value;
    throw new EvaluationError(`the condition must be true or false, not ${JSON.stringify(value)?.slice(0, 60)}`);
  }
  const entries = Object.entries(condition);
  const [operator, operand] = entries[0] ?? ["nothing", undefined];
  if (entries.length !== 1) throw new EvaluationError("a condition has one operator");
  if (operator === "and" && Array.isArray(operand)) return operand.every((one) => holds(one, scope));
  if (operator === "or" && Array.isArray(operand)) return operand.some((one) => holds(one, scope));
  if (operator === "not") return !holds(operand, scope);
  if (!operators.includes(operator) || !Array.isArray(operand)) throw new EvaluationError(`'${operator}' is not an operator of conditions`);
  return functions[operator.toLowerCase()]!.run(fill(operand, scope) as unknown[]) === true;
}
