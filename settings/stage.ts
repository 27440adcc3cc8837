// Settings of a stage with its own workspace: dev, qa, prod.
import { z } from "zod";
import { batch } from "./batch.ts";
import { customerManagedKey } from "./customerManagedKey.ts";
import { common, group, serving, workspace } from "./fields.ts";
import { kubernetes, kubernetesRules } from "./kubernetes.ts";
import { monitoring, monitoringRules } from "./monitoring.ts";
import { network, networkOf, networkRules } from "./network.ts";
import { notifications, trigger } from "./notifications.ts";
import { servingRules } from "./rules.ts";

export const stages = ["dev", "qa", "prod"] as const;
export type Stage = (typeof stages)[number];

const usualNetwork = (stage: Stage): "public" | "private" => (stage === "prod" ? "private" : "public");

/** The schema of one stage; what a stage is decides some defaults. */
export const stageSettings = (stage: Stage) =>
  z
    .strictObject({
      ...common,
      ...group,
      ...serving,
      ...workspace,
      ...monitoring,
      ...network,
      ...kubernetes,
      batch,
      /** What storage, images and workspace metadata are encrypted with; unset: keys of Microsoft's. */
      customerManagedKey,
      /** Are models trained here? Then the cluster, the data and the components are here too. */
      training: z.boolean("must be true or false").default(stage === "dev"),
      /** Who has to agree before a release may serve here. */
      approval: z
        .strictObject({
          /** How many different people; not counted: who trained it, who deployed it to qa. */
          required: z
            .int("must be a whole number")
            .min(0, "must be 0 or more")
            .max(20, "must be at most 20")
            .default(stage === "prod" ? 1 : 0),
          /** How long an approval holds, in hours. */
          validHours: z
            .number()
            .positive("must be more than 0 hours")
            .max(24 * 90, "must be at most 2160 hours")
            .default(72),
          /** Entra object ids of those who may; empty: anyone who can write approvals. */
          approvers: z.array(z.uuid("must be an Entra object id (a GUID)")).default([]),
        })
        .prefault({}),
      notifications,
      trigger,
      /** Where the model comes from. */
      modelFrom: z.enum(["workspace", "registry"], "must be workspace or registry").default(stage === "dev" ? "workspace" : "registry"),
    })
    .refine((s) => stage !== "prod" || s.network !== "public", {
      path: ["network"],
      message: "must be private in prod; remove the override or deploy to qa",
    })
    .refine((s) => stage !== "prod" || s.publicAccess !== true, {
      path: ["publicAccess"],
      message: "must be false in prod; remove the override or deploy to qa",
    })
    .refine((s) => stage !== "prod" || s.approval.required > 0, {
      path: ["approval", "required"],
      message: "must be at least 1 in prod; deploy to qa what needs no approval",
    })
    .refine((s) => stage !== "prod" || s.purgeProtection !== false, {
      path: ["purgeProtection"],
      message: "must be true in prod; remove the override",
    })
    .superRefine((s, context) => networkRules(s, usualNetwork(stage), context))
    .refine((s) => stage !== "prod" || s.expire === undefined, {
      path: ["expire"],
      message: "is for stages that people can do without for a while; remove it from prod",
    })
    .superRefine(servingRules)
    .superRefine(monitoringRules)
    .superRefine((s, context) =>
      kubernetesRules(s, context, { tls: stage === "prod", closed: networkOf(s, usualNetwork(stage)) === "private" }),
    )
    .transform((s) => ({
      ...s,
      stage,
      network: networkOf(s, usualNetwork(stage)),
      publicAccess: networkOf(s, usualNetwork(stage)) === "public",
      virtualNetwork: s.virtualNetwork ?? network.virtualNetwork.unwrap().parse({}),
      purgeProtection: s.purgeProtection ?? stage === "prod",
      locks: s.locks ?? stage === "prod",
      onDestroy: s.onDestroy ?? (stage === "prod" ? ("keep" as const) : ("purge" as const)),
    }));

export type StageSettings = z.infer<ReturnType<typeof stageSettings>>;
