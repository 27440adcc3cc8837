// Microsoft.Insights/diagnosticSettings (API 2021-05-01-preview) on any resource: kept and checked; no log is sent anywhere.
import { z } from "zod";
import { ArmError } from "../core.ts";
import type { ResourceType } from "../core.ts";
import { parentId, sameId } from "../arm/ids.ts";

const entry = z.looseObject({ category: z.string().nullish(), categoryGroup: z.string().nullish(), enabled: z.boolean() });
const body = z.looseObject({
  properties: z.looseObject({
    workspaceId: z.string().nullish(),
    storageAccountId: z.string().nullish(),
    eventHubAuthorizationRuleId: z.string().nullish(),
    marketplacePartnerId: z.string().nullish(),
    logs: z.array(entry).nullish(),
    metrics: z.array(z.looseObject({ category: z.string().nullish(), enabled: z.boolean() })).nullish(),
  }),
});

const sinks = ["workspaceId", "storageAccountId", "eventHubAuthorizationRuleId", "marketplacePartnerId"] as const;

export const diagnosticSettings: ResourceType<z.infer<typeof body>> = {
  type: "Microsoft.Insights/diagnosticSettings",
  body,
  extension: true,
  provisioningState: false,
  check({ after }, sandbox) {
    const given = sinks.filter((sink) => typeof after.properties[sink] === "string");
    if (given.length === 0) throw bad("At least one sink is required: a Log Analytics workspace, a storage account or an event hub.");
    for (const sink of ["workspaceId", "storageAccountId"] as const) {
      const id = after.properties[sink];
      if (typeof id === "string" && !sandbox.resources.get(id))
        throw new ArmError(404, "ResourceNotFound", `The Resource '${id}' was not found.`);
    }
    const logs = (after.properties["logs"] ?? []) as z.infer<typeof entry>[];
    const metrics = (after.properties["metrics"] ?? []) as unknown[];
    if (logs.length + metrics.length === 0) throw bad("At least one log category or metric must be given.");
    if (logs.some(({ category, categoryGroup }) => Boolean(category) === Boolean(categoryGroup))) {
      throw bad("Each log entry takes either a category or a category group.");
    }
    const scope = parentId(after.id);
    if (logs.length > 0 && /\/Microsoft\.Storage\/storageAccounts\/[^/]+$/i.test(scope)) {
      throw bad("Category 'audit' is not supported: a storage account's logs belong to its services, such as blobServices/default.");
    }
    const twin = sandbox.resources
      .list(scope, "Microsoft.Insights/diagnosticSettings")
      .find(
        (one) =>
          !sameId(one.id, after.id) &&
          sameId(parentId(one.id), scope) &&
          given.some((sink) => one.properties[sink] === after.properties[sink]),
      );
    if (twin) {
      throw new ArmError(
        409,
        "Conflict",
        `Data sink is already used in diagnostic setting '${twin.name}' for the same category. Data sinks can't be reused in different settings on the same category for the same resource.`,
      );
    }
  },
};

const bad = (message: string): ArmError => new ArmError(400, "BadRequest", message);
