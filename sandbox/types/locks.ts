// Microsoft.Authorization/locks (API 2016-09-01 and later) on subscriptions, groups and resources; arm/locked.ts holds others to them.
import { z } from "zod";
import type { ResourceType } from "../core.ts";
import { lockType } from "../arm/locked.ts";

const body = z.looseObject({
  properties: z.looseObject({
    level: z.enum(["NotSpecified", "CanNotDelete", "ReadOnly"], "must be CanNotDelete or ReadOnly"),
    notes: z.string().max(512, "has at most 512 characters").nullish(),
  }),
});

export const locks: ResourceType<z.infer<typeof body>> = {
  type: lockType,
  body,
  extension: true,
  provisioningState: false,
};
