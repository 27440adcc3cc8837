// Model monitors (`az ml schedule` with `create_monitor`): data drift, prediction drift, data quality, model performance.
// https://learn.microsoft.com/azure/machine-learning/reference-yaml-monitor; REST Schedule 2023-06-01-preview.
import { ReferenceMark } from "../body.ts";
import { anyDict } from "../common/asset-fields.ts";
import { trigger, triggerBody, usualWindow } from "../common/trigger.ts";
import { isUrl } from "../schema/azure.ts";
import { dict, list, object, union, type Entity } from "../schema/compound.ts";
import { readOnly, required } from "../schema/field.ts";
import { any, bool, exactly, num, oneOf, str } from "../schema/scalars.ts";
import type { Float } from "../yaml/value.ts";
import { defineKind, type Build, type Draft } from "./kind.ts";

const contexts = ["model_inputs", "model_outputs", "training", "test", "validation", "ground_truth"] as const;
const dataFields = {
  input_data: required(
    object({ path: required(str), type: required(oneOf(["uri_file", "uri_folder", "mltable"])), mode: str, datastore: str }),
  ),
  data_context: oneOf(contexts),
  pre_processing_component: str,
  data_window: object({ window_start: str, window_end: str, lookback_window_size: str, lookback_window_offset: str }),
  data_column_names: dict(str),
} as const;
const data = object(dataFields);
type Data = Entity<typeof dataFields>;

const numericalDrift = [
  "jensen_shannon_distance",
  "population_stability_index",
  "normalized_wasserstein_distance",
  "two_sample_kolmogorov_smirnov_test",
] as const;
const categoricalDrift = ["jensen_shannon_distance", "population_stability_index", "pearsons_chi_squared_test"] as const;
const qualityRates = ["null_value_rate", "data_type_error_rate", "out_of_bounds_rate"] as const;
const performance = {
  classification: { accuracy: "Accuracy", precision: "Precision", recall: "Recall" },
  regression: { mae: "MeanAbsoluteError", mse: "MeanSquaredError", rmse: "RootMeanSquaredError" },
} as const;

const thresholds = (names: readonly string[]) => object(Object.fromEntries(names.map((name) => [name, num])));
const signalFields = { production_data: data, reference_data: data, properties: anyDict, alert_enabled: bool } as const;
const features = union(list(str), oneOf(["all_features"]), object({ top_n_feature_importance: any }));
const driftFields = {
  ...signalFields,
  metric_thresholds: object({ numerical: thresholds(numericalDrift), categorical: thresholds(categoricalDrift) }),
} as const;
const signal = union(
  object({ ...driftFields, type: required(exactly(["data_drift"])), features, feature_type_override: dict(str) }),
  object({ ...driftFields, type: required(exactly(["prediction_drift"])) }),
  object({
    ...signalFields,
    type: required(exactly(["data_quality"])),
    ...{ features, feature_type_override: dict(str) },
    metric_thresholds: object({ numerical: thresholds(qualityRates), categorical: thresholds(qualityRates) }),
  }),
  object({
    ...signalFields,
    type: required(exactly(["model_performance"])),
    metric_thresholds: object({
      classification: thresholds(Object.keys(performance.classification)),
      regression: thresholds(Object.keys(performance.regression)),
    }),
  }),
);
interface Signal {
  type: "data_drift" | "prediction_drift" | "data_quality" | "model_performance";
  production_data?: Data;
  reference_data?: Data;
  features?: string[] | string | Record<string, unknown>;
  feature_type_override?: Record<string, string>;
  alert_enabled?: boolean;
  properties?: Record<string, unknown>;
  metric_thresholds?: Record<string, Record<string, Float> | undefined>;
}

const fields = {
  name: required(str),
  display_name: str,
  description: str,
  tags: anyDict,
  properties: anyDict,
  is_enabled: readOnly(bool),
  trigger: required(trigger),
  create_monitor: required(
    object({
      compute: required(object({ instance_type: str, runtime_version: str, compute_type: str })),
      monitoring_target: object({ ml_task: oneOf(["classification", "regression"]), endpoint_deployment_id: str, model_id: str }),
      monitoring_signals: dict(signal),
      alert_notification: union(object({ emails: list(str) }), oneOf(["azmonitoring"])),
    }),
  ),
} as const;
type MonitorEntity = Entity<typeof fields>;

export const monitorSchedule = defineKind<MonitorEntity>({
  kind: "monitorSchedule",
  noun: "schedule",
  field: object(fields, { pathAware: true }),
  build: buildMonitor,
});

