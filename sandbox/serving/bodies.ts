// The bodies of online endpoints and deployments as Resource Manager takes them (api 2023-04-01 and later).
import { z } from "zod";
import { durationMs } from "./durations.ts";

const text = z.string().nullish();

/** Any of the words whatever its case, given back as Azure spells it. */
function oneOf<T extends string>(...words: readonly T[]) {
  return z.string().transform((value, context): T => {
    const found = words.find((word) => word.toLowerCase() === value.toLowerCase());
    if (found) return found;
    context.addIssue({ code: "custom", message: `must be one of ${words.join(", ")}` });
    return z.NEVER;
  });
}

/** Percent by deployment name. The rules on their sum need the endpoint's deployments and are checked later. */
const percents = z.record(z.string(), z.number({ error: "must be a whole number of percent, 0 to 100" }).int().min(0).max(100)).nullish();

export const EndpointBody = z.looseObject({
  identity: z.looseObject({ type: z.string() }).nullish(),
  kind: text,
  sku: z.looseObject({}).nullish(),
  properties: z.looseObject({
    authMode: oneOf("Key", "AMLToken", "AADToken"),
    compute: text,
    description: text,
    traffic: percents,
    mirrorTraffic: percents,
    publicNetworkAccess: oneOf("Enabled", "Disabled").nullish(),
    keys: z.looseObject({ primaryKey: text, secondaryKey: text }).nullish(),
    properties: z.record(z.string(), z.string().nullable()).nullish(),
  }),
});

const duration = z.string().refine((value) => durationMs(value) !== undefined, { message: "must be an ISO 8601 duration such as PT5S" });

/** At least `least` and at most `most` milliseconds. */
const between = (least: number, most: number) =>
  duration.refine(
    (value) => {
      const ms = durationMs(value);
      return ms === undefined || (ms >= least && ms <= most);
    },
    { message: `must be from ${least / 1000} to ${most / 1000} seconds` },
  );

const probe = z
  .looseObject({
    initialDelay: between(1_000, 86_400_000).nullish(),
    period: between(1_000, 86_400_000).nullish(),
    timeout: between(1_000, 86_400_000).nullish(),
    successThreshold: z.number().int().min(1).nullish(),
    failureThreshold: z.number().int().min(1).nullish(),
  })
  .nullish();

export const DeploymentBody = z.looseObject({
  sku: z.looseObject({ capacity: z.number().int().min(1).max(50).nullish() }).nullish(),
  properties: z.looseObject({
    endpointComputeType: oneOf("Managed", "Kubernetes"),
    model: text,
    modelMountPath: text,
    codeConfiguration: z.looseObject({ codeId: text, scoringScript: z.string() }).nullish(),
    environmentId: text,
    environmentVariables: z.record(z.string(), z.string().nullable()).nullish(),
    instanceType: text,
    scaleSettings: z.looseObject({ scaleType: oneOf("Default", "TargetUtilization") }).nullish(),
    requestSettings: z
      .looseObject({
        // Managed endpoints end at 180 s, Kubernetes ones at 300 s ("Manage quotas").
        requestTimeout: between(1, 300_000).nullish(),
        maxConcurrentRequestsPerInstance: z.number().int().min(1).nullish(),
        maxQueueWait: duration.nullish(),
      })
      .nullish(),
    livenessProbe: probe,
    readinessProbe: probe,
    appInsightsEnabled: z.boolean().nullish(),
    egressPublicNetworkAccess: oneOf("Enabled", "Disabled").nullish(),
    dataCollector: z.looseObject({}).nullish(),
    properties: z.record(z.string(), z.string().nullable()).nullish(),
    description: text,
  }),
});
