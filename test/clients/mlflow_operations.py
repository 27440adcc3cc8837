"""Prints every public operation of MLflow's client, one a line."""
import inspect

import mlflow

for name, _ in inspect.getmembers(mlflow.MlflowClient, inspect.isfunction):
    if not name.startswith("_"):
        print(name)
