"""The batch scoring script: a line for each row, bad rows named without their values, files that are not scored."""

from __future__ import annotations

import pickle
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
from conftest import PROJECT, load_script
from sklearn.linear_model import LinearRegression


@pytest.fixture()
def batch(tmp_path, monkeypatch) -> ModuleType:
    """batch_score.py after init(), with a model that answers a + 10 b, reached through a link as in a job."""
    data = pd.DataFrame({"a": [0.0, 1.0, 0.0, 1.0], "b": [0.0, 0.0, 1.0, 1.0]})
    folder = tmp_path / "mounted" / "model"
    folder.mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {}")
    (folder / "model.pkl").write_bytes(pickle.dumps(LinearRegression().fit(data, data["a"] + 10 * data["b"])))
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir" / "diabetes").symlink_to(tmp_path / "mounted")
    monkeypatch.setenv("AZUREML_MODEL_DIR", str(tmp_path / "dir"))
    monkeypatch.setenv("MAX_BAD_ROWS_PERCENT", "50")
    script = load_script(PROJECT / "deploy" / "batch" / "batch_score.py")
    script.init()
    return script


def written(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def test_each_row_gives_a_line_whatever_the_columns_order(batch, tmp_path):
    one = written(tmp_path, "one.csv", "b,name,a\n2.5,x,1\n0,y,3\n")
    two = written(tmp_path, "two.csv", "a,b\n0,1\n")
    assert batch.run([one, two]) == ["one.csv,0,26.0000,", "one.csv,1,3.0000,", "two.csv,0,10.0000,"]


def test_a_bad_row_says_why_and_not_what(batch, tmp_path):
    file = written(tmp_path, "p.csv", "a,b\n1,secret\n,1\n1,1\n2,inf\n5,5\n6,6\n")
    lines = batch.run([file])
    assert lines[:4] == ["p.csv,0,,b is not a number", "p.csv,1,,a is missing", "p.csv,2,11.0000,", "p.csv,3,,b is not a number"]
    assert "secret" not in "".join(lines)


def test_a_file_with_too_many_bad_rows_is_not_scored(batch, tmp_path):
    file = written(tmp_path, "p.csv", "a,b\n1,x\n2,\n3,1\n")
    with pytest.raises(batch.BadFile, match=r"p.csv: 2 of 3 rows cannot be scored, more than 50 %: row 0: b is not a number; row 1: b is missing"):
        batch.run([file])


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "is no CSV table"), ("a,c\n1,2\n", "has no column b"), ("a,b\n", "has no rows"), ('a,b\n1,2\n"', "is no CSV table")],
)
def test_what_is_no_table_is_refused(batch, tmp_path, text, reason):
    with pytest.raises(batch.BadFile, match=reason):
        batch.run([written(tmp_path, "p.csv", text)])


def test_the_sample_has_what_the_model_wants():
    table = pd.read_csv(PROJECT / "deploy" / "batch-sample.csv")
    features = [name for name in pd.read_csv(PROJECT / "data" / "diabetes.csv") if name != "target"]
    assert list(table) == features and len(table) > 10 and not table.isna().any().any()
