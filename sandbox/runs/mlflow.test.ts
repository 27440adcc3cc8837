// The official MLflow clients in jobs: azureml-mlflow with MLflow 2, as Azure has it, and MLflow 3 alone.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { commandJob, jobSandbox, type JobSandbox } from "../jobs/testing.ts";

let kit: JobSandbox;
beforeAll(async () => {
  kit = await jobSandbox(2);
}, 60_000);
afterAll(async () => await kit.sandbox.stop());

const script = `
import json, os, pathlib, sys, mlflow
from mlflow import MlflowClient
name = sys.argv[1]
model = pathlib.Path("model"); model.mkdir()
(model / "MLmodel").write_text("artifact_path: model\\nflavors:\\n  python_function: {loader_module: x, env: {a: b}}\\nmodel_uuid: abc\\n")
(model / "data.bin").write_text("weights")
with mlflow.start_run() as run:
    mlflow.log_params({"alpha": 0.5, "kind": "tree"})
    for step in range(3): mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.log_metrics({"nan": float("nan"), "inf": float("inf")})
    mlflow.set_tag("who", "it's")
    mlflow.log_text("hello", "notes/a.txt")
    mlflow.log_artifacts(str(model), "model")
    with mlflow.start_run(nested=True, run_name="child") as child: mlflow.log_metric("loss", 9)
client = MlflowClient()
seen = client.get_run(run.info.run_id)
version = mlflow.register_model(f"runs:/{run.info.run_id}/model", name, tags={"stage": "x"})
client.set_registered_model_alias(name, "best", version.version)
local = pathlib.Path(mlflow.artifacts.download_artifacts(f"models:/{name}/{version.version}"))
experiment = [run.info.experiment_id]
print(json.dumps({
    "run": run.info.run_id, "status": seen.info.status, "params": seen.data.params, "loss": seen.data.metrics["loss"],
    "history": [[m.step, m.value] for m in client.get_metric_history(run.info.run_id, "loss")],
    "files": sorted(f.path for f in client.list_artifacts(run.info.run_id)), "inside": sorted(f.path for f in client.list_artifacts(run.info.run_id, "model")),
    "text": mlflow.artifacts.load_text(run.info.artifact_uri + "/notes/a.txt"),
    "version": [version.version, version.run_id], "weights": (local / "data.bin").read_text(), "alias": client.get_model_version_by_alias(name, "best").version,
    "found": [r.info.run_id for r in client.search_runs(experiment, "metrics.loss < 1 and tags.who = 'it''s'")],
    "children": [r.info.run_name for r in client.search_runs(experiment, f"tags.mlflow.parentRunId = '{run.info.run_id}'")],
    "ordered": [r.data.metrics["loss"] for r in client.search_runs(experiment, order_by=["metrics.loss DESC"])],
    "versions": [v.version for v in client.search_model_versions(f"name='{name}'")],
}))
if mlflow.__version__ >= "3":
    logged = client.create_logged_model(run.info.experiment_id, name="logged", source_run_id=run.info.run_id, params={"p": "1"})
    client.log_model_artifacts(logged.model_id, str(model))
    client.finalize_logged_model(logged.model_id, "READY")
    from_model = mlflow.register_model(f"models:/{logged.model_id}", name)
    print(json.dumps({"logged": [client.get_logged_model(logged.model_id).status.value, [m.name for m in client.search_logged_models(experiment)], from_model.version]}))
try:
    client.log_param(run.info.run_id, "alpha", 1)
except mlflow.exceptions.MlflowException as error:
    print(json.dumps({"refused": error.error_code}))
`;

const clients = [
  ["mlflow2", ["mlflow-skinny==2.22.5", "azureml-mlflow==1.62.0.post6"], "azureml"],
  ["mlflow3", ["mlflow-skinny==3.15.0"], "https"],
] as const;

test("both jobs are taken", async () => {
  for (const [name, packages] of clients) {
    const environment = await kit.put(`environments/${name}/versions/1`, {
      image: "python:3.11",
      condaFile: JSON.stringify({ dependencies: ["python=3.11", { pip: packages }] }),
    });
    expect(environment.status).toBe(201);
    const codeId = await kit.code(name, { "log.py": script });
    await kit.submit(
      name,
      commandJob(`python log.py model-${name} 2>err.txt || { cat err.txt; exit 1; }; echo uri $MLFLOW_TRACKING_URI`, {
        codeId,
        environmentId: `azureml:${name}:1`,
        experimentName: `experiment-${name}`,
      }),
    );
  }
});

