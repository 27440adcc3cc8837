// Settings of the `auto` stack: an endpoint from the registry's assets, beside dev's in dev's workspace.
import { z } from "zod";
import { common, serving } from "./fields.ts";
import { servingRules } from "./rules.ts";

export const AutoSettings = z
  .strictObject({
    ...common,
    ...serving,
    modelFrom: z.enum(["registry"], "must be registry; the workspace's own models are served by dev").default("registry"),
    publicAccess: z.boolean("must be true or false").default(true),
  })
  .superRefine(servingRules)
  .transform((s) => ({ ...s, stage: "auto" as const }));

export type AutoSettings = z.infer<typeof AutoSettings>;
