// The estimators of scikit-learn that a search over tables tries, by Azure's names, with the hyperparameters that are worth varying.
// Names: "Supported algorithms" of learn.microsoft.com/azure/machine-learning/how-to-configure-auto-train.
import { randomNumbers } from "../search/sampling.ts";
import type { Candidate } from "../search/search.ts";

type Choices = Readonly<Record<string, readonly unknown[]>>;

const trees: Choices = { n_estimators: [50, 100, 200], min_samples_leaf: [1, 2, 5, 10], max_features: [0.3, 0.5, 0.8, 1.0] };
const boosting: Choices = {
  n_estimators: [50, 100, 200],
  learning_rate: [0.03, 0.05, 0.1],
  max_depth: [2, 3, 4],
  subsample: [0.7, 0.9, 1.0],
};
const neighbours: Choices = { n_neighbors: [3, 5, 10, 20, 40], weights: ["uniform", "distance"] };
const tree: Choices = { max_depth: [3, 5, 8, 12], min_samples_leaf: [1, 5, 10, 20] };

/** Tried in this order, each with its defaults first. */
const tables: Readonly<Record<"regression" | "classification", Readonly<Record<string, Choices>>>> = {
  regression: {
    ElasticNet: { alpha: [0.001, 0.01, 0.1, 1.0], l1_ratio: [0.1, 0.5, 0.9] },
    RandomForest: trees,
    GradientBoosting: boosting,
    LassoLars: { alpha: [0.0001, 0.001, 0.01, 0.1, 1.0] },
    ExtremeRandomTrees: trees,
    KNN: neighbours,
    SGD: { alpha: [0.00001, 0.0001, 0.001, 0.01], penalty: ["l2", "l1", "elasticnet"] },
    DecisionTree: tree,
  },
  classification: {
    LogisticRegression: { C: [0.01, 0.1, 1.0, 10.0], class_weight: [null, "balanced"] },
    RandomForest: trees,
    GradientBoosting: boosting,
    ExtremeRandomTrees: trees,
    KNN: neighbours,
    SVM: { C: [0.1, 1.0, 10.0], gamma: ["scale", "auto"] },
    LinearSVM: { C: [0.01, 0.1, 1.0, 10.0] },
    SGD: { alpha: [0.00001, 0.0001, 0.001, 0.01], penalty: ["l2", "l1", "elasticnet"] },
    DecisionTree: tree,
    BernoulliNaiveBayes: { alpha: [0.01, 0.1, 1.0] },
    MultinomialNaiveBayes: { alpha: [0.01, 0.1, 1.0] },
  },
};

/** Names that Azure knows and scikit-learn does not bring. */
const elsewhere = ["LightGBM", "XGBoostRegressor", "XGBoostClassifier"];

export type Task = keyof typeof tables;

const plain = (name: string): string => name.replaceAll("_", "").toLowerCase();

/** Azure's name in whichever spelling it was sent (`random_forest`, `RandomForest`); undefined for one that the task does not have. */
export const algorithmNamed = (task: Task, name: string): string | undefined =>
  [...Object.keys(tables[task]), ...elsewhere].find((known) => plain(known) === plain(name));

export const isElsewhere = (name: string): boolean => elsewhere.includes(name);

export const algorithmsOf = (task: Task): string[] => Object.keys(tables[task]);

const scalers = ["StandardScalerWrapper", "MinMaxScaler", "MaxAbsScaler", "RobustScaler"];
/** Counts cannot be negative. */
const fixedScaler: Readonly<Record<string, string>> = { MultinomialNaiveBayes: "MinMaxScaler" };

/** `count` different models: every algorithm with its defaults, then drawn parameters and scalings, algorithm after algorithm. */
export function candidates(task: Task, algorithms: readonly string[], count: number, seed: number): Candidate[] {
  const random = randomNumbers(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const made: Candidate[] = [];
  const seen = new Set<string>();
  for (let round = 0, misses = 0; made.length < count && misses < 100; round++) {
    const algorithm = algorithms[round % algorithms.length]!;
    const first = round < algorithms.length;
    const params = first
      ? {}
      : Object.fromEntries(Object.entries(tables[task][algorithm]!).map(([name, choices]) => [name, pick(choices)]));
    const preprocessor = fixedScaler[algorithm] ?? (first ? scalers[0]! : pick(scalers));
    const key = JSON.stringify([algorithm, preprocessor, params]);
    if (seen.has(key)) {
      misses++;
      continue;
    }
    misses = 0;
    seen.add(key);
    made.push(candidate({ algorithm, preprocessor, params }));
  }
  return made;
}

export function candidate(model: NonNullable<Candidate["model"]>, ensemble = false): Candidate {
  return {
    inputs: {},
    properties: { runTemplate: "automl_child", run_algorithm: model.algorithm, run_preprocessor: model.preprocessor },
    tags: { hyperparameters: JSON.stringify(model.params), "mlflow.runName": `${model.preprocessor} ${model.algorithm}`.trim() },
    model,
    ...(ensemble ? { ensemble } : {}),
  };
}
