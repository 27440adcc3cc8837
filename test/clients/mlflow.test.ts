// MLflow's client, unpatched, at a workspace's tracking URI: MLflow 2 with azureml-mlflow, as Azure's documentation has it, and MLflow 3 alone.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { sandboxEnv } from "../../sandbox/control.ts";
import { testSandbox, type TestSandbox, workspaceIn } from "../../sandbox/testing.ts";
import { keepMlflow, mlflowSteps, tracking } from "./mlflow.ts";

/** Calls that the workspace's tracking server does not have. */
function notModelled(steps: string): Record<string, object> {
  return Object.fromEntries(steps.split(" ").map((step) => [step, { refused: "ENDPOINT_NOT_FOUND" }]));
}

const expected: Record<string, unknown> = {
  create_experiment: true,
  get_experiment: ["iris", "ml"],
  get_experiment_by_name: true,
  "create_experiment: again": "RESOURCE_ALREADY_EXISTS",
  set_experiment_tag: "x",
  search_experiments: ["iris"],
  rename_experiment: "renamed",
  delete_experiment: "deleted",
  restore_experiment: "active",
  create_run: "RUNNING",
  log_param: "0.5",
  log_metric: 0.25,
  log_batch: [0.95, "3", "red"],
  get_metric_history: [[0, 1], [1, 0.5], [2, 1 / 3], [3, 0.25]], // prettier-ignore
  "log_batch: 1,000 metrics": 1000,
  "log_param: another value": "INVALID_PARAMETER_VALUE",
  set_tag: "one",
  delete_tag: false,
  update_run: "renamed",
  set_terminated: "FINISHED",
  get_run: true,
  search_runs: ["renamed"],
  "search_runs: ordered": ["second", "renamed"],
  delete_run: ["renamed"],
  "search_runs: deleted": ["second"],
  restore_run: 2,
  get_parent_run: true,
  log_inputs: ["rows"],
  "get_run: none": "RESOURCE_DOES_NOT_EXIST",
  log_artifact: ["a.txt", "d.json"],
  log_artifacts: ["in/deep"],
  log_text: "text",
  log_dict: { a: 1 },
  list_artifacts: ["in", "model", "notes"],
  download_artifacts: "b",
  "create_run: fluent": "FINISHED",
  create_registered_model: "flowers",
  "create_registered_model: again": "RESOURCE_ALREADY_EXISTS",
  create_model_version: ["1", true],
  get_model_version: "1",
  get_registered_model: "b",
  search_registered_models: ["iris"],
  search_model_versions: ["1"],
  get_model_version_download_uri: true,
  update_model_version: "good",
  set_model_version_tag: "2",
  delete_model_version_tag: null,
  set_registered_model_tag: "u",
  delete_registered_model_tag: null,
  update_registered_model: "more flowers",
  set_registered_model_alias: "1",
  get_model_version_by_alias: "1",
  delete_registered_model_alias: {},
  transition_model_version_stage: "Production",
  get_latest_versions: ["1"],
  "download_artifacts: a registered model": ["MLmodel", "registered_model_meta"],
  "create_model_version: register_model": "2",
  copy_model_version: ["iris-copy", "1"],
  get_model_version_stages: ["None", "Staging", "Production", "Archived"],
  rename_registered_model: "INVALID_PARAMETER_VALUE",
  delete_model_version: ["1"],
  delete_registered_model: [],
  ...notModelled("get_trace search_traces delete_traces set_trace_tag delete_trace_tag"),
};
const onlyThree = {
  log_model_artifacts: true,
  log_model_artifact: ["MLmodel", "a.txt"],
  list_logged_model_artifacts: true,
  create_logged_model: "READY",
  finalize_logged_model: true,
  get_logged_model: "logged",
  log_model_params: { p: "1", q: "2" },
  set_logged_model_tags: "d",
  delete_logged_model_tag: null,
  search_logged_models: ["logged"],
  log_outputs: [true],
  delete_logged_model: [],
  delete_experiment_tag: null,
  log_stream: "streamed",
  ...notModelled("create_dataset search_datasets list_webhooks link_traces_to_run list_workspaces search_mcp_servers"),
};

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await testSandbox();
}, 60_000);
afterAll(async () => await sandbox.stop());

test("azureml-mlflow, through the proxy: it signs in at Microsoft's own address and downloads from Azure's blob addresses only", async () => {
  const uri = tracking.azure(await workspaceIn(sandbox, "rgtwo"));
  const seen = mlflowSteps("two", "mlflow_client.py", [uri], await sandboxEnv(sandbox.dir, "proxy"));
  expect(seen).toEqual(expected);
  keepMlflow("two", undefined, seen);
}, 240_000);

test("MLflow 3 alone, with a token", async () => {
  const { uri, env } = await tracking.direct(sandbox, await workspaceIn(sandbox, "rgthree"));
  const seen = mlflowSteps("three", "mlflow_client.py", [uri], env);
  expect(seen).toEqual({ ...expected, ...onlyThree });
  keepMlflow("three", undefined, seen);
}, 240_000);
