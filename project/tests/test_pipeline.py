"""The whole way: pipeline.yml runs here, its model is registered, passes the gate, and answers the acceptance requests."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from conftest import PROJECT
from local_pipeline import read_yaml, run_pipeline

PIPELINE = PROJECT / "mlops" / "pipeline.yml"
GATE = read_yaml(PROJECT / "mlops" / "gate.yml")
ACCEPTANCE = sorted((PROJECT / "deploy" / "acceptance").glob("*.json"))


def read_json(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def outputs(tmp_path_factory, tracking):
    data = PROJECT / "data" / "diabetes.csv"
    return run_pipeline(PIPELINE, tmp_path_factory.mktemp("pipeline"), data=data, model_name="whole-way")


def test_the_model_is_registered_with_its_lineage(outputs, tracking):
    summary = read_json(outputs["register"]["registered"] / "model.json")
    version = tracking.get_model_version(summary["name"], summary["version"])
    assert (version.name, str(version.version)) == ("whole-way", "1")
    assert version.tags == summary["tags"]
    assert version.tags["data_version"] == "1"
    assert version.tags["data_sha256"] == read_json(outputs["load"]["report"] / "report.json")["sha256"]
    run = tracking.get_run(version.run_id)
    assert version.run_id == version.tags["run_id"] == run.info.run_id
    assert run.data.params["alpha"] == "1.0"


def test_the_metrics_are_sensible_and_pass_the_gate(outputs):
    metrics = read_json(outputs["evaluate"]["evaluation"] / "metrics.json")
    assert 0.4 < metrics["r2"] < 0.6
    for name, rule in GATE["metrics"].items():
        assert rule.get("min", metrics[name]) <= metrics[name] <= rule.get("max", metrics[name]), name
    assert GATE["live"]["metric"] in metrics and GATE["live"]["better"] in ("lower", "higher")
    report = read_json(outputs["load"]["report"] / "report.json")
    assert report["rows"] >= GATE["data"]["min_rows"] and len(report["problems"]) <= GATE["data"]["max_problems"]


def test_the_predictions_are_those_of_the_held_out_rows(outputs):
    predictions = pd.read_csv(outputs["evaluate"]["evaluation"] / "predictions.csv")
    held_out = pd.read_csv(outputs["prepare"]["test_data"] / "data.csv")
    assert list(predictions["actual"]) == list(held_out["target"])


@pytest.fixture()
def deployed(outputs, score, monkeypatch):
    monkeypatch.setenv("AZUREML_MODEL_DIR", str(outputs["train"]["model"].parent))
    score.init()
    return score


@pytest.mark.parametrize("file", ACCEPTANCE, ids=lambda file: file.stem)
def test_the_acceptance_requests_are_fulfilled(deployed, file):
    case = read_json(file)
    answer = deployed.run(json.dumps(case["request"]))
    expect = case["expect"]
    if expect["status"] != 200:
        assert answer.status_code == expect["status"]
        error = json.loads(answer.get_data())["error"]
        assert error["code"] == expect["error"]["code"]
        assert all(text in json.dumps(error) for text in expect["error"]["mentions"])
        return
    rule = expect["predictions"]
    assert len(answer) == rule["count"]
    assert all(rule["min"] <= value <= rule["max"] for value in answer)
    if "near" in rule:
        assert answer == pytest.approx(rule["near"], abs=rule["tolerance"])
    if rule.get("order") == "increasing":
        assert answer == sorted(answer)


def test_the_smoke_test_request_is_answered(deployed):
    request = (PROJECT / "mlops" / GATE["smoke_test"]).read_text()
    assert len(deployed.run(request)) == 2


def test_a_useless_model_is_measured_but_not_registered(tmp_path, tracking):
    data = PROJECT / "data" / "diabetes.csv"
    with pytest.raises((SystemExit, ValueError), match="not registered"):
        run_pipeline(PIPELINE, tmp_path, data=data, alpha=1e6, model_name="useless")
    assert read_json(tmp_path / "evaluate" / "evaluation" / "metrics.json")["rmse_improvement"] < 0.1
    assert tracking.search_registered_models("name = 'useless'") == []
