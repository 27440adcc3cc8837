"""The scoring script: both forms of a request, and every way in which one can be wrong."""

from __future__ import annotations

import json
import logging
import pickle
import warnings

import pandas as pd
import pytest
from conftest import PROJECT
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.linear_model import LinearRegression

ROW = {"a": 1, "b": 2.5}


@pytest.fixture()
def served(score, tmp_path, monkeypatch):
    """score.py after init(), with a model that answers a + 10 b, laid out as Azure ML mounts it."""
    data = pd.DataFrame({"a": [0.0, 1.0, 0.0, 1.0], "b": [0.0, 0.0, 1.0, 1.0]})
    folder = tmp_path / "diabetes" / "1" / "model"
    folder.mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {}")
    (folder / "model.pkl").write_bytes(pickle.dumps(LinearRegression().fit(data, data["a"] + 10 * data["b"])))
    monkeypatch.setenv("AZUREML_MODEL_DIR", str(tmp_path / "diabetes" / "1"))
    score.init()
    return score


def refusal(served, body: str) -> dict:
    response = served.run(body)
    assert (response.status_code, response.mimetype) == (400, "application/json")
    error = json.loads(response.get_data())["error"]
    assert error["code"] == "BadRequest"
    return error


@pytest.mark.parametrize(
    "data",
    [
        [ROW, {"b": 0, "a": 3}],
        {"columns": ["b", "a"], "index": [5, 6], "data": [[2.5, 1], [0, 3]]},
    ],
)
def test_rows_are_answered_in_order_whatever_the_form(served, data):
    assert served.run(json.dumps({"input_data": data})) == pytest.approx([26, 3])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "the body is not JSON"),
        ("{", "the body is not JSON"),
        ("[" * 200_000, "the body is not JSON"),
        ("[]", 'the body must be an object with "input_data"'),
        ('{"data": []}', 'the body must be an object with "input_data"'),
        ('{"input_data": 5}', '"input_data" must be a list of objects'),
        ('{"input_data": [[1, 2]]}', '"input_data" must be a list of objects'),
        ('{"input_data": []}', "0 rows, between 1 and 1000"),
        (json.dumps({"input_data": [ROW] * 1001}), "1001 rows, between 1 and 1000"),
        ('{"input_data": {"columns": "a", "data": []}}', '"columns" must be a list of names'),
        ('{"input_data": {"columns": ["a", "a"], "data": []}}', '"columns" names a column twice'),
        ('{"input_data": {"columns": ["a"], "data": [1]}}', '"data" must be a list of rows'),
    ],
)
def test_a_body_of_the_wrong_form_is_refused(served, body, message):
    assert message in refusal(served, body)["message"]


@pytest.mark.parametrize(
    ("row", "detail"),
    [
        ({"a": 1}, "row 1: 'b' is missing"),
        ({**ROW, "c": 1}, "row 1: 'c' is not a feature of this model"),
        ({**ROW, "a": "1"}, "row 1: 'a' is \"1\", it must be a finite number"),
        ({**ROW, "a": None}, "row 1: 'a' is null, it must be a finite number"),
        ({**ROW, "a": True}, "row 1: 'a' is true, it must be a finite number"),
        ({**ROW, "a": float("nan")}, "row 1: 'a' is NaN, it must be a finite number"),
        ({**ROW, "a": 10**400}, f"row 1: 'a' is {str(10**400)[:80]}, it must be a finite number"),
        ({**ROW, "a": [1]}, "row 1: 'a' is [1], it must be a finite number"),
    ],
)
def test_a_bad_row_is_named_with_its_problem(served, row, detail):
    assert refusal(served, json.dumps({"input_data": [ROW, row]}))["details"] == [detail]


def test_rows_of_another_length_are_named(served):
    error = refusal(served, '{"input_data": {"columns": ["a", "b"], "data": [[1, 2], [1], [1, 2, 3]]}}')
    assert error["details"] == ["row 1: 1 values for 2 columns", "row 2: 3 values for 2 columns"]


def test_a_thousand_bad_rows_do_not_make_a_long_answer(served):
    error = refusal(served, json.dumps({"input_data": [{}] * 1000}))
    assert error["message"] == "2000 problem(s) in 1000 row(s)"
    assert len(error["details"]) == 20


def test_no_value_of_a_request_is_logged(served, caplog):
    caplog.set_level(logging.DEBUG)
    refusal(served, json.dumps({"input_data": [{**ROW, "a": "secret"}]}))
    assert "bad request" in caplog.text and "secret" not in caplog.text


@pytest.mark.parametrize("models", [0, 2])
def test_init_wants_exactly_one_model(score, tmp_path, monkeypatch, models):
    for number in range(models):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "MLmodel").touch()
    monkeypatch.setenv("AZUREML_MODEL_DIR", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=f"{models} MLmodel files"):
        score.init()


def test_init_refuses_a_model_of_another_scikit_learn(score, tmp_path, monkeypatch):
    from sklearn import base

    (tmp_path / "MLmodel").touch()
    with monkeypatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setattr(base, "__version__", "0.1")
        (tmp_path / "model.pkl").write_bytes(pickle.dumps(LinearRegression()))
    monkeypatch.setenv("AZUREML_MODEL_DIR", str(tmp_path))
    with pytest.raises(InconsistentVersionWarning):
        score.init()


def test_the_sample_request_has_the_columns_of_the_data(score, table):
    rows = score.records_of((PROJECT / "deploy" / "sample-request.json").read_text())
    assert [list(row) for row in rows] == [list(table.drop(columns="target"))] * 2
