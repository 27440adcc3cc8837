"""The register step: what it refuses. That it registers, and with which tags, is shown in test_pipeline.py."""

from __future__ import annotations

import pytest
from mlflow.models import Model


@pytest.mark.parametrize("improvement", [0.09, 0, -1, float("nan")])
def test_a_model_hardly_better_than_the_baseline_is_refused(component, improvement):
    metrics = {"rmse": 70.0, "baseline_rmse": 75.0, "rmse_improvement": improvement}
    with pytest.raises(ValueError, match=r"not registered: rmse 70\.00 is .* baseline's 75\.00, at least 10\.0%"):
        component("register").refuse_hopeless(metrics, 0.1)


def test_a_model_that_just_makes_it_is_not(component):
    component("register").refuse_hopeless({"rmse": 1.0, "baseline_rmse": 2.0, "rmse_improvement": 0.1}, 0.1)


def test_a_model_without_a_run_is_refused(component, tmp_path):
    Model().save(tmp_path / "MLmodel")
    with pytest.raises(ValueError, match="names no run"):
        component("register").training_run_of(tmp_path)
