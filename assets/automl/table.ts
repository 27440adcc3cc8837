// Automated ML on tables: classification, regression, forecasting.
// https://learn.microsoft.com/azure/machine-learning/reference-automated-ml-cli-classification and its neighbours.
import { isoMinutes } from "../common/duration.ts";
import { dict, list, object, union, type Entity } from "../schema/compound.ts";
import { nullable, required, type Field } from "../schema/field.ts";
import { any, bool, int, num, oneOf, str } from "../schema/scalars.ts";
import { verticalFields } from "./vertical.ts";
import {
  BLOCKED_TRANSFORMERS,
  CLASSIFICATION_METRICS,
  CLASSIFIERS,
  FORECASTERS,
  REGRESSION_METRICS,
  REGRESSORS,
  TRANSFORMERS,
  word,
} from "./words.ts";
import type { Task } from "./vertical.ts";

const limits = object({
  enable_early_termination: bool,
  exit_score: num,
  max_concurrent_trials: int,
  max_cores_per_trial: int,
  max_nodes: int,
  max_trials: int,
  timeout_minutes: int,
  trial_timeout_minutes: int,
});
const transformer = object({ fields: list(str), parameters: dict(nullable(union(num, str)), str) });
const featurization = object({
  dataset_language: str,
  mode: oneOf(["auto", "off", "custom"]),
  blocked_transformers: list(word(BLOCKED_TRANSFORMERS)),
  column_name_and_types: dict(str),
  transformer_params: dict(list(transformer), word(TRANSFORMERS)),
  enable_dnn_featurization: bool,
});
const training = (models: readonly string[]) =>
  object({
    enable_dnn_training: bool,
    enable_model_explainability: bool,
    enable_onnx_compatible_models: bool,
    enable_stack_ensemble: bool,
    enable_vote_ensemble: bool,
    ensemble_model_download_timeout_minutes: int,
    stack_ensemble_settings: any,
    training_mode: word(["Auto", "Distributed", "NonDistributed"]),
    allowed_training_algorithms: list(word(models)),
    blocked_training_algorithms: list(word(models)),
  });
const fields = {
  ...verticalFields,
  training_data: required(verticalFields.training_data),
  target_column_name: required(str),
  limits,
  featurization,
  validation_data_size: num,
  cv_split_column_names: list(str),
  n_cross_validations: union(oneOf(["auto"]), int),
  weight_column_name: str,
  test_data: verticalFields.training_data,
  test_data_size: num,
} as const;

const autoOrInt = union(oneOf(["auto"]), int);
const textOrList = union(str, list(str));
const forecasting = object({
  country_or_region_for_holidays: str,
  cv_step_size: int,
  forecast_horizon: autoOrInt,
  target_lags: union(oneOf(["auto"]), int, list(int)),
  target_rolling_window_size: autoOrInt,
  time_column_name: str,
  time_series_id_column_names: textOrList,
  frequency: str,
  feature_lags: oneOf(["none", "auto"]),
  seasonality: autoOrInt,
  short_series_handling_config: oneOf(["none", "auto", "pad", "drop"]),
  use_stl: oneOf(["none", "season", "seasontrend"]),
  target_aggregate_function: oneOf(["none", "sum", "max", "min", "mean"]),
  features_unknown_at_forecast_time: textOrList,
});

type Loose = Record<string, unknown>;

/** What all three send besides the data. */
function tableBody(entity: Loose): Loose {
  const folds = entity["n_cross_validations"] as string | number | undefined;
  return {
    targetColumnName: entity["target_column_name"],
    validationDataSize: entity["validation_data_size"],
    weightColumnName: entity["weight_column_name"],
    cvSplitColumnNames: entity["cv_split_column_names"],
    nCrossValidations:
      folds === undefined ? null : typeof folds === "string" ? { mode: "Auto" } : folds > 1 ? { mode: "Custom", value: folds } : folds,
    testDataSize: entity["test_data_size"],
    featurizationSettings: featurizationBody(entity["featurization"] as Entity<typeof featurization.fields> | undefined),
    limitSettings: limitsBody(entity["limits"] as Entity<typeof limits.fields> | undefined),
    trainingSettings: trainingBody(entity["training"] as Loose | undefined),
  };
}

