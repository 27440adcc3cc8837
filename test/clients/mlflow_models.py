"""What a data scientist does with MLflow and scikit-learn at a workspace: logs a model, registers it, loads it again. Argument: tracking URI."""
import json
import logging
import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import matplotlib.figure  # noqa: E402
import mlflow  # noqa: E402
import numpy  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.deployments import get_deploy_client  # noqa: E402
from sklearn.datasets import load_iris  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402

matplotlib.use("Agg")
out = sys.stdout
sys.stdout = sys.stderr


def seen(step, value=None):
    print(json.dumps({"step": step, "value": value}), file=out, flush=True)


mlflow.set_tracking_uri(sys.argv[1])
client = MlflowClient()
x, y = load_iris(return_X_y=True, as_frame=True)
fitted = LogisticRegression(max_iter=200).fit(x, y)
wanted = fitted.predict(x).tolist()
mlflow.set_experiment("iris")
with mlflow.start_run() as run:
    signature = mlflow.models.infer_signature(x, fitted.predict(x))
    name = {"name": "model"} if mlflow.__version__ >= "3" else {"artifact_path": "model"}
    requirements = ["scikit-learn"]
    logged = mlflow.sklearn.log_model(fitted, signature=signature, registered_model_name="iris", pip_requirements=requirements, **name)
    mlflow.log_metric("accuracy", fitted.score(x, y))
    mlflow.log_table({"a": [1, 2]}, "table.json")
    mlflow.log_image(numpy.zeros((2, 2, 3), dtype="uint8"), "image.png")
    mlflow.log_figure(matplotlib.figure.Figure(), "figure.png")
run = run.info.run_id
seen("create_model_version: sklearn.log_model", client.get_model_version("iris", "1").version)
client.set_registered_model_alias("iris", "best", "1")
client.transition_model_version_stage("iris", "1", "Production")
addresses = [logged.model_uri, f"runs:/{run}/model", "models:/iris/1", "models:/iris/latest", "models:/iris@best", "models:/iris/Production"]
seen("download_artifacts: sklearn.load_model", [mlflow.sklearn.load_model(one).predict(x).tolist() == wanted for one in addresses])
seen("download_artifacts: pyfunc.load_model", mlflow.pyfunc.load_model("models:/iris/1").predict(x).tolist() == wanted)
seen("log_table", sorted(one.path for one in client.list_artifacts(run) if one.path.endswith("json")))
seen("load_table", mlflow.load_table("table.json", run_ids=[run])["a"].tolist())
seen("log_image", sorted(one.path for one in client.list_artifacts(run) if one.path.startswith("image")))
seen("log_figure", sorted(one.path for one in client.list_artifacts(run) if one.path.startswith("figure")))
found = mlflow.search_runs(filter_string="metrics.accuracy > 0.9 and attributes.status = 'FINISHED'", order_by=["start_time DESC"])
seen("search_runs: as a table", found["run_id"].tolist() == [run])
if len(sys.argv) > 2:  # through azureml-mlflow, which has a client of online endpoints
    deployments = get_deploy_client(sys.argv[1])
    deployments.create_endpoint("iris-mlflow")
    seen("deployments.create_endpoint", [one["name"] for one in deployments.list_endpoints()])
    Path("deploy.json").write_text('{"instance_type": "Standard_DS3_v2", "instance_count": 1}')
    deployments.create_deployment("blue", "models:/iris/1", endpoint="iris-mlflow", config={"deploy-config-file": "deploy.json"})
    seen("deployments.create_deployment", [one["name"] for one in deployments.list_deployments("iris-mlflow")])
    seen("deployments.predict", deployments.predict(endpoint="iris-mlflow", deployment_name="blue", df=x.head(3)).iloc[:, 0].tolist())
    deployments.delete_endpoint("iris-mlflow")
    seen("deployments.delete_endpoint", [one["name"] for one in deployments.list_endpoints()])
