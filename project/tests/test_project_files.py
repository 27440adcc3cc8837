"""What several files must say alike."""

from __future__ import annotations

import re

import pytest
from conftest import PROJECT
from local_pipeline import read_yaml


def pins(text: str) -> dict[str, str]:
    return dict(re.findall(r"^[ -]*([A-Za-z0-9_-]+)==([\w.]+)$", text, re.MULTILINE))


DEV = pins((PROJECT / "mlops" / "conda.yml").read_text())
PROD = pins((PROJECT / "deploy" / "conda.yml").read_text())
BATCH = pins((PROJECT / "deploy" / "batch" / "conda.yml").read_text())
TESTS = pins((PROJECT / "tests" / "requirements.txt").read_text())


def test_a_model_is_served_by_the_packages_that_trained_it():
    shared = DEV.keys() & PROD.keys()
    assert {"scikit-learn", "pandas", "cloudpickle"} <= shared
    assert {name: DEV[name] for name in shared} == {name: PROD[name] for name in shared}
    assert {name: BATCH[name] for name in ("scikit-learn", "pandas", "cloudpickle")} == {
        name: DEV[name] for name in ("scikit-learn", "pandas", "cloudpickle")
    }


def test_the_tests_run_what_is_deployed():
    used = {**DEV, **PROD}
    # Only a workspace's tracking server, and only a deployment that collects, need these.
    del used["azureml-mlflow"], used["azureml-ai-monitoring"]
    assert {name: TESTS.get(name) for name in used} == used


@pytest.mark.parametrize("file", ["mlops/conda.yml", "deploy/conda.yml", "deploy/batch/conda.yml"])
def test_every_package_is_pinned(file):
    conda = read_yaml(PROJECT / file)["dependencies"]
    packages = next(item["pip"] for item in conda if isinstance(item, dict))
    assert [package for package in packages if "==" not in package] == []


def test_the_pipeline_names_the_datas_version():
    data = read_yaml(PROJECT / "data" / "data.yml")
    inputs = read_yaml(PROJECT / "mlops" / "pipeline.yml")["inputs"]
    assert inputs["data"]["path"] == f"azureml:{data['name']}:{data['version']}"
    assert inputs["data_version"] == data["version"]


def test_automated_ml_reads_the_same_version_of_the_same_table():
    data = read_yaml(PROJECT / "data" / "data.yml")
    table = read_yaml(PROJECT / "data" / "table.yml")
    assert table["version"] == data["version"]
    assert read_yaml(PROJECT / "mlops" / "automl.yml")["training_data"]["path"] == f"azureml:{table['name']}:{table['version']}"
    files = [path["file"] for path in read_yaml(PROJECT / "data" / "MLTable")["paths"]]
    assert files == [data["path"]]


def test_both_kinds_of_models_are_served_behind_one_endpoint_under_one_name():
    pipeline = read_yaml(PROJECT / "deploy" / "blue-deployment.yml")
    automl = read_yaml(PROJECT / "deploy" / "automl-deployment.yml")
    same = ["name", "endpoint_name", "model", "instance_type"]
    assert {key: automl[key] for key in same} == {key: pipeline[key] for key in same}
    assert not {"code_configuration", "environment"} & automl.keys()


def test_components_and_deployment_use_the_projects_environments():
    dev = f"azureml:{read_yaml(PROJECT / 'mlops' / 'environment.yml')['name']}@latest"
    prod = f"azureml:{read_yaml(PROJECT / 'deploy' / 'environment.yml')['name']}@latest"
    components = sorted((PROJECT / "ml").glob("*/component.yml"))
    assert len(components) == 5
    assert {read_yaml(file)["environment"] for file in components} == {dev}
    deployment = read_yaml(PROJECT / "deploy" / "blue-deployment.yml")
    assert deployment["environment"] == prod
    assert deployment["endpoint_name"] == read_yaml(PROJECT / "deploy" / "endpoint.yml")["name"]
    batch = read_yaml(PROJECT / "deploy" / "batch-deployment.yml")
    assert batch["endpoint_name"] == read_yaml(PROJECT / "deploy" / "batch-endpoint.yml")["name"]
    assert batch["model"] == deployment["model"]
