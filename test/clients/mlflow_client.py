"""MLflow's client with a workspace's tracking URI, as Azure's documentation says. Arguments: tracking URI. One JSON line a step."""
import io
import json
import logging
import os
import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import mlflow  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag, ViewType  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402

out = sys.stdout
sys.stdout = sys.stderr
three = mlflow.__version__ >= "3"


def seen(step, value=None):
    print(json.dumps({"step": step, "value": value}), file=out, flush=True)


def refused(step, call):
    try:
        call()
        seen(step, "was not refused")
    except MlflowException as error:
        seen(step, error.error_code)


def not_modelled(step, call):
    """Refused by name, in MLflow's way to say that a server does not have a call."""
    try:
        call()
        seen(step, {"refused": "no"})
    except MlflowException as error:
        seen(step, {"refused": "ENDPOINT_NOT_FOUND" if "does not model" in str(error) else str(error)})


mlflow.set_tracking_uri(sys.argv[1])
if len(sys.argv) > 2:
    mlflow.set_registry_uri(sys.argv[1])
client = MlflowClient()
Path("folder/deep").mkdir(parents=True)
Path("folder/deep/b.txt").write_text("b")
Path("a.txt").write_text("a")
Path("model").mkdir()
Path("model/MLmodel").write_text("flavors:\n  python_function: {loader_module: x}\nmodel_uuid: abc\n")

# Experiments
experiment = client.create_experiment("iris", tags={"team": "ml"})
seen("create_experiment", experiment != "")
seen("get_experiment", [client.get_experiment(experiment).name, client.get_experiment(experiment).tags.get("team")])
seen("get_experiment_by_name", client.get_experiment_by_name("iris").experiment_id == experiment)
refused("create_experiment: again", lambda: client.create_experiment("iris"))
client.set_experiment_tag(experiment, "kind", "x")
seen("set_experiment_tag", client.get_experiment(experiment).tags.get("kind"))
spare = client.create_experiment("spare")
seen("search_experiments", [one.name for one in client.search_experiments(filter_string="name = 'iris'")])
client.rename_experiment(spare, "renamed")
seen("rename_experiment", client.get_experiment(spare).name)
client.delete_experiment(spare)
seen("delete_experiment", client.get_experiment(spare).lifecycle_stage)
client.restore_experiment(spare)
seen("restore_experiment", client.get_experiment(spare).lifecycle_stage)

# Runs
run = client.create_run(experiment, run_name="first", tags={"who": "ann"}).info.run_id
seen("create_run", client.get_run(run).info.status)
client.log_param(run, "alpha", 0.5)
client.log_metric(run, "loss", 1.0, step=0)
for step in range(1, 4):
    client.log_metric(run, "loss", 1 / (step + 1), step=step)
client.log_batch(run, metrics=[Metric("f1", 0.9, 1, 0), Metric("f1", 0.95, 2, 1)], params=[Param("depth", "3")], tags=[RunTag("colour", "red")])
data = client.get_run(run).data
seen("log_param", data.params["alpha"])
seen("log_metric", data.metrics["loss"])
seen("log_batch", [data.metrics["f1"], data.params["depth"], data.tags["colour"]])
seen("get_metric_history", [[one.step, one.value] for one in client.get_metric_history(run, "loss")])
client.log_batch(run, metrics=[Metric("many", float(n), n, n) for n in range(1000)])
seen("log_batch: 1,000 metrics", len(client.get_metric_history(run, "many")))
refused("log_param: another value", lambda: client.log_param(run, "alpha", 1))
client.set_tag(run, "stage", "one")
client.delete_tag(run, "who")
seen("set_tag", client.get_run(run).data.tags["stage"])
seen("delete_tag", "who" in client.get_run(run).data.tags)
client.update_run(run, name="renamed")
seen("update_run", client.get_run(run).info.run_name)
client.set_terminated(run, "FINISHED")
seen("set_terminated", client.get_run(run).info.status)
seen("get_run", client.get_run(run).info.experiment_id == experiment)
second = client.create_run(experiment, run_name="second").info.run_id
client.log_metric(second, "loss", 9)
seen("search_runs", [one.info.run_name for one in client.search_runs([experiment], "metrics.loss < 1 and params.depth = '3'")])
seen("search_runs: ordered", [one.info.run_name for one in client.search_runs([experiment], order_by=["metrics.loss DESC"])])
client.delete_run(second)
seen("delete_run", [one.info.run_name for one in client.search_runs([experiment])])
seen("search_runs: deleted", [one.info.run_name for one in client.search_runs([experiment], run_view_type=ViewType.DELETED_ONLY)])
client.restore_run(second)
seen("restore_run", len(client.search_runs([experiment])))
inner = client.create_run(experiment, tags={"mlflow.parentRunId": second}).info.run_id
seen("get_parent_run", client.get_parent_run(inner).info.run_id == second)
used = DatasetInput(dataset=Dataset(name="rows", digest="1", source_type="local", source="{}"), tags=[InputTag("mlflow.data.context", "train")])
client.log_inputs(second, datasets=[used])
seen("log_inputs", [one.dataset.name for one in client.get_run(second).inputs.dataset_inputs])
refused("get_run: none", lambda: client.get_run("00000000000000000000000000000000"))

