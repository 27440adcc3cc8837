// Rules across the fields of what is served: found here, before anything is planned.
import type { z } from "zod";
import { mirrorProblems, planProblems, trafficProblems } from "../release/core/rollout.ts";
import { otherSlot } from "../release/core/slots.ts";
import type { Slot, SlotPlan } from "../release/core/slots.ts";

interface Serving {
  readonly slot: Slot;
  readonly modelVersion?: string | undefined;
  readonly keptVersion?: string | undefined;
  readonly traffic?: Readonly<Partial<Record<Slot, number>>> | undefined;
  readonly mirrorTraffic?: Readonly<Partial<Record<Slot, number>>> | undefined;
  readonly rollout: {
    steps: number[];
    bakeSeconds: number;
    calls: number;
    maxErrorPercent: number;
    maxP95Ms?: number | undefined;
    readySeconds: number;
  };
}

/** The slots as settings say them. */
export function slotPlan({ slot, modelVersion, keptVersion }: Serving): SlotPlan {
  return {
    live: slot,
    versions: {
      ...(modelVersion === undefined ? {} : { [slot]: modelVersion }),
      ...(keptVersion === undefined ? {} : { [otherSlot(slot)]: keptVersion }),
    },
  };
}

/** Adds an issue for each broken rule. */
export function servingRules(settings: Serving, context: z.core.$RefinementCtx<Serving>): void {
  const issue = (property: string, message: string): void =>
    context.addIssue({ code: "custom", path: property.split("."), message, input: settings });
  if (settings.modelVersion === undefined) {
    if (settings.keptVersion !== undefined) issue("keptVersion", "needs modelVersion: nothing serves, so nothing can be kept beside it");
    for (const name of ["traffic", "mirrorTraffic"] as const) {
      if (settings[name] !== undefined) issue(name, "needs modelVersion: there is no deployment to get it");
    }
  } else {
    const deployments = Object.keys(slotPlan(settings).versions);
    const traffic = settings.traffic ?? { [settings.slot]: 100 };
    for (const { property, reason } of trafficProblems(traffic, deployments)) issue(property, reason);
    for (const { property, reason } of mirrorProblems(settings.mirrorTraffic ?? {}, traffic, deployments)) issue(property, reason);
  }
  const { steps, bakeSeconds, ...check } = settings.rollout;
  for (const { property, reason } of planProblems({ steps, bakeSeconds, check: { ...check, request: "null" } })) {
    issue(`rollout.${property.replace("check.", "")}`, reason);
  }
}
