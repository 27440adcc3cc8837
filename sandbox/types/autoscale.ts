// Microsoft.Insights/autoscaleSettings (API 2022-10-01) of online deployments. What they do: sandbox/autoscale/.
import { z } from "zod";
import { ArmError } from "../core.ts";
import type { ResourceType } from "../core.ts";
import { durationMs } from "../serving/durations.ts";
import { metricNamed } from "../serving/series.ts";
import { DEPLOYMENTS } from "../serving/serving.ts";
import { tags } from "./shapes.ts";

const whole = z.string().regex(/^\d+$/, "must be a whole number as text");
const between = (least: number, most: number) =>
  z.string().refine(
    (text) => {
      const ms = durationMs(text);
      return ms !== undefined && ms >= least && ms <= most;
    },
    `must be an ISO 8601 duration of ${least / 60_000} to ${most / 60_000} minutes`,
  );
const minute = 60_000;

export const scaleRule = z.looseObject({
  metricTrigger: z.looseObject({
    metricName: z.string(),
    metricResourceUri: z.string(),
    timeGrain: between(minute, 12 * 60 * minute),
    statistic: z.enum(["Average", "Min", "Max", "Sum", "Count"]),
    timeWindow: between(5 * minute, 12 * 60 * minute),
    timeAggregation: z.enum(["Average", "Minimum", "Maximum", "Total", "Count", "Last"]),
    operator: z.enum(["Equals", "NotEquals", "GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual"]),
    threshold: z.number(),
    dimensions: z.array(z.looseObject({ DimensionName: z.string(), Operator: z.string(), Values: z.array(z.string()) })).nullish(),
  }),
  scaleAction: z.looseObject({
    direction: z.enum(["Increase", "Decrease"], "must be Increase or Decrease"),
    type: z.enum(["ChangeCount", "PercentChangeCount", "ExactCount"]),
    value: whole.nullish(),
    cooldown: between(minute, 7 * 24 * 60 * minute),
  }),
});
export type ScaleRule = z.infer<typeof scaleRule>;

const profile = z.looseObject({
  name: z.string().min(1),
  capacity: z.looseObject({ minimum: whole, maximum: whole, default: whole }),
  rules: z.array(scaleRule).max(10, "has at most 10 rules"),
  fixedDate: z.unknown().optional(),
  recurrence: z.unknown().optional(),
});
const body = z.looseObject({
  location: z.string().optional(),
  tags,
  properties: z.looseObject({
    enabled: z.boolean().nullish(),
    name: z.string().nullish(),
    targetResourceUri: z.string().nullish(),
    profiles: z.array(profile).min(1).max(20),
  }),
});

export type Profile = z.infer<typeof profile>;

export const autoscaleSettings: ResourceType<z.infer<typeof body>> = {
  type: "Microsoft.Insights/autoscaleSettings",
  body,
  tracked: true,
  latencySeconds: 5,
  provisioningState: false,
  check({ after }, sandbox) {
    const { targetResourceUri, profiles } = after.properties as z.infer<typeof body>["properties"];
    const target = sandbox.resources.get(targetResourceUri ?? "");
    if (!target) throw bad(`The target '${targetResourceUri}' was not found.`, "targetResourceUri");
    if (target.type.toLowerCase() !== DEPLOYMENTS.toLowerCase()) throw notModeled(`Autoscale of '${target.type}'`);
    if (profiles.length > 1 || profiles[0]!.fixedDate || profiles[0]!.recurrence) throw notModeled("A profile by date or recurrence");
    const { minimum, maximum, default: usual } = profiles[0]!.capacity;
    if (Number(minimum) > Number(maximum) || Number(usual) < Number(minimum) || Number(usual) > Number(maximum))
      throw bad(`capacity: minimum ${minimum} ≤ default ${usual} ≤ maximum ${maximum} does not hold.`, "profiles");
    for (const { metricTrigger } of profiles[0]!.rules) {
      const measured = sandbox.resources.get(metricTrigger.metricResourceUri);
      if (!measured) throw bad(`The metric's resource '${metricTrigger.metricResourceUri}' was not found.`, "metricResourceUri");
      metricNamed(metricTrigger.metricName, measured.type);
    }
    const twin = sandbox.resources
      .all("Microsoft.Insights/autoscaleSettings")
      .find((one) => one.id.toLowerCase() !== after.id.toLowerCase() && one.properties["targetResourceUri"] === targetResourceUri);
    if (twin) throw new ArmError(409, "Conflict", `The resource '${targetResourceUri}' has the autoscale setting '${twin.name}' already.`);
  },
  fill: ({ after }) => ({ ...after, properties: { enabled: true, notifications: [], ...after.properties, name: after.name } }),
};

const bad = (message: string, target: string): ArmError => new ArmError(400, "BadRequest", message, { target: `properties.${target}` });
const notModeled = (what: string): ArmError =>
  new ArmError(
    501,
    "NotModeledInSandbox",
    `${what} is not modelled: the sandbox scales online deployments by one profile of metric rules.`,
  );
