// Azure ML in a region over REST: core quotas (what is used, and the way to set a limit) and the VM sizes that it offers.
// https://learn.microsoft.com/rest/api/azureml/usages/list, …/quotas, …/virtual-machine-sizes (2024-10-01)
import type { Hono } from "hono";
import { isObject } from "../arm/body.ts";
import { region } from "../arm/locations.ts";
import { ArmError } from "../core.ts";
import type { SandboxContext } from "../core.ts";
import { familyLabels, sizesIn } from "./catalog.ts";
import { usedCores } from "./quota.ts";
import type { CoreQuota } from "./quota.ts";
import { listIn, readObject } from "../server/bodies.ts";
import { text } from "../state/values.ts";
import { servingOf } from "./registered.ts";
import { DEPLOYMENTS } from "./serving.ts";
import { specOf } from "./spec.ts";

const PATH =
  /^\/subscriptions\/([^/]+)\/providers\/Microsoft\.MachineLearningServices\/locations\/([^/]+)\/(usages|quotas|updateQuotas|vmSizes)$/i;
const TYPE = "Microsoft.MachineLearningServices";
const TOTAL = "Total Cluster Dedicated Regional vCPUs";

/**
 * `GET …/locations/{l}/usages`, `…/quotas`, `…/vmSizes`, and `POST …/updateQuotas` with `{value: [{id, limit}]}`: the family that the id
 * ends with, or without an id the region's total.
 */
export function mountQuotas(app: Hono, sandbox: SandboxContext): void {
  app.all("/subscriptions/*", async (c, next) => {
    const match = PATH.exec(new URL(c.req.url).pathname);
    if (!match) return await next();
    const caller = await sandbox.authenticate(c.req.header("authorization"), "arm");
    const [, subscription, asked, what] = match as unknown as [string, string, string, string];
    const location = region(asked);
    if (!location)
      throw new ArmError(400, "LocationNotAvailableForResourceType", `The provided location '${asked}' is not available for '${TYPE}'.`);
    const verb = c.req.method === "POST" ? "action" : "read";
    sandbox.access.demand(caller, { operation: `${TYPE}/locations/${what}/${verb}`, scope: `/subscriptions/${subscription}` });
    if (what.toLowerCase() === "vmsizes") return c.json({ value: sizesIn(location) });
    const { quota } = await servingOf(sandbox);
    if (what.toLowerCase() === "updatequotas" && c.req.method === "POST") {
      const value = listIn(await readObject(c), "value");
      if (value.length === 0) throw bad("value must name at least one limit.");
      for (const one of value) setLimit(quota, subscription, location, isObject(one) ? one : {});
    }
    const specs = sandbox.resources.all(DEPLOYMENTS).map(specOf);
    const usages = what.toLowerCase() === "usages";
    const entry = (name: string, label: string, kind: string, id: string, family?: string): object => ({
      id: `/subscriptions/${subscription}/${id}`,
      type: usages ? `${TYPE}/${kind}/usages` : `${TYPE}/${kind}/quotas`,
      unit: "Count",
      limit: quota.limit(subscription, location, family),
      name: { value: name, localizedValue: label },
      ...(usages ? { currentValue: usedCores(specs, location, family) } : { status: "Success" }),
    });
    const value = [
      entry(TOTAL, TOTAL, "dedicatedCores", what.toLowerCase()),
      ...Object.entries(familyLabels).map(([family, label]) =>
        entry(family, label, "vmFamily", `${what.toLowerCase()}/${label.replaceAll(" ", "_")}`, family),
      ),
    ];
    return c.json({ value });
  });
}

interface Wish {
  readonly id?: unknown;
  readonly limit?: unknown;
}

function setLimit(quota: CoreQuota, subscription: string, location: string, { id, limit }: Wish): void {
  if (typeof limit !== "number" || !Number.isInteger(limit) || limit < 0)
    throw bad(`value[].limit must be a whole number of cores, not ${JSON.stringify(limit)}.`);
  if (id === undefined) return quota.setLimit(subscription, location, limit);
  const name = text(id).split("/").at(-1)!.toLowerCase();
  const family = Object.keys(familyLabels).find((one) => one.toLowerCase() === name);
  if (!family)
    throw bad(`value[].id ends with '${name}', which is no family of VM sizes; there are ${Object.keys(familyLabels).join(", ")}.`);
  quota.setLimit(subscription, location, limit, family);
}

const bad = (message: string): ArmError => new ArmError(400, "BadArgument", message, { target: "value" });
