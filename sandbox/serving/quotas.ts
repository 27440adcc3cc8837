// Core quotas over REST: what is used, and the way to set the limit of a region (Microsoft.MachineLearningServices, Quotas and Usages).
import type { Hono } from "hono";
import { ArmError } from "../core.ts";
import type { SandboxContext } from "../core.ts";
import { reservedCores } from "./quota.ts";
import { servingOf } from "./registered.ts";
import { DEPLOYMENTS } from "./serving.ts";
import { specOf } from "./spec.ts";

const PATH = /^\/subscriptions\/([^/]+)\/providers\/Microsoft\.MachineLearningServices\/locations\/([^/]+)\/(usages|quotas|updateQuotas)$/i;
const NAME = "Total Online Deployment Regional vCPUs";

/** `GET …/locations/{l}/usages`, `GET …/quotas`, `POST …/updateQuotas` with `{value: [{limit}]}`: one limit a region, for all families. */
export function mountQuotas(app: Hono, sandbox: SandboxContext): void {
  app.all("/subscriptions/*", async (c, next) => {
    const match = PATH.exec(new URL(c.req.url).pathname);
    if (!match) return await next();
    const caller = await sandbox.authenticate(c.req.header("authorization"), "arm");
    const [, subscription, location, what] = match as unknown as [string, string, string, string];
    const verb = c.req.method === "POST" ? "action" : "read";
    sandbox.access.demand(caller, {
      operation: `Microsoft.MachineLearningServices/locations/${what}/${verb}`,
      scope: `/subscriptions/${subscription}`,
    });
    const { quota } = await servingOf(sandbox);
    if (what.toLowerCase() === "updatequotas" && c.req.method === "POST") {
      const body = await c.req.json<{ value?: { limit?: unknown }[] }>();
      const limit = body.value?.[0]?.limit;
      if (typeof limit !== "number" || !Number.isInteger(limit) || limit < 0) {
        throw new ArmError(400, "BadArgument", `value[0].limit must be a whole number of cores, not ${JSON.stringify(limit)}.`, {
          target: "value",
        });
      }
      quota.setLimit(subscription, location, limit);
    }
    const used = sandbox.resources
      .all(DEPLOYMENTS)
      .map(specOf)
      .filter((spec) => spec.location.toLowerCase() === location.toLowerCase())
      .reduce((sum, spec) => sum + reservedCores(spec), 0);
    const id = `/subscriptions/${subscription}/providers/Microsoft.MachineLearningServices/locations/${location}/quotas/onlineDeploymentCores`;
    const entry = {
      id,
      type: "Microsoft.MachineLearningServices/locations/quotas",
      unit: "Count",
      limit: quota.limit(subscription, location),
      name: { value: NAME, localizedValue: NAME },
    };
    return c.json({ value: [what.toLowerCase() === "usages" ? { ...entry, currentValue: used } : { ...entry, status: "Success" }] });
  });
}
