// Which of the two deployments serves, which waits, and which comes next.

/** The two deployments an endpoint may have. */
export const slots = ["blue", "green"] as const;
export type Slot = (typeof slots)[number];

/** What an endpoint holds: the model version in each slot, and the slot that serves. */
export interface SlotPlan {
  readonly live: Slot;
  /** Model version in each slot that has a deployment. */
  readonly versions: Readonly<Partial<Record<Slot, string>>>;
}

/** The other slot. */
export const otherSlot = (slot: Slot): Slot => (slot === "blue" ? "green" : "blue");

/**
 * The plan after a new version arrives: it takes the idle slot and becomes live; what was live stays as the one to go back
 * to. With `inPlace` (a stage with one slot) the live deployment itself is changed. The version that is live already
 * changes nothing.
 */
export function afterDeploy(plan: SlotPlan | undefined, version: string, inPlace = false): SlotPlan {
  const serving = plan?.versions[plan.live];
  if (plan === undefined || serving === undefined) return { live: plan?.live ?? "blue", versions: { [plan?.live ?? "blue"]: version } };
  if (serving === version) return plan;
  if (inPlace) return { live: plan.live, versions: { ...plan.versions, [plan.live]: version } };
  const idle = otherSlot(plan.live);
  return { live: idle, versions: { [plan.live]: serving, [idle]: version } };
}

/** The plan after going back to the slot that was kept; undefined when there is none. */
export function afterRollback(plan: SlotPlan): SlotPlan | undefined {
  const kept = otherSlot(plan.live);
  return plan.versions[kept] === undefined ? undefined : { live: kept, versions: plan.versions };
}

/** Traffic of a plan at rest: everything to the live slot, nothing when no slot has a deployment. */
export function restingTraffic(plan: SlotPlan): Partial<Record<Slot, number>> {
  return plan.versions[plan.live] === undefined ? {} : { [plan.live]: 100 };
}
