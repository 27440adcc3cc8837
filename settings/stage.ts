// Settings of a stage with its own workspace: dev, qa, prod.
import { z } from "zod";
import { common, serving, workspace } from "./fields.ts";
import { servingRules } from "./rules.ts";

export const stages = ["dev", "qa", "prod"] as const;
export type Stage = (typeof stages)[number];

/** The schema of one stage; what a stage is decides some defaults. */
export const stageSettings = (stage: Stage) =>
  z
    .strictObject({
      ...common,
      ...serving,
      ...workspace,
      /** Are models trained here? Then the cluster, the data and the components are here too. */
      training: z.boolean("must be true or false").default(stage === "dev"),
      /** Where the model comes from. */
      modelFrom: z.enum(["workspace", "registry"], "must be workspace or registry").default(stage === "dev" ? "workspace" : "registry"),
    })
    .refine((s) => stage !== "prod" || s.publicAccess !== true, {
      path: ["publicAccess"],
      message: "must be false in prod; remove the override or deploy to qa",
    })
    .refine((s) => stage !== "prod" || s.purgeProtection !== false, {
      path: ["purgeProtection"],
      message: "must be true in prod; remove the override",
    })
    .superRefine(servingRules)
    .transform((s) => ({
      ...s,
      stage,
      publicAccess: s.publicAccess ?? stage !== "prod",
      purgeProtection: s.purgeProtection ?? stage === "prod",
    }));

export type StageSettings = z.infer<ReturnType<typeof stageSettings>>;
