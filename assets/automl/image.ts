// Automated ML on images: classification, multilabel classification, object detection, instance segmentation.
// https://learn.microsoft.com/azure/machine-learning/reference-automl-images-cli-classification and its neighbours.
import { isoMinutes } from "../common/duration.ts";
import { list, object } from "../schema/compound.ts";
import { required, type Field } from "../schema/field.ts";
import { bool, int, num, str } from "../schema/scalars.ts";
import {
  searched,
  searchedFlag,
  searchedNumber,
  searchedStep,
  searchedText,
  searchText,
  sweepSettings,
  sweepSettingsBody,
} from "./search.ts";
import { verticalFields, type Task } from "./vertical.ts";
import { CLASSIFICATION_METRICS, snakeWord, word } from "./words.ts";

const SCHEDULERS = ["None", "WarmupCosine", "Step"] as const;
const OPTIMIZERS = ["None", "Sgd", "Adam", "Adamw"] as const;
const SIZES = ["None", "Small", "Medium", "Large", "ExtraLarge"] as const;
const VALIDATION_METRICS = ["None", "Coco", "Voc", "CocoVoc"] as const;

/** Kinds of parameters: as a fixed value, and as one that is searched. */
const kinds = {
  flag: [bool, searchedFlag],
  int: [int, searchedStep],
  num: [num, searchedNumber],
  str: [str, searchedText],
  onOff: [word(["Enable", "Disable"]), str],
  scheduler: [word(SCHEDULERS), searched(snakeWord(SCHEDULERS))],
  optimizer: [word(OPTIMIZERS), searched(snakeWord(OPTIMIZERS))],
  size: [word(SIZES), searched(snakeWord(SIZES))],
  metric: [word(VALIDATION_METRICS), searched(snakeWord(VALIDATION_METRICS))],
} as const satisfies Record<string, readonly [Field, Field]>;
type Names = Readonly<Record<string, keyof typeof kinds>>;

const common: Names = {
  ...{ ams_gradient: "flag", beta1: "num", beta2: "num", distributed: "flag", early_stopping: "flag", early_stopping_delay: "int" },
  ...{ early_stopping_patience: "int", evaluation_frequency: "int", enable_onnx_normalization: "flag", gradient_accumulation_step: "int" },
  ...{ layers_to_freeze: "int", learning_rate: "num", learning_rate_scheduler: "scheduler", model_name: "str", momentum: "num" },
  ...{ nesterov: "flag", number_of_epochs: "int", number_of_workers: "int", optimizer: "optimizer", random_seed: "int" },
  ...{ step_lr_gamma: "num", step_lr_step_size: "int", training_batch_size: "int", validation_batch_size: "int" },
  ...{ warmup_cosine_lr_cycles: "num", warmup_cosine_lr_warmup_epochs: "int", weight_decay: "num" },
};
const fixedOnly: Names = { advanced_settings: "str", checkpoint_frequency: "int", checkpoint_run_id: "str" };
const classes: Names = { training_crop_size: "int", validation_crop_size: "int", validation_resize_size: "int", weighted_loss: "int" };
const boxes: Names = {
  ...{ box_detections_per_image: "int", box_score_threshold: "num", image_size: "int", max_size: "int", min_size: "int" },
  ...{ model_size: "size", multi_scale: "flag", nms_iou_threshold: "num", tile_grid_size: "str", tile_overlap_ratio: "num" },
  ...{ tile_predictions_nms_threshold: "num", validation_iou_threshold: "num", validation_metric_type: "metric" },
};
const boxesFixed: Names = { log_training_metrics: "onOff", log_validation_loss: "onOff" };

const fieldsOf = (names: Names, form: 0 | 1): Record<string, Field> =>
  Object.fromEntries(Object.entries(names).map(([name, kind]) => [name, kinds[kind][form]]));

type Loose = Record<string, unknown>;
const camel = (name: string): string =>
  name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()).replace("CosineLr", "CosineLR");

function body(entity: Readonly<Loose>): Loose {
  const bounds = (entity["limits"] ?? {}) as Record<string, number>;
  const given = entity["training_parameters"] as Loose | undefined;
  const spaces = entity["search_space"] as Loose[] | undefined;
  return {
    targetColumnName: entity["target_column_name"],
    validationDataSize: entity["validation_data_size"],
    limitSettings: {
      maxConcurrentTrials: bounds["max_concurrent_trials"],
      maxTrials: bounds["max_trials"],
      timeout: isoMinutes(bounds["timeout_minutes"]),
    },
    sweepSettings: sweepSettingsBody(entity["sweep"] as Parameters<typeof sweepSettingsBody>[0]),
    modelSettings: given && Object.fromEntries(Object.entries(given).map(([name, value]) => [camel(name), value])),
    searchSpace: spaces?.map((space) => Object.fromEntries(Object.entries(space).map(([name, value]) => [camel(name), searchText(value)]))),
  };
}

const task = (type: string, metrics: readonly string[], usualMetric: string, fixed: Names, searchable: Names): Task => ({
  type,
  usualMetric,
  nodeDefaults: { limits: {} },
  fields: {
    ...verticalFields,
    limits: object({ max_concurrent_trials: int, max_trials: int, timeout_minutes: int }),
    sweep: sweepSettings,
    training_data: required(verticalFields.training_data),
    target_column_name: required(str),
    test_data: verticalFields.training_data,
    validation_data_size: num,
    primary_metric: word(metrics),
    training_parameters: object(fieldsOf({ ...common, ...fixedOnly, ...fixed }, 0)),
    search_space: list(object(fieldsOf({ ...common, ...searchable }, 1))),
  },
  body,
});
const boxTask = (type: string): Task => task(type, ["MeanAveragePrecision"], "MeanAveragePrecision", { ...boxes, ...boxesFixed }, boxes);

export const imageTasks: Record<string, Task> = {
  image_classification: task("ImageClassification", CLASSIFICATION_METRICS, "Accuracy", classes, classes),
  image_classification_multilabel: task("ImageClassificationMultilabel", [...CLASSIFICATION_METRICS, "IOU"], "IOU", classes, classes),
  image_object_detection: boxTask("ImageObjectDetection"),
  image_instance_segmentation: boxTask("ImageInstanceSegmentation"),
};
