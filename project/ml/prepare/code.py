"""Prepare: split the checked table into a part to learn from and a hold-out part to judge by.

The split is a function of the rows and the seed alone, so two models trained on the same data are judged by the same rows.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import pandas as pd
from sklearn.model_selection import train_test_split

log = logging.getLogger("prepare")


def split(table: pd.DataFrame, test_fraction: float, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows to train on and the rows held out, each in the order of the table.

    Raises ValueError unless `test_fraction` lies between 0 and 1, both excluded.
    """
    if not 0 < test_fraction < 1:
        raise ValueError(f"test_fraction is {test_fraction}, it must lie between 0 and 1")
    train, test = train_test_split(table, test_size=test_fraction, random_state=seed)
    return train.sort_index(), test.sort_index()


def main(table_dir: Path, train_dir: Path, test_dir: Path, test_fraction: float, seed: int) -> None:
    """Read `table_dir/data.csv`; write `train_dir/data.csv` and `test_dir/data.csv`."""
    parts = split(pd.read_csv(table_dir / "data.csv"), test_fraction, seed)
    for folder, part in zip((train_dir, test_dir), parts):
        folder.mkdir(parents=True, exist_ok=True)
        part.to_csv(folder / "data.csv", index=False)
    log.info("%d rows to train on, %d held out", *map(len, parts))


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path, required=True, help="folder with data.csv")
    parser.add_argument("--train", type=Path, required=True, help="folder for the rows to train on")
    parser.add_argument("--test", type=Path, required=True, help="folder for the rows held out")
    parser.add_argument("--test-fraction", type=float, default=0.25, help="share of the rows held out")
    parser.add_argument("--seed", type=int, default=42, help="which rows are held out")
    return parser.parse_args(argv)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    args = parse_args()
    main(args.table, args.train, args.test, args.test_fraction, args.seed)
