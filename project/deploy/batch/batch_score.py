"""Scoring script of the batch deployment: init() once in each worker, then run() with the paths of some CSV files at a time.

A file has the model's features as columns, by name and in any order; other columns are left alone. Each row gives a line of
predictions.csv, in the order of the file:

    file,row,prediction,problem        row counts from 0; either prediction or problem is empty

A file in which more than MAX_BAD_ROWS_PERCENT of the rows cannot be scored fails as a whole: it is more likely another kind of
file than one with a few slips. error_threshold of the deployment says how many files may fail before the job does.
"""

from __future__ import annotations

import csv
import io
import logging
import math
import os
import pickle
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.exceptions import InconsistentVersionWarning

log = logging.getLogger("batch_score")

MAX_NAMED = 5


class BadFile(Exception):
    """A file that is not scored, and why."""


def load_model(folder: Path) -> Any:
    """The scikit-learn model of the one MLflow model under `folder`.

    Raises FileNotFoundError unless there is exactly one, and InconsistentVersionWarning if another version of
    scikit-learn saved it: such a model may load and then answer wrongly.
    """
    # A batch job may reach the model through a link, which rglob does not follow.
    found = sorted(Path(place) / "MLmodel" for place, _, names in os.walk(folder, followlinks=True) if "MLmodel" in names)
    if len(found) != 1:
        raise FileNotFoundError(f"{len(found)} MLmodel files under {folder}, exactly one expected")
    with warnings.catch_warnings():
        warnings.simplefilter("error", InconsistentVersionWarning)
        with found[0].with_name("model.pkl").open("rb") as file:
            return pickle.load(file)


class Scorer:
    """A loaded model and how many bad rows a file may have, in percent."""

    def __init__(self, model: Any, max_bad_percent: float) -> None:
        self.model = model
        self.features = [str(name) for name in model.feature_names_in_]
        self.max_bad_percent = max_bad_percent

    def lines(self, path: Path) -> list[str]:
        """A line for each row of the file. Raises BadFile when it is not one to score."""
        try:
            table = pd.read_csv(path, dtype=str, skipinitialspace=True)
        except (ValueError, OSError) as error:
            raise BadFile(f"{path.name} is no CSV table: {error}") from None
        missing = [name for name in self.features if name not in table]
        if missing:
            raise BadFile(f"{path.name} has no column {', '.join(missing)}")
        if table.empty:
            raise BadFile(f"{path.name} has no rows")

        numbers = table[self.features].apply(pd.to_numeric, errors="coerce")
        good = numbers.map(math.isfinite).all(axis=1)
        problems = {row: self.problem(table.loc[row], numbers.loc[row]) for row in table.index[~good]}
        if len(problems) * 100 > self.max_bad_percent * len(table):
            named = "; ".join(f"row {row}: {problem}" for row, problem in list(problems.items())[:MAX_NAMED])
            raise BadFile(
                f"{path.name}: {len(problems)} of {len(table)} rows cannot be scored, more than {self.max_bad_percent:g} %: {named}"
            )
        predictions = dict(zip(table.index[good], self.model.predict(numbers[good]))) if good.any() else {}
        return [line_of(path.name, row, predictions.get(row), problems.get(row, "")) for row in table.index]

    def problem(self, row: pd.Series, numbers: pd.Series) -> str:
        """What is wrong with a row. Values are not named: they are people's measurements, and the output travels."""
        wrong = [name for name in self.features if not math.isfinite(numbers[name])]
        return "; ".join(f"{name} is {'missing' if pd.isna(row[name]) else 'not a number'}" for name in wrong)


def line_of(file: str, row: int, prediction: float | None, problem: str) -> str:
    """One line of CSV, without its end."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([file, row, "" if prediction is None else f"{prediction:.4f}", problem])
    return text.getvalue()


_scorer: Scorer | None = None


def init() -> None:
    """Load the model from AZUREML_MODEL_DIR. An exception here fails the job."""
    global _scorer
    _scorer = Scorer(load_model(Path(os.environ["AZUREML_MODEL_DIR"])), float(os.environ.get("MAX_BAD_ROWS_PERCENT", "0")))


def run(mini_batch: list[str]) -> list[str]:
    """The lines of some files. An exception counts all of them as failed."""
    assert _scorer is not None, "the batch service calls init() before run()"
    lines: list[str] = []
    for path in map(Path, mini_batch):
        found = _scorer.lines(path)
        log.info("%s: %d rows", path.name, len(found))
        lines += found
    return lines
