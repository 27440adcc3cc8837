// MLflow and scikit-learn, unpatched, at a workspace: a model logged, registered, loaded again, deployed. MLflow 2 with azureml-mlflow, and MLflow 3.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { sandboxEnv } from "../../sandbox/control.ts";
import { testSandbox, type TestSandbox, workspaceIn } from "../../sandbox/testing.ts";
import { keepMlflow, mlflowSteps, tracking } from "./mlflow.ts";

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await testSandbox();
}, 60_000);
afterAll(async () => await sandbox.stop());

const steps = {
  "create_model_version: sklearn.log_model": "1",
  "download_artifacts: sklearn.load_model": [true, true, true, true, true, true],
  "download_artifacts: pyfunc.load_model": true,
  log_table: ["table.json"],
  load_table: [1, 2],
  log_image: ["image.png"],
  log_figure: ["figure.png"],
  "search_runs: as a table": true,
};
const deployed = {
  "deployments.create_endpoint": ["iris-mlflow"],
  "deployments.create_deployment": ["blue"],
  "deployments.predict": [0, 0, 0],
  "deployments.delete_endpoint": [],
};
const packages = ["scikit-learn==1.9.1", "pandas==2.3.3", "matplotlib==3.11.2", "pillow==13.0.0"];

test("MLflow 2 with azureml-mlflow, through the proxy; a deployment by mlflow.deployments", async () => {
  const uri = tracking.azure(await workspaceIn(sandbox, "skltwo"));
  const seen = mlflowSteps("two", "mlflow_models.py", [uri, "deploy"], await sandboxEnv(sandbox.dir, "proxy"), packages);
  expect(seen).toEqual({ ...steps, ...deployed });
  keepMlflow("two", "models", seen);
}, 420_000);

test("MLflow 3 alone, with a token", async () => {
  const id = await workspaceIn(sandbox, "sklthree");
  const { uri, env } = await tracking.direct(sandbox, id);
  const seen = mlflowSteps("three", "mlflow_models.py", [uri], env, [...packages, "skops==0.16.0"]);
  expect(seen).toEqual(steps);
  keepMlflow("three", "models", seen);
}, 420_000);
