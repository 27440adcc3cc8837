"""What the tests share: the project's scripts as modules, its data, and an MLflow store of their own."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import mlflow
import pandas as pd
import pytest

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(Path(__file__).parent))


def load_script(path: Path) -> ModuleType:
    """A script as a module. Its name is made from its folder: every component's file is called code.py.

    Writes no __pycache__, which would lie in the folder that is uploaded as the component's code.
    """
    name = f"{path.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader, path
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up by name
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


@pytest.fixture(scope="session")
def component() -> Callable[[str], ModuleType]:
    """component("train") is ml/train/code.py."""
    modules: dict[str, ModuleType] = {}

    def load(name: str) -> ModuleType:
        return modules.setdefault(name, load_script(PROJECT / "ml" / name / "code.py"))

    return load


@pytest.fixture()
def score() -> ModuleType:
    """deploy/score.py, fresh: no model loaded."""
    return load_script(PROJECT / "deploy" / "score.py")


@pytest.fixture()
def table() -> pd.DataFrame:
    """The project's data."""
    return pd.read_csv(PROJECT / "data" / "diabetes.csv")


@pytest.fixture(scope="session")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[mlflow.MlflowClient]:
    """An MLflow store in a folder of the tests' own, and a client to look into it."""
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri((tmp_path_factory.mktemp("mlflow") / "store").as_uri())
    yield mlflow.MlflowClient()
    mlflow.set_tracking_uri(before)
