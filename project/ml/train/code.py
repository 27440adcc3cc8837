"""Train: fit a standardised elastic net, log parameters and cross-validated metrics, save an MLflow model.

The model goes to two places with the same bytes: the step's output, which later steps read, and the run's artifacts,
from which it is registered, so that the registered model points back to the run that made it.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import cloudpickle
import mlflow
import mlflow.sklearn
import pandas as pd
import sklearn
from mlflow.models import Model, infer_signature
from sklearn.linear_model import ElasticNet
from sklearn.model_selection import KFold, cross_validate
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

log = logging.getLogger("train")

TARGET = "target"
ARTIFACT = "model"


def build_model(alpha: float, l1_ratio: float, degree: int) -> Pipeline:
    """An elastic net on standardised features; `degree` 2 adds the products of each two of them."""
    steps = [("scale", StandardScaler())]
    if degree > 1:
        steps.append(("products", PolynomialFeatures(degree, interaction_only=True, include_bias=False)))
        steps.append(("scale_products", StandardScaler()))
    steps.append(("regression", ElasticNet(alpha=alpha, l1_ratio=l1_ratio, max_iter=10_000)))
    return Pipeline(steps)


def cross_validated(model: Pipeline, features: pd.DataFrame, target: pd.Series, folds: int) -> dict[str, float]:
    """Mean and spread over `folds` parts of the training rows; the held-out rows stay unseen."""
    scores = cross_validate(
        model,
        features,
        target,
        cv=KFold(folds, shuffle=True, random_state=0),
        scoring={"r2": "r2", "rmse": "neg_root_mean_squared_error"},
    )
    return {
        "cv_r2": float(scores["test_r2"].mean()),
        "cv_r2_std": float(scores["test_r2"].std()),
        "cv_rmse": float(-scores["test_rmse"].mean()),
    }


def save_model(model: Pipeline, features: pd.DataFrame, folder: Path, run_id: str) -> None:
    """Write an MLflow model that knows its run, its inputs and outputs, and the packages it needs."""
    mlflow.sklearn.save_model(
        model,
        folder,
        mlflow_model=Model(artifact_path=ARTIFACT, run_id=run_id),
        # All numbers as floats, so that a client may send 30 as well as 30.0.
        signature=infer_signature(features, model.predict(features)),
        input_example=features.head(2),
        # Given, not inferred: inference loads the model in a new process, some ten seconds for the same answer.
        pip_requirements=[
            f"mlflow-skinny=={mlflow.__version__}",
            f"scikit-learn=={sklearn.__version__}",
            f"pandas=={pd.__version__}",
            f"cloudpickle=={cloudpickle.__version__}",
        ],
    )


def main(train_dir: Path, model_dir: Path, alpha: float, l1_ratio: float, degree: int, folds: int) -> None:
    """Read `train_dir/data.csv`; write the MLflow model `model_dir`; log to the job's run."""
    table = pd.read_csv(train_dir / "data.csv")
    features, target = table.drop(columns=TARGET).astype(float), table[TARGET].astype(float)
    model = build_model(alpha, l1_ratio, degree)

    # In a job this continues the job's own run (MLFLOW_RUN_ID).
    with mlflow.start_run() as run:
        mlflow.log_params({"alpha": alpha, "l1_ratio": l1_ratio, "degree": degree, "folds": folds})
        metrics = cross_validated(model, features, target, folds)
        model.fit(features, target)
        mlflow.log_metrics({**metrics, "train_rows": len(table)})
        save_model(model, features, model_dir, run.info.run_id)
        # Not log_model: Azure ML's tracking server lacks the calls that newer MLflow clients make for it.
        mlflow.log_artifacts(str(model_dir), ARTIFACT)
    log.info("trained on %d rows: %s", len(table), ", ".join(f"{k} {v:.3f}" for k, v in metrics.items()))


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, required=True, help="folder with data.csv")
    parser.add_argument("--model", type=Path, required=True, help="folder for the MLflow model")
    parser.add_argument("--alpha", type=float, default=1.0, help="strength of the penalty")
    parser.add_argument("--l1-ratio", type=float, default=0.5, help="0 is ridge, 1 is lasso")
    parser.add_argument("--degree", type=int, default=1, choices=(1, 2), help="2 adds products of two features")
    parser.add_argument("--folds", type=int, default=5, help="parts for the cross-validation")
    return parser.parse_args(argv)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # Azure's clients log each of their requests; the step's own lines would drown in them.
    for client in ("azure", "azureml"):
        logging.getLogger(client).setLevel(logging.WARNING)
    args = parse_args()
    main(args.train, args.model, args.alpha, args.l1_ratio, args.degree, args.folds)
