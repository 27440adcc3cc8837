// The signals of a monitor: what each looks at and measures, and its request.
// https://learn.microsoft.com/azure/machine-learning/reference-yaml-monitor; REST MonitoringSignalBase 2023-06-01-preview.
import { anyDict } from "../common/asset-fields.ts";
import { inputsBody, tabularInput, type DataInput } from "../common/job-io.ts";
import { within } from "../common/marks.ts";
import type { Build } from "../kinds/kind.ts";
import { armVersioned } from "../schema/azure.ts";
import { dict, list, object, union, type Entity } from "../schema/compound.ts";
import { required } from "../schema/field.ts";
import { bool, int, num, oneOf, str } from "../schema/scalars.ts";
import { attributionData, languageData, monitorData, reference, trailing, type MonitorData, type UsualWindow } from "./data.ts";
import * as limits from "./thresholds.ts";

const common = { alert_enabled: bool, properties: anyDict } as const;
const data = { production_data: monitorData, reference_data: monitorData } as const;
const type = <const T extends string>(name: T) => required(oneOf([name]));
const segment = object({ feature_name: str, feature_values: list(str) });
const features = {
  features: union(object({ top_n_feature_importance: int }), oneOf(["all_features"]), list(str)),
  feature_type_override: dict(),
} as const;

const fields = {
  data_drift: {
    ...common,
    ...data,
    ...features,
    type: type("data_drift"),
    metric_thresholds: limits.driftThresholds,
    data_segment: segment,
  },
  data_quality: { ...common, ...data, ...features, type: type("data_quality"), metric_thresholds: limits.qualityThresholds },
  prediction_drift: { ...common, ...data, type: type("prediction_drift"), metric_thresholds: required(limits.driftThresholds) },
  feature_attribution_drift: {
    alert_enabled: bool,
    production_data: list(attributionData),
    reference_data: required(monitorData),
    type: type("feature_attribution_drift"),
    metric_thresholds: required(limits.attributionThresholds),
  },
  custom: {
    alert_enabled: bool,
    type: type("custom"),
    connection: object({ environment_variables: dict(str), secret_config: dict(str) }),
    component_id: required(armVersioned("component")),
    metric_thresholds: required(limits.customThresholds),
    input_data: required(dict(monitorData)),
    inputs: dict(tabularInput),
  },
  generation_safety_quality: {
    ...common,
    type: type("generation_safety_quality"),
    production_data: list(languageData),
    connection_id: str,
    metric_thresholds: required(limits.judgementThresholds),
    sampling_rate: num,
  },
  model_performance: {
    ...common,
    type: type("model_performance"),
    production_data: required(monitorData),
    reference_data: required(monitorData),
    data_segment: segment,
    metric_thresholds: required(limits.performanceThresholds),
  },
  generation_token_statistics: {
    ...common,
    type: type("generation_token_statistics"),
    production_data: languageData,
    metric_thresholds: limits.tokenThresholds,
    sampling_rate: num,
  },
} as const;
type Fields = typeof fields;
type Kind = keyof Fields;
type SignalOf<K extends Kind> = Entity<Fields[K]>;
export type Signal = { [K in Kind]: SignalOf<K> }[Kind];

export const signal = union(...Object.values(fields).map((one) => object(one as never)));

/** What a signal is built with: where it stands in the file, and how much it looks at unless it says so. */
interface Making {
  readonly build: Build;
  readonly usual: UsualWindow;
}

