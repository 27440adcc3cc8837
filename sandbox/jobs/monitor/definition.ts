// A monitor as its schedule says it (`action.actionType: CreateMonitor`), in the words of both REST lines that are in use:
// 2023-06-01-preview (azure-ai-ml, `az ml schedule create`) and the stable one.
import type { ArmResource, SandboxContext } from "../../core.ts";
import { field, isObject, objectField, textField, texts, durationOf, type Json } from "../fields.ts";
import { notModeled, userError } from "../refuse.ts";

export type SignalType = "DataDrift" | "PredictionDrift" | "DataQuality" | "ModelPerformance";

/** Data of one side of a signal. */
export interface MonitorInput {
  readonly uri: string;
  readonly type: string;
  /** What columns are there for: `target_column`, `prediction`, `correlation_id` → the column's name. */
  readonly columns: Readonly<Record<string, string>>;
  /** Which part of the collected lines counts: so long before the monitor's time (milliseconds), or from a time to another. */
  readonly window: { readonly size: number; readonly offset: number } | { readonly start: number; readonly end: number } | undefined;
}

export interface Threshold {
  readonly metric: string;
  readonly dataType: string;
  readonly value: number | undefined;
}

export interface Signal {
  readonly type: SignalType;
  readonly production: MonitorInput;
  readonly reference: MonitorInput;
  /** Undefined: every column that both have. */
  readonly features: readonly string[] | undefined;
  /** Feature → `Numerical` or `Categorical`, where it is not what its values look like. */
  readonly types: Readonly<Record<string, string>>;
  readonly thresholds: readonly Threshold[];
  readonly alert: boolean;
}

export interface Monitor {
  /** ARM id of the deployment that is watched. */
  readonly deploymentId: string | undefined;
  readonly signals: Readonly<Record<string, Signal>>;
  readonly emails: readonly string[];
}

const computed: readonly SignalType[] = ["DataDrift", "PredictionDrift", "DataQuality", "ModelPerformance"];
const others = ["FeatureAttributionDrift", "Custom", "GenerationSafetyQuality", "GenerationTokenStatistics"];

const metrics: Readonly<Record<SignalType, readonly string[]>> = {
  DataDrift: [
    "JensenShannonDistance",
    "PopulationStabilityIndex",
    "NormalizedWassersteinDistance",
    "TwoSampleKolmogorovSmirnovTest",
    "PearsonsChiSquaredTest",
  ],
  PredictionDrift: [
    "JensenShannonDistance",
    "PopulationStabilityIndex",
    "NormalizedWassersteinDistance",
    "TwoSampleKolmogorovSmirnovTest",
    "PearsonsChiSquaredTest",
  ],
  DataQuality: ["NullValueRate", "DataTypeErrorRate", "OutOfBoundsRate"],
  ModelPerformance: ["Accuracy", "Precision", "Recall", "MeanAbsoluteError", "MeanSquaredError", "RootMeanSquaredError"],
};
/** What each of the two kinds of values cannot be measured with. */
const notFor: Readonly<Record<string, readonly string[]>> = {
  Numerical: ["PearsonsChiSquaredTest"],
  Categorical: ["NormalizedWassersteinDistance", "TwoSampleKolmogorovSmirnovTest"],
};

/** Throws ArmError: 400 for what is wrong, 501 for what the sandbox does not compute. */
export function monitorOf(schedule: ArmResource, sandbox: SandboxContext): Monitor {
  const at = "action.monitorDefinition";
  const definition = objectField(objectField(schedule.properties, "action"), "monitorDefinition");
  const workspaceId = schedule.id.split("/").slice(0, -2).join("/");
  const deployment = deploymentOf(definition, workspaceId, sandbox);
  const named = Object.entries(objectField(definition, "signals"));
  if (named.length === 0) throw userError("The monitor has no signals.", `${at}.signals`);
  const signals = Object.fromEntries(
    named.map(([name, raw]) => [name, signalOf(isObject(raw) ? raw : {}, deployment, `${at}.signals.${name}`)]),
  );
  const alerts = [objectField(definition, "alertNotificationSetting"), objectField(definition, "alertNotificationSettings")];
  const emails = alerts
    .flatMap((one) => [objectField(one, "emailNotificationSetting"), objectField(one, "emailNotificationSettings")])
    .flatMap((one) => (Array.isArray(one["emails"]) ? one["emails"].map(String) : []));
  return { deploymentId: deployment?.id, signals, emails };
}

/** `azureml:endpoint:deployment` or an ARM id. */
function deploymentOf(definition: Json, workspaceId: string, sandbox: SandboxContext): ArmResource | undefined {
  const text = textField(objectField(definition, "monitoringTarget"), "deploymentId");
  if (text === undefined) return undefined;
  const [, endpoint, deployment] = /^(?:azureml:)?([^/:]+):([^/:]+)$/.exec(text) ?? [];
  const id = endpoint ? `${workspaceId}/onlineEndpoints/${endpoint}/deployments/${deployment}` : text.replace(/^azureml:/i, "");
  const found = sandbox.resources.get(id);
  if (!found)
    throw userError(`The monitored deployment "${text}" was not found.`, "action.monitorDefinition.monitoringTarget.deploymentId");
  return found;
}

