"""Register: put the model into the workspace's registry, with what it was made from and how well it did.

Refuses a model that is hardly better than the baseline. Whether a registered model is good enough to serve is the
release gate's business, not this step's.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
from pathlib import Path

import mlflow
from mlflow.entities.model_registry import ModelVersion
from mlflow.models import Model

log = logging.getLogger("register")


def training_run_of(model_dir: Path) -> tuple[str, str]:
    """Run id and artifact path that the training step wrote into the model. ValueError if there is none."""
    model = Model.load(model_dir)
    if not model.run_id or not model.artifact_path:
        raise ValueError(f"{model_dir / 'MLmodel'} names no run; save the model with Model(run_id=…, artifact_path=…)")
    return model.run_id, model.artifact_path


def refuse_hopeless(metrics: dict[str, float], min_improvement: float) -> None:
    """ValueError if the model saves less than `min_improvement` (a share, 0.1 is 10 %) of the baseline's error."""
    if not metrics["rmse_improvement"] >= min_improvement:
        raise ValueError(
            f"not registered: rmse {metrics['rmse']:.2f} is {metrics['rmse_improvement']:.1%} below the baseline's "
            f"{metrics['baseline_rmse']:.2f}, at least {min_improvement:.1%} is asked for"
        )


def tags_of(run_id: str, report: dict, data_version: str, metrics: dict[str, float]) -> dict[str, str]:
    """Where the model comes from and how well it did; registries keep tags as text."""
    tags = {
        "run_id": run_id,
        "data_version": data_version,
        "data_sha256": report["sha256"],
        **{name: f"{metrics[name]:.6g}" for name in ("r2", "rmse", "mae", "baseline_rmse")},
    }
    # Set by Azure ML inside a pipeline: the job that the step belongs to.
    if pipeline_run := os.environ.get("AZUREML_ROOT_RUN_ID"):
        tags["pipeline_run_id"] = pipeline_run
    return tags


def main(
    model_dir: Path,
    evaluation_dir: Path,
    report_dir: Path,
    registered_dir: Path,
    name: str,
    data_version: str,
    min_improvement: float,
) -> ModelVersion:
    """Register the model as `name`; write `registered_dir/model.json` with the version it got."""
    metrics = json.loads((evaluation_dir / "metrics.json").read_text())
    report = json.loads((report_dir / "report.json").read_text())
    refuse_hopeless(metrics, min_improvement)

    run_id, artifact = training_run_of(model_dir)
    tags = tags_of(run_id, report, data_version, metrics)
    registered = mlflow.register_model(f"runs:/{run_id}/{artifact}", name, tags=tags)
    log.info("registered %s version %s from run %s", registered.name, registered.version, run_id)

    registered_dir.mkdir(parents=True, exist_ok=True)
    summary = {"name": registered.name, "version": str(registered.version), "tags": tags, "metrics": metrics}
    (registered_dir / "model.json").write_text(json.dumps(summary, indent=2))
    return registered


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="folder of the MLflow model")
    parser.add_argument("--evaluation", type=Path, required=True, help="folder with metrics.json")
    parser.add_argument("--report", type=Path, required=True, help="folder with report.json of the data")
    parser.add_argument("--registered", type=Path, required=True, help="folder for model.json")
    parser.add_argument("--name", required=True, help="name of the registered model")
    parser.add_argument("--data-version", required=True, help="version of the data asset, for the record")
    parser.add_argument("--min-improvement", type=float, default=0.1, help="least share of the baseline's error saved")
    return parser.parse_args(argv)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # Azure's clients log each of their requests; the step's own lines would drown in them.
    for client in ("azure", "azureml"):
        logging.getLogger(client).setLevel(logging.WARNING)
    args = parse_args()
    main(
        args.model,
        args.evaluation,
        args.report,
        args.registered,
        args.name,
        args.data_version,
        args.min_improvement,
    )