const bodies: { readonly [K in Kind]: (one: SignalOf<K>, making: Making) => object } = {
  data_drift: (one, making) => ({
    ...pairOf(one, making),
    ...featuresBody(one),
    dataSegment: segmentBody(one.data_segment),
    metricThresholds: limits.byTypeBody(one.metric_thresholds as never),
  }),
  data_quality: (one, making) => ({
    ...pairOf(one, making),
    ...featuresBody(one),
    metricThresholds: limits.byTypeBody(one.metric_thresholds as never),
  }),
  prediction_drift: (one, making) => ({
    ...pairOf(one, making),
    modelType: "classification",
    metricThresholds: limits.byTypeBody(one.metric_thresholds as never),
  }),
  feature_attribution_drift: (one, { build, usual }) => ({
    productionData: one.production_data?.map((item, index) => trailing(item, usual.production, build, ["production_data", index])),
    referenceData: reference(one.reference_data, usual, build, ["reference_data"]),
    metricThreshold: limits.attributionBody(one.metric_thresholds),
  }),
  custom: (one, { build, usual }) => ({
    // The SDK sends these names as they stand in the file.
    componentId: one.component_id,
    inputs: one.inputs && inputsBody(one.inputs, build),
    inputAssets: assetsOf(one.input_data, usual, build),
    workspaceConnection: {
      environmentVariables: one.connection?.environment_variables,
      secrets: one.connection?.secret_config,
    },
    metricThresholds: limits.customBody(one.metric_thresholds),
  }),
  generation_safety_quality: (one, { build, usual }) => ({
    productionData: one.production_data?.map((item, index) => trailing(item, usual.production, build, ["production_data", index])),
    workspaceConnectionId: one.connection_id,
    metricThresholds: limits.judgementBody(one.metric_thresholds, build, ["metric_thresholds"]),
    samplingRate: one.sampling_rate,
  }),
  model_performance: (one, making) => {
    const { first, text } = limits.performanceBody(one.metric_thresholds as never, making.build, ["metric_thresholds"]);
    const { productionData, referenceData } = pairOf(one, making);
    return {
      ...{ productionData: [productionData], referenceData, metricThreshold: first, dataSegment: segmentBody(one.data_segment) },
      properties: { ...one.properties, "azureml.modelmonitor.model_performance_thresholds": text },
    };
  },
  generation_token_statistics: (one, { build, usual }) => ({
    productionData: one.production_data && trailing(one.production_data, usual.production, build, ["production_data"]),
    metricThresholds: limits.tokenBody(one.metric_thresholds, build, ["metric_thresholds"]),
    samplingRate: one.sampling_rate?.value ? one.sampling_rate : 0.1,
  }),
};

/** The request of a signal. */
export function signalBody(one: Signal, usual: UsualWindow, build: Build, path: readonly string[]): object {
  return {
    signalType: one.type.replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase()),
    mode: one.alert_enabled ? "Enabled" : "Disabled",
    properties: "properties" in one ? one.properties : undefined,
    ...bodies[one.type](one as never, { build: within(build, path), usual }),
  };
}

function pairOf(one: { production_data?: MonitorData; reference_data?: MonitorData }, { build, usual }: Making) {
  return {
    productionData: one.production_data && trailing(one.production_data, usual.production, build, ["production_data"]),
    referenceData: one.reference_data && reference(one.reference_data, usual, build, ["reference_data"]),
  };
}

function assetsOf(given: Record<string, MonitorData>, usual: UsualWindow, build: Build): object | undefined {
  const named = Object.entries(given).map(([name, item]) => {
    const { path: uri } = item.input_data as DataInput;
    return [name, { ...reference(item, usual, build, ["input_data", name]), uri }] as const;
  });
  return named.length > 0 ? Object.fromEntries(named) : undefined;
}

const segmentBody = (value: SignalOf<"data_drift">["data_segment"]): object | undefined =>
  value && { feature: value.feature_name, values: value.feature_values };

function featuresBody({ features: given, feature_type_override: override }: Pick<SignalOf<"data_quality">, keyof typeof features>): object {
  return { featureDataTypeOverride: override && Object.keys(override).length ? override : undefined, features: filterBody(given) };
}

function filterBody(given: SignalOf<"data_quality">["features"]): object | undefined {
  if (Array.isArray(given)) return given.length ? { filterType: "FeatureSubset", features: given } : undefined;
  if (typeof given === "string") return { filterType: "AllFeatures" };
  return given && { filterType: "TopNByAttribution", top: given.top_n_feature_importance ?? 10 };
}