# Artifacts
client.log_artifact(run, "a.txt")
client.log_artifacts(run, "folder", "in")
client.log_text(run, "text", "notes/t.txt")
client.log_dict(run, {"a": 1}, "d.json")
client.log_artifacts(run, "model", "model")
seen("log_artifact", sorted(one.path for one in client.list_artifacts(run) if not one.is_dir))
seen("log_artifacts", sorted(one.path for one in client.list_artifacts(run, "in")))
seen("log_text", mlflow.artifacts.load_text(client.get_run(run).info.artifact_uri + "/notes/t.txt"))
seen("log_dict", mlflow.artifacts.load_dict(client.get_run(run).info.artifact_uri + "/d.json"))
seen("list_artifacts", sorted(one.path for one in client.list_artifacts(run) if one.is_dir))
seen("download_artifacts", Path(client.download_artifacts(run, "in/deep/b.txt")).read_text())

# The fluent way
mlflow.set_experiment("iris")
with mlflow.start_run(run_name="fluent") as fluent:
    mlflow.log_params({"a": 1, "b": 2})
    mlflow.log_metrics({"x": 1.0, "y": 2.0}, step=3)
    mlflow.set_tags({"c": "d"})
seen("create_run: fluent", client.get_run(fluent.info.run_id).info.status)

