"""The train step: what it learns, what it logs, and what the saved model knows of itself."""

from __future__ import annotations

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.models import Model


@pytest.fixture()
def trained(component, table, tracking, tmp_path):
    """A model folder and the run that made it."""
    (tmp_path / "train").mkdir()
    table.to_csv(tmp_path / "train" / "data.csv", index=False)
    component("train").main(tmp_path / "train", tmp_path / "model", alpha=0.5, l1_ratio=0.7, degree=1, folds=3)
    return tmp_path / "model", tracking.get_run(mlflow.last_active_run().info.run_id)


def test_parameters_and_metrics_are_logged(trained):
    _, run = trained
    assert run.data.params == {"alpha": "0.5", "l1_ratio": "0.7", "degree": "1", "folds": "3"}
    assert run.data.metrics["train_rows"] == 442
    assert 0.35 < run.data.metrics["cv_r2"] < 0.6
    assert run.info.status == "FINISHED"


def test_the_model_knows_its_run_its_inputs_and_its_packages(trained):
    folder, run = trained
    model = Model.load(folder)
    assert (model.run_id, model.artifact_path) == (run.info.run_id, "model")
    assert model.signature.inputs.input_names() == "age sex bmi bp s1 s2 s3 s4 s5 s6".split()
    assert {str(kind) for kind in model.signature.inputs.input_types()} == {"DataType.double"}
    requirements = (folder / "requirements.txt").read_text()
    assert "scikit-learn==" in requirements and "mlflow-skinny==" in requirements


def test_the_output_and_the_runs_artifact_have_the_same_bytes(trained):
    folder, run = trained
    artifact = mlflow.artifacts.download_artifacts(f"runs:/{run.info.run_id}/model")
    for file in ("MLmodel", "model.pkl"):
        assert (folder / file).read_bytes() == (type(folder)(artifact) / file).read_bytes()


@pytest.mark.parametrize(("degree", "features"), [(1, 10), (2, 10 + 45)])
def test_degree_two_adds_the_products(component, table, degree, features):
    data = table.drop(columns="target").astype(float)
    model = component("train").build_model(alpha=1, l1_ratio=0.5, degree=degree).fit(data, table["target"])
    assert model["regression"].n_features_in_ == features


def test_a_stronger_penalty_pulls_towards_the_mean(component, table):
    data, target = table.drop(columns="target").astype(float), table["target"]
    spread = [np.std(component("train").build_model(a, 0.5, 1).fit(data, target).predict(data)) for a in (0.1, 10, 1e6)]
    assert spread[0] > spread[1] > spread[2] == pytest.approx(0)


def test_folds_see_only_the_training_rows(component, table):
    """Noise cannot be learned: cross-validation must not find anything in it."""
    noise = pd.Series(np.random.default_rng(0).normal(size=len(table)))
    features = table.drop(columns="target").astype(float)
    train = component("train")
    assert train.cross_validated(train.build_model(0.01, 0.5, 1), features, noise, folds=5)["cv_r2"] < 0.05
