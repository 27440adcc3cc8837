// Automated ML as `mlops train` meets it: which file is a search, and what a finished one says of its best trial.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { connect } from "../../azure/client.ts";
import { findModel, openModel } from "../../azure/models.ts";
import { jobSandbox, type JobSandbox } from "../../sandbox/jobs/testing.ts";
import { type Call, UsageError } from "../command.ts";
import { searchOf, searchTable } from "./automl.ts";
import { jobFile, variantOfJob } from "./job.ts";
import { modelOf } from "./model.ts";
import { automlEvidence } from "./release/automlEvidence.ts";
import { gateRules } from "./release/gate.ts";
import { jobOf } from "./watch/job.ts";
import { openWorkspace, type Workspace } from "./workspace.ts";

const repo = resolve(import.meta.dirname, "../..");
const signal = new AbortController().signal;
const call = (options: Record<string, unknown>): Call => ({
  ...{ args: [], options, repo, signal },
  out: { json: false, progress: () => undefined, print: () => undefined, result: () => undefined },
});

test("the job's file says how the model is made, whichever way it is named", async () => {
  expect(await jobFile(call({}), "project", [])).toMatchObject({ path: "project/mlops/pipeline.yml", variant: "pipeline" });
  expect(await jobFile(call({ automl: true }), "project", ["limits.max_trials=3"])).toMatchObject({
    path: "project/mlops/automl.yml",
    variant: "automl",
  });
  expect(await jobFile(call({ pipeline: "project/mlops/automl.yml" }), "project", [])).toMatchObject({ variant: "automl" });
  await expect(jobFile(call({ automl: true, pipeline: "project/mlops/automl.yml" }), "project", [])).rejects.toThrow(UsageError);
  await expect(jobFile(call({ automl: true }), "project", ["limits.max_trails=3"])).rejects.toThrow(/max_trails/);
});

test("each kind has a gate of its own, and a project without one for automated ML has none", async () => {
  expect(gateRules(repo, "project", "automl")).toMatchObject({
    path: "project/mlops/automl-gate.yml",
    rules: { metrics: { r2_score: { min: 0.4 } } },
  });
  expect(gateRules(repo, "project", "pipeline")).toMatchObject({
    path: "project/mlops/gate.yml",
    rules: { metrics: { r2: { min: 0.4 } } },
  });
  expect(gateRules(repo, "test/other-project", "automl")).toBeUndefined();
});

let kit: JobSandbox;
let workspace: Workspace;
beforeAll(async () => {
  kit = await jobSandbox(2);
  const { tenantId, subscriptionId, clientId, clientSecretFile, metadataUrl, armEndpoint } = kit.sandbox.info;
  const azure = await connect({
    AZURE_TENANT_ID: tenantId,
    AZURE_SUBSCRIPTION_ID: subscriptionId,
    AZURE_CLIENT_ID: clientId,
    AZURE_CLIENT_SECRET: readFileSync(clientSecretFile, "utf8"),
    ARM_CLOUD_METADATA_URL: metadataUrl,
    AZURE_AUTHORITY_HOST: armEndpoint,
  });
  const [, , , , resourceGroupName, , , , workspaceName] = kit.workspace.split("/");
  workspace = openWorkspace(azure, "dev", { resourceGroupName: resourceGroupName!, workspaceName: workspaceName! });
}, 60_000);
afterAll(async () => await kit?.sandbox.stop());

test("a finished search: its best trial's metrics and parameters, the data's version, and its model, registered once", async () => {
  const store = await kit.store("workspaceblobstore");
  for (const name of ["MLTable", "diabetes.csv"]) {
    const text = readFileSync(resolve(repo, "project/data", name), "utf8");
    await store.getBlockBlobClient(`table/${name}`).upload(text, Buffer.byteLength(text));
  }
  const data = { dataType: "mltable", dataUri: "azureml://datastores/workspaceblobstore/paths/table/" };
  expect((await kit.put("data/diabetes-table/versions/3", data)).status).toBe(201);
  await kit.submit("search", {
    jobType: "AutoML",
    computeId: "cpu-cluster",
    experimentName: "tests",
    taskDetails: {
      taskType: "Regression",
      targetColumnName: "target",
      primaryMetric: "NormalizedRootMeanSquaredError",
      trainingData: { jobInputType: "mltable", uri: `${kit.workspace}/data/diabetes-table/versions/3` },
      limitSettings: { maxTrials: 2, maxConcurrentTrials: 2 },
      nCrossValidations: { mode: "Custom", value: 2 },
      trainingSettings: { allowedTrainingAlgorithms: ["DecisionTree", "ElasticNet"] },
    },
  });
  while ((await kit.job("search"))["status"] !== "Completed") {
    if ((await kit.job("search"))["status"] === "Failed") throw new Error(await kit.log("search"));
    await new Promise((wait) => setTimeout(wait, 300));
  }

  expect(await variantOfJob(workspace, "search")).toBe("automl");
  const search = await searchOf(workspace, "search");
  expect(search.best.model).toMatch(/ElasticNet$/);
  expect(search.trials.map(({ runId }) => runId)).toEqual(["search_0", "search_1"]);
  expect(searchTable(search)).toMatch(/best\s+search_\d\s+.*ElasticNet\s+0\.\d+[^]*r2_score\s+0\.4/);

  const evidence = await automlEvidence(workspace, "search", signal);
  expect(evidence).toMatchObject({
    metrics: { r2_score: expect.any(Number), root_mean_squared_error: expect.any(Number) },
    data: [{ name: "diabetes-table", version: "3" }],
    parameters: { task: "Regression", target: "target", trials: "2", best_trial: search.best.runId, n_cross_validations: "2" },
    trainedBy: [{ id: kit.sandbox.info.objectId }],
  });
  expect(evidence.metrics["r2_score"]).toBeGreaterThan(0.4);

  const steps = search.trials.map(({ runId }) => ({ runId, name: runId, status: "Completed", seconds: 1 }));
  const model = await modelOf(workspace, "search", steps, "diabetes");
  expect(model).toMatchObject({ name: "diabetes", version: "1" });
  expect(await modelOf(workspace, "search", steps, "diabetes")).toEqual(model);
  await kit.sandbox.grant("Storage Blob Data Reader");
  const registered = (await findModel(workspace.azure, model.id))!;
  expect(registered.properties).toMatchObject({ modelType: "mlflow_model", jobName: "search" });
  expect((await openModel(workspace.azure, registered)).paths).toEqual(expect.arrayContaining(["MLmodel", "model.pkl"]));
  expect(await jobOf(workspace, "diabetes", "1")).toBe("search");
}, 240_000);
