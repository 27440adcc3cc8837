// When a deployment outside prod has served its time: nobody asks it any more, or the month's budget is used up.

export interface ExpiryRule {
  /** Hours without a request. */
  readonly idleHours?: number | undefined;
  readonly whenBudgetUsedUp: boolean;
}

export interface Watched {
  /** Requests within the idle hours; undefined when nobody asked for them. */
  readonly requests: number | undefined;
  /** Hours since the newest deployment was made or changed. */
  readonly ageHours: number;
  /** Undefined where there is no budget. */
  readonly budget: { readonly amount: number; readonly spent: number; readonly unit: string } | undefined;
}

export interface Verdict {
  readonly expired: boolean;
  readonly why: string;
}

/** Budget first: what is spent does not come back by being used. */
export function expiry(rule: ExpiryRule, { requests, ageHours, budget }: Watched): Verdict {
  if (rule.whenBudgetUsedUp && budget && budget.spent >= budget.amount)
    return { expired: true, why: `the month's budget is used up: ${money(budget.spent)} of ${money(budget.amount)} ${budget.unit}` };
  const { idleHours } = rule;
  if (idleHours === undefined) return { expired: false, why: "no idle time is set" };
  if (ageHours < idleHours) return { expired: false, why: `deployed ${hours(ageHours)} ago; it has ${hours(idleHours)}` };
  if ((requests ?? 0) > 0) return { expired: false, why: `${requests} requests in the last ${hours(idleHours)}` };
  return { expired: true, why: `no request in ${hours(idleHours)}` };
}

const money = (amount: number): string => (amount < 1 ? String(Number(amount.toPrecision(2))) : amount.toFixed(2));
const hours = (count: number): string => (count >= 48 ? `${Math.round(count / 24)} days` : `${Number(count.toPrecision(2))} hours`);