test.each(clients.map(([name, , scheme]) => [name, scheme] as const))(
  "%s in a job",
  async (name, scheme) => {
    await kit.until(name, "Completed");
    const log = await kit.log(name);
    expect(log).toContain(`uri ${scheme}://localhost:`);
    const said = Object.assign(
      {},
      ...log
        .split("\n")
        .filter((line) => line.startsWith("{"))
        .map((line) => JSON.parse(line) as object),
    ) as Record<string, unknown>;
    expect(said).toMatchObject({
      run: name,
      status: "RUNNING",
      params: { alpha: "0.5", kind: "tree" },
      loss: 1 / 3,
      history: [
        [0, 1],
        [1, 0.5],
        [2, 1 / 3],
      ],
      files: ["model", "notes"],
      inside: ["model/MLmodel", "model/data.bin"],
      text: "hello",
      version: ["1", name],
      weights: "weights",
      alias: "1",
      found: [name],
      children: ["child"],
      ordered: [9, 1 / 3],
      versions: ["1"],
      refused: "INVALID_PARAMETER_VALUE",
    });
    expect(said["logged"]).toEqual(scheme === "https" ? ["READY", ["logged"], "2"] : undefined);

    // What MLflow registered is the workspace's own model, with its lineage.
    const model = await kit.sandbox.call("GET", `${kit.workspace}/models/model-${name}/versions/1`);
    expect(model.body.properties).toMatchObject({
      jobName: name,
      modelType: "mlflow_model",
      modelUri: expect.stringContaining(`/workspaceartifactstore/paths/ExperimentRun/dcid.${name}/model`),
      tags: { stage: "x" },
      flavors: { python_function: { data: { loader_module: "x", env: '{"a":"b"}' } } },
    });
    const run = await kit.sandbox.call("GET", `/mlflow/v2.0${kit.workspace}/api/2.0/mlflow/runs/get?run_id=${name}`);
    expect(run.body.run.info.status).toBe("FINISHED");
    expect(run.body.run.data.metrics).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ key: "nan", value: "NaN" }),
        expect.objectContaining({ key: "inf", value: "Infinity" }),
      ]),
    );
  },
  120_000,
);

test("what the tracking server refuses", async () => {
  const call = async (method: string, path: string, body?: object) =>
    await kit.sandbox.call(method, `/mlflow/v2.0${kit.workspace}/api/2.0/mlflow/${path}`, body);
  expect(await call("GET", "runs/get?run_id=none")).toMatchObject({ status: 404, body: { error_code: "RESOURCE_DOES_NOT_EXIST" } });
  expect(await call("POST", "runs/log-metric", { run_id: "none" })).toMatchObject({ status: 404 });
  expect(await call("POST", "experiments/create", {})).toMatchObject({ status: 400, body: { error_code: "INVALID_PARAMETER_VALUE" } });
  expect(await call("POST", "runs/search", { experiment_ids: [], filter: "nonsense" })).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining("nonsense") },
  });
  expect(await call("POST", "model-versions/create", { name: "m", source: "file:///etc/passwd" })).toMatchObject({ status: 400 });
  expect(await call("POST", "nothing/here", {})).toMatchObject({ status: 404, body: { error_code: "ENDPOINT_NOT_FOUND" } });
  const unsigned = await fetch(`${kit.sandbox.info.armEndpoint}mlflow/v2.0${kit.workspace}/api/2.0/mlflow/experiments/search`);
  expect(unsigned.status).toBe(401);
});

test("artifact paths stay in their run's folder", async () => {
  const at = (path: string) => `/mlflow/v1.0${kit.workspace}/api/2.0/mlflow-artifacts/artifacts/${path}`;
  for (const path of ["e/r/artifacts/..%2F..%2Fother", "e/r/artifacts/%2E%2E/x", "elsewhere", "e/r/artifacts/a%00b"])
    expect((await kit.sandbox.call("PUT", at(path), "x")).status).toBe(400);
});
