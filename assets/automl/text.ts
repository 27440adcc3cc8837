// Automated ML on text: classification, multilabel classification, named entities.
// https://learn.microsoft.com/azure/machine-learning/reference-automated-nlp-cli-text-classification and its neighbours.
import { isoMinutes } from "../common/duration.ts";
import { list, object } from "../schema/compound.ts";
import { required, type Field } from "../schema/field.ts";
import { int, num, str } from "../schema/scalars.ts";
import { searched, searchedInteger, searchedNumber, searchedText, searchText, sweepSettings, sweepSettingsBody } from "./search.ts";
import { verticalFields, type Task } from "./vertical.ts";
import { CLASSIFICATION_METRICS, NLP_SCHEDULERS, snakeWord, word } from "./words.ts";

const limits = object({ max_concurrent_trials: int, max_trials: int, max_nodes: int, timeout_minutes: int, trial_timeout_minutes: int });
const parameters = {
  gradient_accumulation_steps: "int",
  learning_rate: "num",
  learning_rate_scheduler: "scheduler",
  model_name: "str",
  number_of_epochs: "int",
  training_batch_size: "int",
  validation_batch_size: "int",
  warmup_ratio: "num",
  weight_decay: "num",
} as const;
const fixed = { int, num, str, scheduler: word(NLP_SCHEDULERS) } as const;
const searchedKinds = {
  int: searchedInteger,
  num: searchedNumber,
  str: searchedText,
  scheduler: searched(snakeWord(NLP_SCHEDULERS)),
} as const;
const each = <T>(kinds: Readonly<Record<(typeof parameters)[keyof typeof parameters], T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(parameters).map(([name, kind]) => [name, kinds[kind]]));

const fields = {
  ...verticalFields,
  limits,
  sweep: sweepSettings,
  training_parameters: object(each<Field>(fixed)),
  search_space: list(object(each<Field>(searchedKinds))),
  featurization: object({ dataset_language: str }),
} as const;

type Loose = Record<string, unknown>;
const camel = (name: string): string => name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

function body(entity: Readonly<Loose>): Loose {
  const bounds = (entity["limits"] ?? {}) as Record<string, number>;
  const given = entity["training_parameters"] as Loose | undefined;
  const spaces = entity["search_space"] as Loose[] | undefined;
  const language = entity["featurization"] as { dataset_language?: string } | undefined;
  return {
    targetColumnName: entity["target_column_name"],
    limitSettings: {
      maxConcurrentTrials: bounds["max_concurrent_trials"],
      maxTrials: bounds["max_trials"] ?? 1,
      maxNodes: bounds["max_nodes"] ?? 1,
      timeout: isoMinutes(bounds["timeout_minutes"]),
      trialTimeout: isoMinutes(bounds["trial_timeout_minutes"]),
    },
    featurizationSettings: language && { datasetLanguage: language.dataset_language },
    sweepSettings: sweepSettingsBody(entity["sweep"] as Parameters<typeof sweepSettingsBody>[0]),
    fixedParameters: given && Object.fromEntries(Object.keys(parameters).map((name) => [camel(name), given[name] ?? null])),
    searchSpace: spaces?.map((space) => Object.fromEntries(Object.keys(parameters).map((name) => [camel(name), searchText(space[name])]))),
  };
}

const task = (type: string, metrics: readonly string[], target: Field): Task => ({
  type,
  usualMetric: metrics.length > 1 ? "Accuracy" : undefined,
  nodeDefaults: { limits: { max_nodes: 1, max_trials: 1 } },
  fields: { ...fields, primary_metric: word(metrics), target_column_name: target },
  body,
});

export const textTasks: Record<string, Task> = {
  text_classification: task("TextClassification", CLASSIFICATION_METRICS, required(str)),
  text_classification_multilabel: task("TextClassificationMultilabel", ["Accuracy"], required(str)),
  text_ner: { ...task("TextNER", ["Accuracy"], str), body: (entity) => ({ ...body(entity), targetColumnName: undefined }) },
};
