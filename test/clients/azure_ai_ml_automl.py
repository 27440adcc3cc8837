"""Automated ML with azure-ai-ml, as its documentation says: searches over scikit-learn's models on tables."""
import time

from azure_ai_ml_kit import client, files, not_modelled, seen, write
from azure.ai.ml import Input, automl
from azure.ai.ml.entities import AmlCompute, Model, Workspace

rows = "\n".join(f"{n % 10},{['red', 'blue'][n % 2]},{(n * 7) % 13},{'high' if n % 10 > 4 else 'low'},{(n % 10) * 2 + 1}" for n in range(90))
write("table/rows.csv", f"size,colour,noise,kind,price\n{rows}\n")
write("table/MLTable", "paths:\n  - file: ./rows.csv\ntransformations:\n  - read_delimited: {delimiter: ','}\n")

client().workspaces.begin_create(Workspace(name="automl", location="westeurope")).result()
ml = client("automl")
ml.compute.begin_create_or_update(AmlCompute(name="cpu-cluster", size="Standard_DS3_v2", max_instances=2)).result()
base = {"compute": "cpu-cluster", "experiment_name": "automl", "training_data": Input(type="mltable", path="table"), "n_cross_validations": 2}


def searched(job, algorithms):
    job.set_limits(max_trials=2, max_concurrent_trials=2, timeout_minutes=10, trial_timeout_minutes=5)
    job.set_training(allowed_training_algorithms=algorithms, enable_stack_ensemble=False, enable_vote_ensemble=False)
    made = ml.jobs.create_or_update(job)
    while (now := ml.jobs.get(made.name)).status not in ("Completed", "Failed", "Canceled"):
        time.sleep(0.5)
    return now


job = searched(
    automl.classification(target_column_name="kind", primary_metric="accuracy", **base), ["decision_tree", "logistic_regression"]
)
best = job.tags.get("automl_best_child_run_id")
seen("jobs.create_or_update: automl, classification", status=job.status, score=float(job.properties["score"]) > 0.9, best=bool(best),
     trials=len(list(ml.jobs.list(parent_job_name=job.name))))
ml.jobs.download(best, download_path="best")
seen("jobs.download: the best trial's files", mlmodel=any(one.endswith("mlflow-model/MLmodel") for one in files("best")))
path = f"azureml://jobs/{best}/outputs/artifacts/outputs/mlflow-model/"
model = ml.models.create_or_update(Model(name="kinds", path=path, type="mlflow_model"))
seen("models.create_or_update: automl's best model", type=model.type)
job = searched(
    automl.regression(target_column_name="price", primary_metric="r2_score", **base), ["decision_tree", "elastic_net"]
)
seen("jobs.create_or_update: automl, regression", status=job.status, score=float(job.properties["score"]) > 0.9)
forecast = automl.forecasting(target_column_name="price", **base)
forecast.set_forecast_settings(time_column_name="size", forecast_horizon=3)
not_modelled("jobs.create_or_update: automl, forecasting", lambda: ml.jobs.create_or_update(forecast))
