// The words of automated ML: what a file may write in snake case, and what a request says (REST AutoMLJob 2025-12-01).
import { camelToSnake, oneOf } from "../schema/scalars.ts";
import type { Field } from "../schema/field.ts";

/** A field that takes the words in snake case (or as Azure spells them) and holds Azure's spelling. */
export function word<const T extends string>(words: readonly T[]): Field<T> {
  const bySnake = new Map(words.map((one) => [camelToSnake(one), one]));
  const field = oneOf([...bySnake.keys()], { transform: camelToSnake });
  return {
    expects: field.expects,
    load(value, at) {
      const loaded = field.load(value, at);
      return typeof loaded === "string" ? bySnake.get(loaded)! : loaded;
    },
  };
}

/** The same, kept as the file's snake case. */
export const snakeWord = (words: readonly string[]): Field<string> => oneOf(words.map(camelToSnake), { transform: camelToSnake });

export const LOG_VERBOSITY = ["NotSet", "Debug", "Info", "Warning", "Error", "Critical"] as const;

export const CLASSIFICATION_METRICS = [
  "AUCWeighted",
  "Accuracy",
  "NormMacroRecall",
  "AveragePrecisionScoreWeighted",
  "PrecisionScoreWeighted",
] as const;
export const REGRESSION_METRICS = [
  "SpearmanCorrelation",
  "NormalizedRootMeanSquaredError",
  "R2Score",
  "NormalizedMeanAbsoluteError",
] as const;

const TREES = ["DecisionTree", "RandomForest", "ExtremeRandomTrees", "LightGBM", "GradientBoosting"] as const;
export const CLASSIFIERS = [
  ...["LogisticRegression", "SGD", "MultinomialNaiveBayes", "BernoulliNaiveBayes", "SVM", "LinearSVM", "KNN"],
  ...TREES,
  "XGBoostClassifier",
];
export const REGRESSORS = ["ElasticNet", "KNN", "LassoLars", "SGD", ...TREES, "XGBoostRegressor"];
export const FORECASTERS = [
  ...["AutoArima", "Prophet", "Naive", "SeasonalNaive", "Average", "SeasonalAverage", "ExponentialSmoothing", "Arimax", "TCNForecaster"],
  ...REGRESSORS,
];
export const BLOCKED_TRANSFORMERS = [
  ...["TextTargetEncoder", "OneHotEncoder", "CatTargetEncoder", "TfIdf", "WoETargetEncoder", "LabelEncoder", "WordEmbedding"],
  ...["NaiveBayes", "CountVectorizer", "HashOneHotEncoder"],
];
export const TRANSFORMERS = ["Imputer", "TfIdf", "HashOneHotEncoder"];
export const NLP_SCHEDULERS = ["None", "Linear", "Cosine", "CosineWithRestarts", "Polynomial", "Constant", "ConstantWithWarmup"] as const;
