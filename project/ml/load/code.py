"""Load: check the raw table against its schema and hand on a clean copy with a report.

Every problem is reported at once, and any of them fails the step: nothing is trained on data that broke its promise.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

log = logging.getLogger("load")

MIN_ROWS = 100


@dataclass(frozen=True)
class Column:
    """The range of plausible values of a column, both ends included."""

    low: float
    high: float
    whole: bool = False


# Wider than the sample's own extremes: the limits catch a wrong unit or a shifted column, not an unusual patient.
SCHEMA: dict[str, Column] = {
    "age": Column(0, 120, whole=True),
    "sex": Column(1, 2, whole=True),
    "bmi": Column(10, 80),
    "bp": Column(30, 200),
    "s1": Column(50, 500),
    "s2": Column(10, 400),
    "s3": Column(5, 200),
    "s4": Column(1, 20),
    "s5": Column(1, 10),
    "s6": Column(30, 400),
    "target": Column(0, 1000),
}


def problems_of_column(values: pd.Series, column: Column) -> list[str]:
    """What is wrong with one column, an empty list if nothing is."""
    numbers = pd.to_numeric(values, errors="coerce")
    missing = values.isna()
    not_numbers = numbers.isna() & ~missing
    problems = []
    if missing.any():
        problems.append(f"{missing.sum()} missing, first in row {missing.idxmax()}")
    if not_numbers.any():
        row = not_numbers.idxmax()
        problems.append(f"{not_numbers.sum()} not numbers, first {values[row]!r} in row {row}")
    outside = (numbers < column.low) | (numbers > column.high)
    if outside.any():
        row = outside.idxmax()
        problems.append(f"{outside.sum()} outside {column.low:g}..{column.high:g}, first {numbers[row]:g} in row {row}")
    fractions = (numbers % 1 != 0) & numbers.notna()
    if column.whole and fractions.any():
        row = fractions.idxmax()
        problems.append(f"{fractions.sum()} not whole numbers, first {numbers[row]:g} in row {row}")
    return problems


def problems_of_table(table: pd.DataFrame) -> list[str]:
    """Everything that breaks the schema, one sentence each. Rows count from 0, without the header."""
    problems = [f"column {name!r} is missing" for name in SCHEMA if name not in table]
    problems += [f"column {name!r} is not in the schema" for name in table if name not in SCHEMA]
    if len(table) < MIN_ROWS:
        problems.append(f"{len(table)} rows, at least {MIN_ROWS} expected")
    if table.duplicated().any():
        problems.append(f"{table.duplicated().sum()} rows are copies of earlier ones")
    for name, column in SCHEMA.items():
        if name in table:
            problems += [f"column {name!r}: {problem}" for problem in problems_of_column(table[name], column)]
    return problems


def report_on(path: Path, table: pd.DataFrame, problems: list[str]) -> dict[str, object]:
    """What later steps and people need to know of the data: its digest says exactly which bytes were used."""
    return {
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "rows": len(table),
        "columns": list(table.columns),
        "problems": problems,
    }


def main(data: Path, table_dir: Path, report_dir: Path) -> None:
    """Read the CSV `data`; write `table_dir/data.csv` and `report_dir/report.json`."""
    table = pd.read_csv(data)
    problems = problems_of_table(table)
    report = report_on(data, table, problems)

    report_dir.mkdir(parents=True, exist_ok=True)
    (report_dir / "report.json").write_text(json.dumps(report, indent=2))
    if problems:
        raise SystemExit(f"{data} breaks the schema in {len(problems)} ways:\n  " + "\n  ".join(problems))

    table_dir.mkdir(parents=True, exist_ok=True)
    table[list(SCHEMA)].to_csv(table_dir / "data.csv", index=False)
    log.info("%d rows, %d columns, sha256 %s", len(table), len(table.columns), report["sha256"])


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the raw CSV file")
    parser.add_argument("--table", type=Path, required=True, help="folder for the checked table")
    parser.add_argument("--report", type=Path, required=True, help="folder for report.json")
    return parser.parse_args(argv)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    args = parse_args()
    main(args.data, args.table, args.report)
