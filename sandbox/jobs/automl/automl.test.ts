// AutoML on tables: how a body becomes a search, and one real search over scikit-learn's models.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { jobSandbox, type JobSandbox } from "../testing.ts";
import { automlSpec } from "./automl.ts";

const details = (more: object = {}) => ({
  taskType: "Classification",
  targetColumnName: "kind",
  primaryMetric: "AUCWeighted",
  trainingData: { jobInputType: "mltable", uri: "azureml://datastores/workspaceblobstore/paths/table/" },
  limitSettings: { maxTrials: 6, maxConcurrentTrials: 2, timeout: "PT10M", trialTimeout: "PT2M" },
  ...more,
});
const spec = (more: object = {}) => automlSpec("The job", "run", details(more), {}, {}, undefined);

test("a body becomes different models, ensembles last, limits and metric as asked", () => {
  const { search, timeoutMs } = spec({ nCrossValidations: { mode: "Custom", value: 3 } });
  expect(search).toMatchObject({
    metric: { name: "AUC_weighted", goal: "maximize" },
    concurrent: 2,
    timeoutMs: 600_000,
    config: { folds: 3 },
  });
  expect(timeoutMs).toBe(120_000);
  const algorithms = search!.candidates.map(({ model }) => model!.algorithm);
  expect(algorithms.slice(-2)).toEqual(["VotingEnsemble", "StackEnsemble"]);
  expect(new Set(algorithms).size).toBe(6);
  expect(spec().search!.candidates).toEqual(spec().search!.candidates);
});

test("allowed and blocked algorithms in either spelling", () => {
  const only = spec({
    trainingSettings: {
      allowedTrainingAlgorithms: ["RandomForest", "knn", "LightGBM"],
      blockedTrainingAlgorithms: ["KNN"],
      enableStackEnsemble: false,
      enableVoteEnsemble: false,
    },
  });
  expect(new Set(only.search!.candidates.map(({ model }) => model!.algorithm))).toEqual(new Set(["RandomForest"]));
  expect(only.search!.notes.join()).toContain("LightGBM is not tried");
});

test.each<[object, RegExp]>([
  [{ taskType: "Forecasting" }, /"forecasting" is not modelled/],
  [{ primaryMetric: "R2Score" }, /primary_metric "R2Score" is none of classification/],
  [{ targetColumnName: null }, /target_column_name is missing/],
  [{ trainingSettings: { allowedTrainingAlgorithms: ["XGBoostClassifier"] } }, /XGBoostClassifier only is not modelled/],
  [{ trainingSettings: { allowedTrainingAlgorithms: ["Magic"] } }, /"Magic" is no algorithm/],
  [{ testData: { uri: "azureml:x:1" } }, /test_data is not modelled/],
  [{ featurizationSettings: { mode: "Custom", columnNameAndTypes: { a: "Text" } } }, /as Text is not modelled/],
])("refuses %j", (more, message) => {
  expect(() => spec(more)).toThrow(message);
});

let kit: JobSandbox;
beforeAll(async () => {
  kit = await jobSandbox(2);
}, 60_000);
afterAll(async () => await kit?.sandbox.stop());

test("a search: trials with metrics, the best one's model as the job's output and a model version", async () => {
  const store = await kit.store("workspaceblobstore");
  const rows = Array.from(
    { length: 90 },
    (_, row) => `${row % 10},${["red", "blue"][row % 2]},${(row * 7) % 13},${row % 10 > 4 ? "high" : "low"}`,
  );
  const files = {
    "table/rows.csv": ["size,colour,noise,kind", ...rows].join("\n"),
    "table/MLTable": "paths:\n  - file: ./rows.csv\ntransformations:\n  - read_delimited:\n      delimiter: ','\n",
  };
  for (const [name, text] of Object.entries(files)) await store.getBlockBlobClient(name).upload(text, Buffer.byteLength(text));
  await kit.submit("search", {
    jobType: "AutoML",
    computeId: "cpu-cluster",
    experimentName: "tests",
    outputs: { best_model: { jobOutputType: "mlflow_model", assetName: "kinds" } },
    taskDetails: details({
      limitSettings: { maxTrials: 2, maxConcurrentTrials: 2 },
      nCrossValidations: { mode: "Custom", value: 2 },
      trainingSettings: { allowedTrainingAlgorithms: ["DecisionTree", "LogisticRegression"] },
    }),
  });
  for (;;) {
    const { status } = await kit.job("search");
    if (status === "Completed") break;
    if (status === "Failed") throw new Error(JSON.stringify((await kit.details("search")).error));
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  const job = (await kit.job("search")) as { tags: Record<string, string>; properties: Record<string, string> };
  const best = job.tags["automl_best_child_run_id"]!;
  expect(["search_0", "search_1"]).toContain(best);
  expect(Number(job.properties["score"])).toBeGreaterThan(0.9);
  expect(await kit.children("search")).toHaveLength(2);
  expect(await kit.text("workspaceblobstore", "azureml/search/best_model/MLmodel")).toContain("sklearn");
  expect(await kit.text("workspaceartifactstore", `ExperimentRun/dcid.${best}/outputs/mlflow-model/MLmodel`)).toContain("sklearn");
  const model = await kit.sandbox.call("GET", `${kit.workspace}/models/kinds/versions/1?api-version=2023-04-01`);
  expect(model.body.properties.modelType).toBe("mlflow_model");
  expect(Object.keys(model.body.properties.flavors as object)).toContain("sklearn");
}, 240_000);