function signalOf(raw: Json, deployment: ArmResource | undefined, at: string): Signal {
  const kind = textField(raw, "signalType") ?? "";
  const type = computed.find((one) => one.toLowerCase() === kind.toLowerCase());
  if (!type) {
    if (others.some((one) => one.toLowerCase() === kind.toLowerCase()))
      throw notModeled(`A monitor's signal of type "${kind}"`, `it computes ${computed.join(", ")}`);
    throw userError(`signalType is "${kind}"; it must be one of ${[...computed, ...others].join(", ")}.`, `${at}.signalType`);
  }
  const collection = type === "PredictionDrift" || type === "ModelPerformance" ? "model_outputs" : "model_inputs";
  const produced = field(raw, "productionData") ?? field(raw, "targetData");
  const side = (value: unknown, name: string, usual: () => MonitorInput): MonitorInput => {
    const given: unknown = Array.isArray(value) ? value[0] : value;
    return isObject(given) ? inputOf(given, `${at}.${name}`) : usual();
  };
  const collected = (offset: number): MonitorInput => collectedData(deployment, collection, offset, at);
  const filter = objectField(raw, "features");
  const subset = filter["features"];
  return {
    type,
    production: side(produced, "productionData", () => collected(0)),
    // Without other data the week before is what this week is compared with.
    reference: side(field(raw, "referenceData") ?? field(raw, "baselineData"), "referenceData", () => collected(week)),
    features: Array.isArray(subset) && subset.length > 0 ? subset.map(String) : undefined,
    types: texts(objectField(raw, "featureDataTypeOverride")),
    thresholds: thresholdsOf(raw, type, at),
    alert: alertOf(raw),
  };
}

const week = 7 * 86_400_000;

const alertOf = (raw: Json): boolean => {
  const types = field(raw, "notificationTypes");
  return textField(raw, "mode")?.toLowerCase() === "enabled" || (Array.isArray(types) && types.length > 0);
};

/** What the deployment's own collection of that name holds. */
function collectedData(deployment: ArmResource | undefined, name: string, offset: number, at: string): MonitorInput {
  const collections = objectField(objectField(deployment?.properties ?? {}, "dataCollector"), "collections");
  const dataId = textField(objectField(collections, name), "dataId");
  if (dataId === undefined)
    throw userError(
      `The signal names no data, and the monitored deployment ${deployment ? `'${deployment.name}' collects no ${name}` : "is not named"}; give productionData and referenceData, or collect ${name} (dataCollector).`,
      at,
    );
  return { uri: dataId, type: "uri_folder", columns: {}, window: { size: week, offset } };
}

function inputOf(raw: Json, at: string): MonitorInput {
  const uri = textField(raw, "uri");
  if (uri === undefined) throw userError("The data has no uri.", `${at}.uri`);
  if (field(raw, "preprocessingComponentId"))
    throw notModeled("A monitor's preprocessing component", "it reads CSV files and what a deployment has collected");
  const type = (textField(raw, "jobInputType") ?? "uri_folder").replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
  const [size, offset] = [durationOf(field(raw, "windowSize"), `${at}.windowSize`), textField(raw, "windowOffset")];
  const [start, end] = [Date.parse(textField(raw, "windowStart") ?? ""), Date.parse(textField(raw, "windowEnd") ?? "")];
  const away = offset === undefined || /^P0D$|^PT0S$/i.test(offset) ? 0 : durationOf(offset, `${at}.windowOffset`)!;
  return {
    uri,
    type,
    columns: texts(objectField(raw, "columns")),
    window: size === undefined ? (Number.isNaN(start) || Number.isNaN(end) ? undefined : { start, end }) : { size, offset: away },
  };
}

function thresholdsOf(raw: Json, type: SignalType, at: string): Threshold[] {
  const many = field(raw, "metricThresholds");
  const extra =
    type === "ModelPerformance" ? objectField(raw, "properties")["azureml.modelmonitor.model_performance_thresholds"] : undefined;
  const list: unknown[] =
    typeof extra === "string" ? (JSON.parse(extra) as unknown[]) : Array.isArray(many) ? many : [raw["metricThreshold"]];
  return list.filter(isObject).map((one) => {
    const given = textField(one, "metric") ?? "";
    const metric = metrics[type].find((name) => name.toLowerCase() === given.toLowerCase());
    if (!metric)
      throw userError(`metric is "${given}"; a signal of type ${type} has ${metrics[type].join(", ")}.`, `${at}.metricThresholds`);
    const dataType = /^cat/i.test(textField(one, "dataType") ?? "") ? "Categorical" : "Numerical";
    if (notFor[dataType]!.includes(metric))
      throw userError(`metric "${metric}" does not measure ${dataType.toLowerCase()} features.`, `${at}.metricThresholds`);
    const value = objectField(one, "threshold")["value"];
    return { metric, dataType, value: typeof value === "number" ? value : undefined };
  });
}
