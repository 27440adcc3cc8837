// MLflow's client, unpatched, at a workspace's tracking URI: MLflow 2 with azureml-mlflow, as Azure's documentation has it, and MLflow 3 alone.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { sandboxEnv } from "../../sandbox/control.ts";
import { testSandbox, type TestSandbox, workspaceIn } from "../../sandbox/testing.ts";
import { pythonWith } from "../python.ts";
import { kept, Notes } from "./kept.ts";
import { runPython } from "./venv.ts";

const clients = {
  two: {
    client: "mlflow with azureml-mlflow",
    version: "2.22.5, 1.62.0.post6",
    packages: ["mlflow-skinny==2.22.5", "azureml-mlflow==1.62.0.post6"],
  },
  three: { client: "mlflow", version: "3.15.0", packages: ["mlflow-skinny==3.15.0"] },
} as const;
type Name = keyof typeof clients;

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
  delete_model_version: ["1"],
  delete_registered_model: [],
};
const loggedModels = { create_logged_model: "READY", search_logged_models: ["logged"] };

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await testSandbox();
}, 60_000);
afterAll(async () => await sandbox.stop());

const python = (name: Name): string => pythonWith(`test-mlflow-${name}`, clients[name].packages);

function seenBy(name: Name, uri: string, env: Record<string, string>): Record<string, unknown> {
  const script = path.join(import.meta.dirname, "mlflow_client.py");
  const ran = runPython(python(name), script, [uri], env, mkdtempSync(path.join(tmpdir(), "mlflow-")));
  const lines = ran.stdout.split("\n").filter((line) => line !== "");
  const seen = Object.fromEntries(
    lines.map((line) => JSON.parse(line) as { step: string; value: unknown }).map(({ step, value }) => [step, value]),
  );
  if (ran.status !== 0) throw new Error(`after "${Object.keys(seen).at(-1)}":\n${ran.stderr.slice(-4000)}`);
  return seen;
}

function keep(name: Name, steps: object): void {
  const { client, version } = clients[name];
  const notes = new Notes();
  for (const step of Object.keys(steps)) notes.works(step);
  const [was, is] = kept(`mlflow.${name}`, { client, version, operations: notes.operations });
  expect(was).toEqual(is);
  const ran = runPython(python(name), path.join(import.meta.dirname, "mlflow_operations.py"), [], {}, tmpdir());
  const [wasAll, isAll] = kept(`mlflow.${name}.all`, { client, version, all: ran.stdout.trim().split("\n") });
  expect(wasAll).toEqual(isAll);
}

test("azureml-mlflow, through the proxy: it signs in at Microsoft's own address and downloads from Azure's blob addresses only", async () => {
  const id = await workspaceIn(sandbox, "rgtwo");
  // What `ml.workspaces.get(name).mlflow_tracking_uri` is for a client that came through the proxy.
  const uri = `azureml://westeurope.api.azureml.ms/mlflow/v1.0${id}`;
  const seen = seenBy("two", uri, await sandboxEnv(sandbox.dir, "proxy"));
  expect(seen).toEqual(expected);
  keep("two", seen);
}, 240_000);

test("MLflow 3 alone, with a token", async () => {
  const id = await workspaceIn(sandbox, "rgthree");
  const base = sandbox.info.armEndpoint.replace(/\/$/, "");
  const env = await sandboxEnv(sandbox.dir, "python");
  const seen = seenBy("three", `${base}/mlflow/v1.0${id}`, { ...env, MLFLOW_TRACKING_TOKEN: await sandbox.token(base) });
  expect(seen).toEqual({ ...expected, ...loggedModels });
  keep("three", seen);
}, 240_000);
