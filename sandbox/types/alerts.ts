// Microsoft.Insights/metricAlerts (API 2018-03-01), actionGroups (2023-01-01), workbooks (2023-06-01). What a rule does: sandbox/alerts/.
import { z } from "zod";
import { ArmError } from "../core.ts";
import type { ResourceType } from "../core.ts";
import { durationMs } from "../serving/durations.ts";
import { metricNamed } from "../serving/series.ts";
import { identity, tags } from "./shapes.ts";

const frequencies = ["PT1M", "PT5M", "PT15M", "PT30M", "PT1H"] as const;
const windows = [...frequencies, "PT6H", "PT12H", "P1D"] as const;

export const criterion = z.looseObject({
  name: z.string(),
  metricName: z.string(),
  metricNamespace: z.string().nullish(),
  operator: z.enum(["GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual", "Equals"]),
  threshold: z.number(),
  timeAggregation: z.enum(["Average", "Minimum", "Maximum", "Total", "Count"]),
  criterionType: z.string().nullish(),
  dimensions: z.array(z.looseObject({ name: z.string(), operator: z.string(), values: z.array(z.string()) })).nullish(),
});
export type Criterion = z.infer<typeof criterion>;

const alertBody = z.looseObject({
  location: z.string().optional(),
  tags,
  properties: z.looseObject({
    severity: z.int("must be 0 (critical) to 4 (verbose)").min(0).max(4),
    enabled: z.boolean(),
    scopes: z.array(z.string()).min(1),
    evaluationFrequency: z.enum(frequencies),
    windowSize: z.enum(windows),
    criteria: z.looseObject({ "odata.type": z.string(), allOf: z.array(z.looseObject({ criterionType: z.string().nullish() })).min(1) }),
    autoMitigate: z.boolean().nullish(),
    actions: z.array(z.looseObject({ actionGroupId: z.string() })).nullish(),
  }),
});

export const metricAlerts: ResourceType<z.infer<typeof alertBody>> = {
  type: "Microsoft.Insights/metricAlerts",
  body: alertBody,
  tracked: true,
  latencySeconds: 5,
  provisioningState: false,
  names: { pattern: /^[^*#&+:<>?@%{}\\/]{1,260}$/, rule: "1-260 characters without *#&+:<>?@%{}\\/" },
  check({ after }, sandbox) {
    const { scopes, criteria, windowSize, evaluationFrequency, actions } = after.properties as z.infer<typeof alertBody>["properties"];
    if (after.location?.toLowerCase() !== "global")
      throw bad(`The location of a metric alert is 'global', not '${after.location}'.`, "location");
    if (criteria["odata.type"] !== "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria" || scopes.length > 1)
      throw notModeled("A metric alert on many resources, or on a web test");
    if ((durationMs(windowSize) ?? 0) < (durationMs(evaluationFrequency) ?? 0))
      throw bad(`windowSize is ${windowSize}; it must not be shorter than evaluationFrequency, ${evaluationFrequency}.`, "windowSize");
    const target = sandbox.resources.get(scopes[0]!);
    if (!target) throw new ArmError(404, "ResourceNotFound", `The scope '${scopes[0]}' was not found.`, { target: "properties.scopes" });
    for (const [index, raw] of criteria.allOf.entries()) {
      if (raw.criterionType === "DynamicThresholdCriterion") throw notModeled("A dynamic threshold");
      const read = criterion.safeParse(raw);
      if (!read.success)
        throw bad(`criteria.allOf[${index}].${read.error.issues[0]!.path.join(".")}: ${read.error.issues[0]!.message}`, "criteria");
      metricNamed(read.data.metricName, target.type);
    }
    for (const { actionGroupId } of actions ?? []) {
      if (!sandbox.resources.get(actionGroupId)) throw bad(`The action group '${actionGroupId}' was not found.`, "actions");
    }
  },
  fill: ({ after }) => ({ ...after, properties: { autoMitigate: true, actions: [], ...after.properties } }),
};

const receiver = z.looseObject({ name: z.string() });
const others = [
  ...["smsReceivers", "voiceReceivers", "itsmReceivers", "azureAppPushReceivers", "automationRunbookReceivers"],
  ...["azureFunctionReceivers", "armRoleReceivers", "eventHubReceivers", "incidentReceivers"],
];
const groupBody = z.looseObject({
  location: z.string().optional(),
  tags,
  properties: z.looseObject({
    groupShortName: z.string().min(1).max(12, "has at most 12 characters"),
    enabled: z.boolean(),
    emailReceivers: z
      .array(receiver.extend({ emailAddress: z.string().includes("@", { message: "must be an e-mail address" }) }))
      .nullish(),
    webhookReceivers: z.array(receiver.extend({ serviceUri: z.url() })).nullish(),
    logicAppReceivers: z.array(receiver.extend({ callbackUrl: z.url() })).nullish(),
  }),
});

export const actionGroups: ResourceType<z.infer<typeof groupBody>> = {
  type: "Microsoft.Insights/actionGroups",
  body: groupBody,
  tracked: true,
  latencySeconds: 5,
  provisioningState: false,
  check({ after }) {
    const other = others.find((name) => ((after.properties[name] ?? []) as unknown[]).length > 0);
    if (other) throw notModeled(`An action group's ${other}`);
  },
  fill: ({ after }) => ({
    ...after,
    properties: {
      emailReceivers: [],
      webhookReceivers: [],
      logicAppReceivers: [],
      ...Object.fromEntries(others.map((name) => [name, []])),
      ...after.properties,
    },
  }),
};

const workbookBody = z.looseObject({
  location: z.string().optional(),
  tags,
  identity,
  kind: z.enum(["shared", "user"]).nullish(),
  properties: z.looseObject({
    displayName: z.string().min(1),
    category: z.string().min(1),
    serializedData: z.string(),
    sourceId: z.string().nullish(),
  }),
});

export const workbooks: ResourceType<z.infer<typeof workbookBody>> = {
  type: "Microsoft.Insights/workbooks",
  body: workbookBody,
  tracked: true,
  latencySeconds: 3,
  provisioningState: false,
  names: { pattern: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, rule: "a GUID" },
  check({ after }) {
    try {
      JSON.parse(String(after.properties["serializedData"]));
    } catch (error) {
      throw bad(`serializedData is not JSON: ${(error as Error).message}`, "properties.serializedData");
    }
  },
  fill: ({ after, principalId }) => ({
    ...after,
    kind: after.kind ?? "shared",
    properties: {
      version: "Notebook/1.0",
      ...after.properties,
      userId: principalId,
      timeModified: new Date().toISOString(),
      revision: after.etag ?? "1",
    },
  }),
};

const bad = (message: string, target: string): ArmError => new ArmError(400, "BadRequest", message, { target });
const notModeled = (what: string): ArmError =>
  new ArmError(
    501,
    "NotModeledInSandbox",
    `${what} is not modelled: the sandbox evaluates static thresholds of one resource, and tells by mail, webhook and logic app.`,
  );

export const alertTypes = [metricAlerts, actionGroups, workbooks];