function buildMonitor(entity: MonitorEntity, build: Build): Draft {
  const { compute, monitoring_target: target, monitoring_signals: signals, alert_notification: alert } = entity.create_monitor;
  const window = usualWindow(entity.trigger);
  const monitorDefinition = {
    computeConfiguration: {
      computeType: "ServerlessSpark",
      computeIdentity: { computeIdentityType: "AmlToken" },
      instanceType: compute.instance_type,
      runtimeVersion: compute.runtime_version,
    },
    monitoringTarget: target && {
      taskType: target.ml_task ?? "classification",
      deploymentId: target.endpoint_deployment_id,
      modelId: target.model_id,
    },
    signals: Object.fromEntries(
      Object.entries(signals ?? {}).map(([name, one]) => [
        name,
        signalBody(one as Signal, window, build, ["create_monitor", "monitoring_signals", name]),
      ]),
    ),
    alertNotificationSetting:
      alert === undefined
        ? undefined
        : typeof alert === "string"
          ? { alertNotificationType: "AzureMonitor" }
          : {
              alertNotificationType: "Email",
              emailNotificationSetting: { emails: alert.emails ?? [], emailOn: ["JobFailed", "JobCompleted"] },
            },
  };
  return {
    name: entity.name,
    version: null,
    body: {
      properties: {
        ...{
          displayName: entity.display_name,
          description: entity.description,
          tags: entity.tags ?? {},
          properties: entity.properties ?? {},
        },
        action: { actionType: "CreateMonitor", monitorDefinition },
        trigger: triggerBody(entity.trigger),
      },
    },
  };
}

/** Rates as the SDK orders them, and the others after. */
const inOrder = (metrics: Record<string, Float>): [string, Float][] => {
  const place = (name: string): number => (qualityRates as readonly string[]).indexOf(name);
  return Object.entries(metrics).toSorted(([a], [b]) => place(a) - place(b));
};

const camel = (name: string): string => name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
const types = {
  data_drift: "DataDrift",
  prediction_drift: "PredictionDrift",
  data_quality: "DataQuality",
  model_performance: "ModelPerformance",
} as const;

function signalBody(one: Signal, window: { production: string; reference: string }, build: Build, path: string[]): unknown {
  const common = {
    signalType: types[one.type],
    mode: one.alert_enabled ? "Enabled" : "Disabled",
    referenceData: one.reference_data && dataBody(one.reference_data, window.reference),
    properties: one.properties,
  };
  const production = one.production_data && productionBody(one.production_data, window.production, build, [...path, "production_data"]);
  if (one.type === "model_performance") {
    const [kind, metrics] = Object.entries(one.metric_thresholds ?? {}).find(([, given]) => given !== undefined) ?? [];
    if (!kind || !metrics || Object.keys(metrics).length === 0)
      build.problem(
        [...path, "metric_thresholds"],
        "a model_performance signal needs a threshold",
        "write for example `regression: {rmse: 60}`",
      );
    const names = performance[(kind ?? "regression") as keyof typeof performance] as Readonly<Record<string, string>>;
    const all = Object.entries(metrics ?? {}).map(([name, { value }]) => ({ modelType: kind, metric: names[name], threshold: { value } }));
    const properties = { ...one.properties, "azureml.modelmonitor.model_performance_thresholds": JSON.stringify(all) };
    return { ...common, productionData: production && [production], metricThreshold: all[0], properties };
  }
  const metricThresholds = Object.entries(one.metric_thresholds ?? {}).flatMap(([kind, metrics]) =>
    inOrder(metrics ?? {}).map(([name, { value }]) => ({
      dataType: kind === "numerical" ? "Numerical" : "Categorical",
      metric: camel(name),
      threshold: { value },
    })),
  );
  return {
    ...common,
    productionData: production,
    metricThresholds,
    ...(one.type === "prediction_drift" ? { modelType: "classification" } : {}),
    ...(one.feature_type_override ? { featureDataTypeOverride: one.feature_type_override } : {}),
    ...featuresBody(one.features),
  };
}

function featuresBody(given: Signal["features"]): object {
  if (given === undefined) return {};
  if (Array.isArray(given)) return { features: { filterType: "FeatureSubset", features: given } };
  if (typeof given === "string") return { features: { filterType: "AllFeatures" } };
  return { features: { filterType: "TopNByAttribution", top: given["top_n_feature_importance"] } };
}

function productionBody(value: Data, usual: string, build: Build, path: string[]): unknown {
  if (value.data_window?.window_start !== undefined || value.data_window?.window_end !== undefined)
    build.problem(
      [...path, "data_window"],
      "production data has a window that moves along",
      "write lookback_window_size and lookback_window_offset",
    );
  const size = value.data_window?.lookback_window_size;
  const window = { ...value.data_window, lookback_window_size: size === undefined || size === "default" ? usual : size };
  return dataBody({ ...value, data_window: window }, usual);
}

function dataBody(value: Data, usual: string): unknown {
  const { path, type } = value.input_data;
  const common = { dataContext: value.data_context, columns: value.data_column_names, jobInputType: type, uri: uriOf(path) };
  const { lookback_window_size: size, lookback_window_offset: offset, window_start: start, window_end: end } = value.data_window ?? {};
  const component = value.pre_processing_component;
  if (size !== undefined)
    return {
      ...common,
      ...{ inputDataType: "Trailing", windowSize: size === "default" ? usual : size, windowOffset: offset ?? "P0D" },
      preprocessingComponentId: component,
    };
  if (start !== undefined && end !== undefined)
    return {
      ...common,
      inputDataType: "Static",
      windowStart: `${start}T00:00:00.000Z`,
      windowEnd: `${end}T00:00:00.000Z`,
      preprocessingComponentId: component,
    };
  return { ...common, inputDataType: "Fixed" };
}

const uriOf = (path: string): unknown => {
  if (path.startsWith("azureml:") && !path.startsWith("azureml://")) return new ReferenceMark("data", path.slice("azureml:".length));
  return isUrl(path) ? path : new ReferenceMark("data", path);
};
