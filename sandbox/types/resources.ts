// Microsoft.Resources: resource groups (API 2021-04-01).
import { z } from "zod";
import type { ResourceType } from "../core.ts";
import { tags } from "./shapes.ts";

export const resourceGroups: ResourceType = {
  type: "Microsoft.Resources/resourceGroups",
  body: z.looseObject({ location: z.string().optional(), tags }),
  tracked: true,
  names: { pattern: /^[\p{L}\p{N}_.()-]{0,89}[\p{L}\p{N}_()-]$/u, rule: "1-90 letters, digits, _-.() and no dot at the end" },
};
