// From the REST body of an AutoML job on a table, or a pipeline's automl node, to the trial's step and the models that are tried.
import { createHash } from "node:crypto";
import {
  durationOf,
  field,
  identityOf,
  inputOf,
  instancesOf,
  isObject,
  outputOf,
  objectField,
  textField,
  texts,
  type Json,
} from "../fields.ts";
import { notModeled, userError } from "../refuse.ts";
import type { StepInput, StepOutput, StepSpec } from "../spec.ts";
import type { Search } from "../search/search.ts";
import { algorithmNamed, algorithmsOf, candidate, candidates, isElsewhere, type Task } from "./algorithms.ts";
import { featurizationOf } from "./featurization.ts";

/** Metrics that may be asked for; what is an error is made small. REST writes them in PascalCase, files in snake_case. */
const metrics: Readonly<Record<Task, readonly string[]>> = {
  regression: ["normalized_root_mean_squared_error", "r2_score", "normalized_mean_absolute_error", "spearman_correlation"],
  classification: ["accuracy", "AUC_weighted", "norm_macro_recall", "average_precision_score_weighted", "precision_score_weighted"],
};

/** The environment that Azure's AutoML jobs run in, as the sandbox knows it (environments/images.ts). */
const environmentId = "azureml://registries/azureml/environments/ai-ml-automl/labels/latest";

const dataFields = { training: "trainingData", validation: "validationData", test: "testData" } as const;

/**
 * @param details the job's `taskDetails`, or the node
 * @param bind makes an input of a table's reference (nodes bind to earlier steps)
 */
export function automlSpec(
  where: string,
  runId: string,
  details: Json,
  job: Json,
  outputs: Record<string, StepOutput>,
  computeId: string | undefined,
  bind: (name: string, raw: unknown) => StepInput | undefined = inputOf,
): StepSpec {
  const asked = (textField(details, "taskType") ?? textField(details, "task") ?? "").replaceAll("_", "").toLowerCase();
  if (asked !== "regression" && asked !== "classification") {
    if (/^(forecasting|image|text)/.test(asked))
      throw notModeled(`${where}: AutoML task "${asked}"`, "it searches over tables for regression and classification only");
    throw userError(`${where}: AutoML task "${asked}" is none; tasks are regression and classification.`, "taskDetails.taskType");
  }
  const task: Task = asked;
  const target = textField(details, "targetColumnName");
  if (!target) throw userError(`${where}: target_column_name is missing.`, "taskDetails.targetColumnName");
  const metric = metricOf(where, task, textField(details, "primaryMetric"));
  const limits = objectField(details, field(details, "limitSettings") === undefined ? "limits" : "limitSettings");
  const training = objectField(details, field(details, "trainingSettings") === undefined ? "training" : "trainingSettings");
  refuseOther(where, details, limits);
  const inputs: Record<string, StepInput> = {};
  for (const [name, key] of Object.entries(dataFields)) {
    const input = bind(name, field(details, key));
    if (input)
      inputs[name] =
        input.kind === "uri" ? { ...input, mode: "ro_mount" } : { kind: "uri", type: "mltable", uri: input.value, mode: "ro_mount" };
  }
  if (!inputs["training"]) throw userError(`${where}: training_data is missing.`, "taskDetails.trainingData");
  const notes: string[] = [];
  const algorithms = algorithmsFor(where, task, training, notes);
  const total = count(where, limits, "maxTrials") ?? 1000;
  const ensembles = ensemblesFor(training, total);
  const seed = createHash("sha256").update(runId).digest().readUInt32LE();
  const models = candidates(task, algorithms, Math.min(total - ensembles.length, 500), seed);
  const exitScore = field(limits, "exitScore");
  const timeoutMs = durationOf(field(limits, "timeout") ?? minutes(limits, "timeoutMinutes"), "limits.timeout");
  const trialTimeoutMs = durationOf(field(limits, "trialTimeout") ?? minutes(limits, "trialTimeoutMinutes"), "limits.trial_timeout");
  const search: Search = {
    kind: "automl",
    metric,
    concurrent: count(where, limits, "maxConcurrentTrials") ?? 1,
    candidates: [...models, ...ensembles.map((algorithm) => candidate({ algorithm, preprocessor: "", params: {} }, true))],
    stopsWhenFlat: field(limits, "enableEarlyTermination") !== false,
    timeoutMs: timeoutMs ?? 6 * 3_600_000,
    config: {
      task,
      target,
      metric: metric.name,
      seed: seed % 10_000,
      weight: textField(details, "weightColumnName"),
      folds: foldsOf(where, field(details, "nCrossValidations")),
      split_columns: field(details, "cvSplitColumnNames"),
      validation_size: numberOf(field(details, "validationDataSize")),
      featurization: featurizationOf(where, details),
    },
    notes,
    ...(exitScore === undefined ? {} : { exitScore: Number(exitScore) }),
  };
  return {
    command: 'python "$SANDBOX_TOOL" ${{inputs.training}} $[[--validation ${{inputs.validation}}]]',
    tool: "jobs/automl/trial.py",
    environmentId,
    inputs,
    outputs,
    environmentVariables: texts(objectField(job, "environmentVariables")),
    instances: instancesOf(job),
    identity: identityOf(job),
    timeoutMs: trialTimeoutMs ?? 30 * 60_000,
    search,
    ...(computeId ? { computeId } : {}),
  };
}

