"""The load step: sound data passes, each broken promise is named, all at once."""

from __future__ import annotations

import hashlib
import json

import pandas as pd
import pytest
from conftest import PROJECT


def broken(table: pd.DataFrame, column: str, value: object, row: int = 7) -> pd.DataFrame:
    table = table.astype({column: object})
    table.loc[row, column] = value
    return table


def test_the_projects_own_data_is_sound(component, table):
    assert component("load").problems_of_table(table) == []


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("age", None, "column 'age': 1 missing, first in row 7"),
        ("bmi", "heavy", "column 'bmi': 1 not numbers, first 'heavy' in row 7"),
        ("bp", -1, "column 'bp': 1 outside 30..200, first -1 in row 7"),
        ("s5", 1e9, "column 's5': 1 outside 1..10, first 1e+09 in row 7"),
        ("sex", 1.5, "column 'sex': 1 not whole numbers, first 1.5 in row 7"),
    ],
)
def test_a_bad_value_is_named_with_its_row(component, table, column, value, problem):
    assert component("load").problems_of_table(broken(table, column, value)) == [problem]


def test_columns_rows_and_copies_are_checked_at_once(component, table):
    small = pd.concat([table.head(3), table.head(1)]).drop(columns="s6").assign(note="x")
    assert component("load").problems_of_table(small) == [
        "column 's6' is missing",
        "column 'note' is not in the schema",
        "4 rows, at least 100 expected",
        "1 rows are copies of earlier ones",
    ]


def test_the_table_and_a_report_are_handed_on(component, table, tmp_path):
    source = PROJECT / "data" / "diabetes.csv"
    component("load").main(source, tmp_path / "table", tmp_path / "report")
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "table" / "data.csv"), table)
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert report["sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()
    assert (report["rows"], report["problems"]) == (442, [])


def test_broken_data_fails_the_step_but_is_reported(component, table, tmp_path):
    broken(table, "age", 400).to_csv(tmp_path / "bad.csv", index=False)
    with pytest.raises(SystemExit, match=r"outside 0\.\.120"):
        component("load").main(tmp_path / "bad.csv", tmp_path / "table", tmp_path / "report")
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert report["problems"] == ["column 'age': 1 outside 0..120, first 400 in row 7"]
    assert not (tmp_path / "table").exists()
