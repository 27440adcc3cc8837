// Deployments that nobody asks expire; new ones, and those in use, do not.
import { expect, test } from "@jest/globals";
import { expiry } from "./expiry.ts";

const rule = { idleHours: 24, whenBudgetUsedUp: true };
const watched = { requests: 0, ageHours: 30, budget: { amount: 200, spent: 20, unit: "EUR" } };

test.each([
  ["nobody asked", rule, watched, true, "no request in 24 hours"],
  ["in use", rule, { ...watched, requests: 3 }, false, "3 requests in the last 24 hours"],
  ["just deployed", rule, { ...watched, ageHours: 0.5 }, false, "deployed 0.5 hours ago; it has 24 hours"],
  [
    "budget used up, though in use",
    rule,
    { ...watched, requests: 9, budget: { amount: 0.001, spent: 0.0023, unit: "USD" } },
    true,
    "the month's budget is used up: 0.0023 of 0.001 USD",
  ],
  [
    "budget used up, which does not count",
    { ...rule, whenBudgetUsedUp: false },
    { ...watched, requests: 9, budget: { amount: 1, spent: 2, unit: "USD" } },
    false,
    "9 requests in the last 24 hours",
  ],
  ["no budget", rule, { ...watched, budget: undefined }, true, "no request in 24 hours"],
  ["only the budget counts", { whenBudgetUsedUp: true }, watched, false, "no idle time is set"],
  ["three days", { ...rule, idleHours: 72 }, { ...watched, ageHours: 100 }, true, "no request in 3 days"],
])("%s", (_, rule, watched, expired, why) => {
  expect(expiry(rule, watched)).toEqual({ expired, why });
});