const limitsBody = (value: Entity<typeof limits.fields> | undefined): unknown =>
  value && {
    enableEarlyTermination: value.enable_early_termination,
    exitScore: value.exit_score,
    maxConcurrentTrials: value.max_concurrent_trials,
    maxCoresPerTrial: value.max_cores_per_trial,
    maxNodes: value.max_nodes,
    maxTrials: value.max_trials,
    timeout: isoMinutes(value.timeout_minutes),
    trialTimeout: isoMinutes(value.trial_timeout_minutes),
    sweepConcurrentTrials: 0,
    sweepTrials: 0,
  };

const featurizationBody = (value: Entity<typeof featurization.fields> | undefined): unknown =>
  value && {
    blockedTransformers: value.blocked_transformers,
    columnNameAndTypes: value.column_name_and_types,
    datasetLanguage: value.dataset_language,
    mode: value.mode ?? "auto",
    transformerParams: azureNames(value.transformer_params ?? {}),
    enableDnnFeaturization: value.enable_dnn_featurization,
  };

/** Keys of a mapping are kept as written by the reader; Azure's spelling goes out. */
const azureNames = (value: Record<string, unknown>): Loose =>
  Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      TRANSFORMERS.find((name) => name.toLowerCase() === key.replaceAll("_", "").toLowerCase()) ?? key,
      item,
    ]),
  );

const trainingBody = (value: Loose | undefined): unknown =>
  value && {
    enableDnnTraining: value["enable_dnn_training"],
    enableOnnxCompatibleModels: value["enable_onnx_compatible_models"],
    enableModelExplainability: value["enable_model_explainability"],
    enableStackEnsemble: value["enable_stack_ensemble"],
    enableVoteEnsemble: value["enable_vote_ensemble"],
    ensembleModelDownloadTimeout: isoMinutes(value["ensemble_model_download_timeout_minutes"] as number | undefined),
    allowedTrainingAlgorithms: value["allowed_training_algorithms"],
    blockedTrainingAlgorithms: value["blocked_training_algorithms"],
    trainingMode: value["training_mode"],
  };

function forecastingBody(value: Entity<typeof forecasting.fields> | undefined): unknown {
  if (!value) return null;
  const mode = (given: string | number | bigint | undefined): unknown =>
    typeof given === "string" ? { mode: "Auto" } : given ? { mode: "Custom", value: given } : null;
  const names = (given: string | string[] | undefined): unknown => (typeof given === "string" && given !== "" ? [given] : given);
  const { target_lags: lags } = value;
  return {
    countryOrRegionForHolidays: value.country_or_region_for_holidays,
    cvStepSize: value.cv_step_size,
    forecastHorizon: mode(value.forecast_horizon),
    timeColumnName: value.time_column_name,
    targetLags: typeof lags === "string" ? { mode: "Auto" } : lags ? { mode: "Custom", values: Array.isArray(lags) ? lags : [lags] } : null,
    targetRollingWindowSize: mode(value.target_rolling_window_size),
    seasonality: mode(value.seasonality),
    frequency: value.frequency,
    featureLags: value.feature_lags,
    useStl: value.use_stl,
    shortSeriesHandlingConfig: value.short_series_handling_config,
    targetAggregateFunction: value.target_aggregate_function,
    timeSeriesIdColumnNames: names(value.time_series_id_column_names),
    featuresUnknownAtForecastTime: names(value.features_unknown_at_forecast_time),
  };
}

const task = (
  type: string,
  metrics: readonly string[],
  usual: string,
  models: readonly string[],
  more: Record<string, Field> = {},
): Task => ({
  type,
  usualMetric: usual,
  nodeDefaults: { training: {} },
  fields: { ...fields, primary_metric: word(metrics), training: training(models), ...more },
  body: tableBody,
});

export const tableTasks: Record<string, Task> = {
  classification: {
    ...task("Classification", CLASSIFICATION_METRICS, "AUCWeighted", CLASSIFIERS, { positive_label: str }),
    nodeDefaults: { training: {}, primary_metric: "accuracy" },
    body: (entity) => ({ ...tableBody(entity), positiveLabel: entity["positive_label"] }),
  },
  regression: task("Regression", REGRESSION_METRICS, "NormalizedRootMeanSquaredError", REGRESSORS),
  forecasting: {
    ...task("Forecasting", REGRESSION_METRICS, "NormalizedRootMeanSquaredError", FORECASTERS, { forecasting }),
    body: (entity) => ({
      ...tableBody(entity),
      forecastingSettings: forecastingBody(entity["forecasting"] as Entity<typeof forecasting.fields> | undefined),
    }),
  },
};
