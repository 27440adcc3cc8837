"""Scoring script of the online deployment: the inference server calls init() once in each worker, then run().

Request and answer have the form that Azure ML gives MLflow models deployed without a script, so either may serve:

    {"input_data": {"columns": ["age", "sex", …], "data": [[59, 2, …], …]}}      →  [206.1, …]
    {"input_data": [{"age": 59, "sex": 2, …}, …]}                                →  [206.1, …]

A request that cannot be answered gets status 400 and {"error": {"code", "message", "details"}} with every problem found.
"""

from __future__ import annotations

import json
import logging
import math
import os
import pickle
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from azureml_inference_server_http.api.aml_response import AMLResponse
from sklearn.exceptions import InconsistentVersionWarning

log = logging.getLogger("score")
log.setLevel(logging.INFO)  # The server's handler is there, its root level is WARNING.

MAX_ROWS = 1000
MAX_DETAILS = 20


class BadRequest(Exception):
    """The client's mistake: a message and the single problems."""

    def __init__(self, message: str, details: list[str] | None = None) -> None:
        super().__init__(message)
        self.details = details or []


def load_model(folder: Path) -> Any:
    """The scikit-learn model of the one MLflow model under `folder`.

    Raises FileNotFoundError unless there is exactly one, and InconsistentVersionWarning if another version of
    scikit-learn saved it: such a model may load and then answer wrongly.
    """
    found = sorted(folder.rglob("MLmodel"))
    if len(found) != 1:
        raise FileNotFoundError(f"{len(found)} MLmodel files under {folder}, exactly one expected")
    with warnings.catch_warnings():
        warnings.simplefilter("error", InconsistentVersionWarning)
        with found[0].with_name("model.pkl").open("rb") as file:
            return pickle.load(file)


def records_of(body: str) -> list[dict[str, Any]]:
    """The rows of a request, each by column name. Raises BadRequest if it has another form."""
    try:
        request = json.loads(body)
    except (ValueError, TypeError, RecursionError) as error:
        raise BadRequest(f"the body is not JSON: {error}") from None
    if not isinstance(request, dict) or "input_data" not in request:
        raise BadRequest('the body must be an object with "input_data"')

    rows = request["input_data"]
    if isinstance(rows, dict):
        rows = records_of_table(rows)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadRequest('"input_data" must be a list of objects, or an object with "columns" and "data"')
    if not 1 <= len(rows) <= MAX_ROWS:
        raise BadRequest(f"{len(rows)} rows, between 1 and {MAX_ROWS} are answered at once")
    return rows


def records_of_table(table: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of {"columns": [names], "data": [[values]]}; an "index" is allowed and means nothing here."""
    columns, data = table.get("columns"), table.get("data")
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise BadRequest('"columns" must be a list of names')
    if len(set(columns)) != len(columns):
        raise BadRequest('"columns" names a column twice')
    if not isinstance(data, list) or not all(isinstance(row, list) for row in data):
        raise BadRequest('"data" must be a list of rows, each a list of values')
    width = len(columns)
    uneven = [f"row {i}: {len(row)} values for {width} columns" for i, row in enumerate(data) if len(row) != width]
    if uneven:
        raise BadRequest("rows do not fit the columns", uneven)
    return [dict(zip(columns, row)) for row in data]


def is_finite_number(value: Any) -> bool:
    """Whether a JSON value is a number to calculate with: not true or false, not NaN, not beyond a float."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def problems_of(row: dict[str, Any], features: list[str]) -> list[str]:
    """What keeps one row from being scored."""
    problems = [f"{name!r} is missing" for name in features if name not in row]
    problems += [f"{name[:80]!r} is not a feature of this model" for name in row if name not in features]
    problems += [
        f"{name!r} is {json.dumps(row[name])[:80]}, it must be a finite number"
        for name in features
        if name in row and not is_finite_number(row[name])
    ]
    return problems


class Scorer:
    """A loaded model and what it takes to answer requests with it."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.features = [str(name) for name in model.feature_names_in_]

    def table_of(self, rows: list[dict[str, Any]]) -> pd.DataFrame:
        """The rows as the model wants them. Raises BadRequest with the first problems found."""
        details = [f"row {i}: {problem}" for i, row in enumerate(rows) for problem in problems_of(row, self.features)]
        if details:
            raise BadRequest(f"{len(details)} problem(s) in {len(rows)} row(s)", details)
        return pd.DataFrame(rows, columns=self.features, dtype=float)

    def answer(self, body: str) -> tuple[pd.DataFrame, list[float]]:
        """The rows asked for and one prediction for each, in the order of the request."""
        table = self.table_of(records_of(body))
        return table, [float(value) for value in self.model.predict(table)]


class Collecting:
    """Hands requests and answers to the deployment's data collector, where it has one. A fault in it never costs an answer."""

    def __init__(self, features: list[str], environment: Mapping[str, str]) -> None:
        self.inputs = self.outputs = None
        personal = {name.strip() for name in environment.get("PERSONAL_COLUMNS", "").split(",")}
        wanted = [name.strip() for name in environment.get("COLLECT_COLUMNS", "").split(",") if name.strip()]
        unknown = [name for name in wanted if name not in features]
        if unknown:
            log.warning("COLLECT_COLUMNS names %s, which this model does not have", ", ".join(unknown))
        # Whoever names the columns has decided; else nothing that tells of a person is kept.
        self.columns = [name for name in features if (name in wanted if wanted else name not in personal)]
        if "AZUREML_MDC_CONFIG_PATH" not in environment:
            return
        from azureml.ai.monitoring import Collector

        self.inputs = Collector(name="model_inputs", on_error=self.failed)
        self.outputs = Collector(name="model_outputs", on_error=self.failed)
        log.info("collecting %s", ", ".join(self.columns))

    @staticmethod
    def failed(error: Exception) -> None:
        log.warning("not collected: %s", error)

    def keep(self, table: pd.DataFrame, predictions: list[float]) -> None:
        if self.inputs is None or self.outputs is None:
            return
        context = self.inputs.collect(table[self.columns])
        self.outputs.collect(pd.DataFrame({"prediction": predictions}), context)


_collecting: Collecting | None = None
_scorer: Scorer | None = None


def init() -> None:
    """Load the model from AZUREML_MODEL_DIR. An exception here keeps the deployment from becoming ready."""
    global _collecting, _scorer
    _scorer = Scorer(load_model(Path(os.environ["AZUREML_MODEL_DIR"])))
    _collecting = Collecting(_scorer.features, os.environ)
    log.info("ready; features: %s", ", ".join(_scorer.features))


def run(raw_data: str) -> list[float] | AMLResponse:
    """Answer one request. What is not the client's mistake is left to the server, which answers 500 and logs it."""
    assert _scorer is not None, "the inference server calls init() before run()"
    started = time.perf_counter()
    try:
        table, predictions = _scorer.answer(raw_data)
    except BadRequest as problem:
        # The message only: details may repeat values of the request, which are people's measurements.
        log.warning("bad request: %s", problem)
        error = {"code": "BadRequest", "message": str(problem), "details": problem.details[:MAX_DETAILS]}
        return AMLResponse({"error": error}, 400, json_str=True)
    if _collecting is not None:
        _collecting.keep(table, predictions)
    log.info("%d rows in %.1f ms", len(predictions), 1000 * (time.perf_counter() - started))
    return predictions
