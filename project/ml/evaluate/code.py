"""Evaluate: measure the model on the held-out rows and against a baseline that always answers the mean.

Only measures: what follows from the numbers is decided where they are used (the register step, the release gate).
"""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

import mlflow
import mlflow.sklearn
import numpy as np
import pandas as pd
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

log = logging.getLogger("evaluate")

TARGET = "target"


def measure(actual: np.ndarray, predicted: np.ndarray, baseline: float) -> dict[str, float]:
    """The model's errors, in units of the target, and how far they lie below the baseline's.

    `rmse_improvement` is the share of the baseline's error that the model saves: 0 is no better than the baseline,
    1 is perfect, negative is worse.
    """
    rmse = root_mean_squared_error(actual, predicted)
    baseline_rmse = root_mean_squared_error(actual, np.full_like(actual, baseline))
    return {
        "r2": float(r2_score(actual, predicted)),
        "rmse": float(rmse),
        "mae": float(mean_absolute_error(actual, predicted)),
        "baseline_rmse": float(baseline_rmse),
        "rmse_improvement": float(1 - rmse / baseline_rmse),
        "test_rows": len(actual),
    }


def main(model_dir: Path, train_dir: Path, test_dir: Path, evaluation_dir: Path) -> None:
    """Write `evaluation_dir/metrics.json` and `predictions.csv`; log the metrics to the job's run."""
    model = mlflow.sklearn.load_model(str(model_dir))
    mean = pd.read_csv(train_dir / "data.csv")[TARGET].mean()
    test = pd.read_csv(test_dir / "data.csv")
    actual = test[TARGET].to_numpy(dtype=float)
    predicted = model.predict(test.drop(columns=TARGET).astype(float))
    metrics = measure(actual, predicted, mean)

    evaluation_dir.mkdir(parents=True, exist_ok=True)
    (evaluation_dir / "metrics.json").write_text(json.dumps(metrics, indent=2))
    pd.DataFrame({"actual": actual, "predicted": predicted}).to_csv(evaluation_dir / "predictions.csv", index=False)
    with mlflow.start_run():
        mlflow.log_metrics(metrics)
    for name, value in metrics.items():
        log.info("%s %.4g", name, value)


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="folder of the MLflow model")
    parser.add_argument("--train", type=Path, required=True, help="folder with data.csv, for the baseline")
    parser.add_argument("--test", type=Path, required=True, help="folder with data.csv, the rows held out")
    parser.add_argument("--evaluation", type=Path, required=True, help="folder for metrics.json and predictions.csv")
    return parser.parse_args(argv)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # Azure's clients log each of their requests; the step's own lines would drown in them.
    for client in ("azure", "azureml"):
        logging.getLogger(client).setLevel(logging.WARNING)
    args = parse_args()
    main(args.model, args.train, args.test, args.evaluation)