/** The output that every AutoML job has. */
export const bestModel = (run: string, raw: unknown, datastore: string): StepOutput =>
  outputOf(raw, { run, output: "best_model", datastore }, "mlflow_model");

function metricOf(where: string, task: Task, asked: string | undefined): Search["metric"] {
  const plain = (name: string): string => name.replaceAll("_", "").toLowerCase();
  const name = asked === undefined ? metrics[task][0]! : metrics[task].find((one) => plain(one) === plain(asked));
  if (!name)
    throw userError(
      `${where}: primary_metric "${asked}" is none of ${task}; they are ${metrics[task].join(", ")}.`,
      "taskDetails.primaryMetric",
    );
  return { name, goal: name.endsWith("error") ? "minimize" : "maximize" };
}

function algorithmsFor(where: string, task: Task, training: Json, notes: string[]): string[] {
  const named = (key: string): string[] =>
    ((field(training, key) ?? []) as unknown[]).map((raw) => {
      const name = algorithmNamed(task, String(raw));
      if (!name) throw userError(`${where}: training.${key}: "${String(raw)}" is no algorithm of ${task}.`, `trainingSettings.${key}`);
      return name;
    });
  const [allowed, blocked] = [named("allowedTrainingAlgorithms"), named("blockedTrainingAlgorithms")];
  const wanted = (allowed.length > 0 ? allowed : algorithmsOf(task)).filter((name) => !blocked.includes(name));
  const here = wanted.filter((name) => !isElsewhere(name));
  if (here.length === 0) {
    if (wanted.length > 0)
      throw notModeled(
        `${where}: AutoML with ${wanted.join(", ")} only`,
        "it searches over scikit-learn's models; allow one of them as well",
      );
    throw userError(`${where}: every allowed algorithm is blocked.`, "trainingSettings");
  }
  for (const name of wanted.filter(isElsewhere)) notes.push(`${name} is not tried: the sandbox searches over scikit-learn's models`);
  if (allowed.length === 0)
    notes.push("LightGBM and XGBoost, which Azure would try as well, are not: the sandbox searches over scikit-learn's models");
  return here;
}

/** Ensembles are the last of the trials, on by default, as Azure's are; a search of fewer than three trials has none. */
function ensemblesFor(training: Json, total: number): string[] {
  if (total < 3) return [];
  const vote = field(training, "enableVoteEnsemble") !== false ? ["VotingEnsemble"] : [];
  const stack = field(training, "enableStackEnsemble") !== false && total > 3 ? ["StackEnsemble"] : [];
  return [...vote, ...stack];
}

function refuseOther(where: string, details: Json, limits: Json): void {
  if (field(details, "testData") !== undefined || numberOf(field(details, "testDataSize")) !== undefined)
    throw notModeled(`${where}: test_data`, "it scores models on validation data only; evaluate the best model in a step of its own");
  if (Number(field(limits, "sweepTrials") ?? 0) > 0)
    throw notModeled(`${where}: limits.sweep_trials`, "sweeps inside AutoML are for forecasting and images");
}

function foldsOf(where: string, raw: unknown): number | undefined {
  if (raw === undefined) return undefined;
  const value = isObject(raw) ? (textField(raw, "mode")?.toLowerCase() === "auto" ? undefined : field(raw, "value")) : raw;
  if (value === undefined || value === "auto") return undefined;
  if (!Number.isInteger(Number(value)) || Number(value) < 2)
    throw userError(
      `${where}: n_cross_validations is ${JSON.stringify(value)}; it must be "auto" or a whole number from 2 on.`,
      "taskDetails.nCrossValidations",
    );
  return Number(value);
}

const numberOf = (value: unknown): number | undefined => (value === undefined || value === null ? undefined : Number(value));

const minutes = (limits: Json, key: string): number | undefined => {
  const value = field(limits, key);
  return value === undefined ? undefined : Number(value) * 60;
};

function count(where: string, limits: Json, key: string): number | undefined {
  const value = field(limits, key);
  if (value === undefined) return undefined;
  if (!Number.isInteger(Number(value)) || Number(value) < 1)
    throw userError(`${where}: limits.${key} is ${JSON.stringify(value)}; it must be a whole number from 1 on.`, `limitSettings.${key}`);
  return Number(value);
}
