// `/faults` of the sandbox's main port: what is played and how often it was; for the command line, outside of Azure's own paths.
import type { Hono } from "hono";
import type { FaultPlan } from "./plan.ts";

export const faultsPath = "/faults";

/** GET gives the rules with their counts; POST …/reload takes what `faults.json` in the sandbox's directory says now. */
export function mountFaults(app: Hono, plan: FaultPlan): void {
  app.get(faultsPath, async (c) => c.json(await plan.states()));
  app.post(`${faultsPath}/reload`, async (c) => {
    await plan.reload();
    return c.json(await plan.states());
  });
}