# Registry
client.create_registered_model("iris", tags={"a": "b"}, description="flowers")
seen("create_registered_model", client.get_registered_model("iris").description)
refused("create_registered_model: again", lambda: client.create_registered_model("iris"))
version = client.create_model_version("iris", f"{client.get_run(run).info.artifact_uri}/model", run, tags={"v": "1"})
seen("create_model_version", [version.version, version.run_id == run])
seen("get_model_version", client.get_model_version("iris", version.version).tags.get("v"))
seen("get_registered_model", client.get_registered_model("iris").tags.get("a"))
seen("search_registered_models", [one.name for one in client.search_registered_models()])
seen("search_model_versions", [one.version for one in client.search_model_versions("name = 'iris'")])
seen("get_model_version_download_uri", "model" in client.get_model_version_download_uri("iris", version.version))
client.update_model_version("iris", version.version, description="good")
seen("update_model_version", client.get_model_version("iris", version.version).description)
client.set_model_version_tag("iris", version.version, "w", "2")
seen("set_model_version_tag", client.get_model_version("iris", version.version).tags.get("w"))
client.delete_model_version_tag("iris", version.version, "w")
seen("delete_model_version_tag", client.get_model_version("iris", version.version).tags.get("w"))
client.set_registered_model_tag("iris", "t", "u")
seen("set_registered_model_tag", client.get_registered_model("iris").tags.get("t"))
client.delete_registered_model_tag("iris", "t")
seen("delete_registered_model_tag", client.get_registered_model("iris").tags.get("t"))
client.update_registered_model("iris", description="more flowers")
seen("update_registered_model", client.get_registered_model("iris").description)
client.set_registered_model_alias("iris", "best", version.version)
seen("set_registered_model_alias", client.get_model_version_by_alias("iris", "best").version)
seen("get_model_version_by_alias", client.get_model_version_by_alias("iris", "best").version)
client.delete_registered_model_alias("iris", "best")
seen("delete_registered_model_alias", client.get_registered_model("iris").aliases)
client.transition_model_version_stage("iris", version.version, "Production")
seen("transition_model_version_stage", client.get_model_version("iris", version.version).current_stage)
seen("get_latest_versions", [one.version for one in client.get_latest_versions("iris")])
local = Path(mlflow.artifacts.download_artifacts("models:/iris/1"))
seen("download_artifacts: a registered model", sorted(path.name for path in local.rglob("*") if path.is_file()))
again = mlflow.register_model(f"runs:/{run}/model", "iris")
seen("create_model_version: register_model", again.version)
copied = client.copy_model_version("models:/iris/1", "iris-copy")
seen("copy_model_version", [copied.name, copied.version])
client.delete_registered_model("iris-copy")
seen("get_model_version_stages", client.get_model_version_stages("iris", "1"))
refused("rename_registered_model", lambda: client.rename_registered_model("iris", "rose"))
client.delete_model_version("iris", again.version)
seen("delete_model_version", [one.version for one in client.search_model_versions("name = 'iris'")])
client.delete_registered_model("iris")
seen("delete_registered_model", [one.name for one in client.search_registered_models()])
if three:
    logged = client.create_logged_model(experiment, name="logged", source_run_id=run, params={"p": "1"})
    client.log_model_artifacts(logged.model_id, "model")
    client.log_model_artifact(logged.model_id, "a.txt")
    seen("log_model_artifacts", True)
    seen("log_model_artifact", sorted(one.path for one in client.list_logged_model_artifacts(logged.model_id)))
    seen("list_logged_model_artifacts", True)
    client.log_model_params(logged.model_id, {"q": "2"})
    client.set_logged_model_tags(logged.model_id, {"a": "b", "c": "d"})
    client.delete_logged_model_tag(logged.model_id, "a")
    client.finalize_logged_model(logged.model_id, "READY")
    seen("create_logged_model", client.get_logged_model(logged.model_id).status.value)
    seen("finalize_logged_model", True)
    seen("get_logged_model", client.get_logged_model(logged.model_id).name)
    seen("log_model_params", client.get_logged_model(logged.model_id).params)
    tags = client.get_logged_model(logged.model_id).tags
    seen("set_logged_model_tags", tags.get("c"))
    seen("delete_logged_model_tag", tags.get("a"))
    seen("search_logged_models", [one.name for one in client.search_logged_models([experiment])])
    from mlflow.entities import LoggedModelOutput

    client.log_outputs(run, [LoggedModelOutput(model_id=logged.model_id, step=0)])
    seen("log_outputs", [one.model_id == logged.model_id for one in client.get_run(run).outputs.model_outputs])
    client.delete_logged_model(logged.model_id)
    seen("delete_logged_model", [one.name for one in client.search_logged_models([experiment])])
    client.delete_experiment_tag(experiment, "kind")
    seen("delete_experiment_tag", client.get_experiment(experiment).tags.get("kind"))
    client.log_stream(run, io.BytesIO(b"streamed"), "s.txt")
    seen("log_stream", mlflow.artifacts.load_text(client.get_run(run).info.artifact_uri + "/s.txt"))
    not_modelled("create_dataset", lambda: client.create_dataset("rows", [experiment]))
    not_modelled("search_datasets", lambda: client.search_datasets([experiment]))
    not_modelled("list_webhooks", lambda: client.list_webhooks())
    not_modelled("link_traces_to_run", lambda: client.link_traces_to_run(["tr-1"], run))
    not_modelled("list_workspaces", lambda: client.list_workspaces())
    not_modelled("search_mcp_servers", lambda: client.search_mcp_servers())
not_modelled("get_trace", lambda: client.get_trace("tr-1"))
not_modelled("search_traces", lambda: client.search_traces([experiment]))
not_modelled("delete_traces", lambda: client.delete_traces(experiment, max_timestamp_millis=1))
not_modelled("set_trace_tag", lambda: client.set_trace_tag("tr-1", "a", "b"))
not_modelled("delete_trace_tag", lambda: client.delete_trace_tag("tr-1", "a"))
