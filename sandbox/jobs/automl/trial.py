# One trial of an AutoML search on a table: features, one model, its metrics by cross-validation or on held-out data, and the model
# fitted on everything as an MLflow model in outputs/mlflow-model. Started by the sandbox; what to try stands in SANDBOX_AUTOML.
import argparse
import json
import os
import sys
import warnings

import cloudpickle
import mlflow
import numpy
import pandas

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import metrics  # noqa: E402
import models  # noqa: E402
from mltable_files import load_table  # noqa: E402

warnings.filterwarnings("ignore")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("training")
    arguments.add_argument("--validation")
    options = arguments.parse_args()
    config = json.loads(os.environ["SANDBOX_AUTOML"])
    table = load_table(options.training)
    features, target, weight = split(table, config)
    validation = split(load_table(options.validation), config) if options.validation else None
    is_regression = config["task"] == "regression"
    labels = None if is_regression else sorted(pandas.unique(target).tolist(), key=str)
    print(f"{config['algorithm']} {config.get('params') or ''} on {len(features)} rows, {features.shape[1]} columns", flush=True)

    def scored(train, test):
        model = models.build(config, features)
        model.fit(train[0], train[1], **models.fit_weights(model, train[2]))
        if is_regression:
            spread = float(target.max() - target.min())
            return metrics.regression(test[1], model.predict(test[0]), spread, test[2])
        return metrics.classification(test[1], model, test[0], labels, test[2])

    if validation is not None:
        results = [scored((features, target, weight), validation)]
    else:
        results = []
        for train, test in folds(features, target, table, config):
            results.append(scored(rows(features, target, weight, train), rows(features, target, weight, test)))
    names = results[0].keys()
    values = {name: float(numpy.mean([one[name] for one in results])) for name in names}
    for name, value in sorted(values.items()):
        print(f"{name} = {value:.6f}")
    model = models.build(config, features)
    model.fit(features, target, **models.fit_weights(model, weight))
    save(model, features, config)
    mlflow.log_metrics(values)


def split(table, config):
    target = config["target"]
    if target not in table.columns:
        raise SystemExit(f"target_column_name is '{target}', but the data has {', '.join(map(str, table.columns))}.")
    table = table.dropna(subset=[target])
    dropped = [target, *(config.get("split_columns") or [])]
    weight = None
    if config.get("weight"):
        weight = table[config["weight"]].astype(float)
        dropped.append(config["weight"])
    purposes = config["featurization"]["purposes"]
    dropped += [name for name, purpose in purposes.items() if purpose == "Ignore" and name in table.columns]
    features = table.drop(columns=dropped)
    if features.shape[1] == 0:
        raise SystemExit("The data has no columns besides the target.")
    values = table[target]
    return features, (values.astype(float) if config["task"] == "regression" else values), weight


def rows(features, target, weight, index):
    return features.iloc[index], target.iloc[index], None if weight is None else weight.iloc[index]


def folds(features, target, table, config):
    """As many as asked; else Azure's choice: 10 folds below 1,000 rows, 3 below 20,000, then a tenth held out."""
    from sklearn.model_selection import KFold, ShuffleSplit, StratifiedKFold, StratifiedShuffleSplit

    if config.get("split_columns"):
        table = table.loc[features.index]
        for column in config["split_columns"]:
            mark = table[column].to_numpy()
            yield numpy.flatnonzero(mark == 1), numpy.flatnonzero(mark == 0)
        return
    count = len(features)
    wanted = config.get("folds")
    size = config.get("validation_size")
    if wanted is None and size is None:
        wanted, size = (10, None) if count < 1000 else (3, None) if count <= 20_000 else (None, 0.1)
    stratified = config["task"] == "classification" and target.value_counts().min() >= max(2, wanted or 2)
    if wanted is None:
        splitter = (StratifiedShuffleSplit if stratified else ShuffleSplit)(n_splits=1, test_size=size, random_state=config["seed"])
    else:
        splitter = (StratifiedKFold if stratified else KFold)(min(wanted, count), shuffle=True, random_state=config["seed"])
    yield from splitter.split(features, target)


def save(model, features, config):
    from importlib.metadata import version

    import mlflow.sklearn
    from mlflow.models import infer_signature

    # The model has to load where this program is not.
    cloudpickle.register_pickle_by_value(models)
    example = features.head(5)
    mlflow.sklearn.save_model(
        model,
        os.path.join("outputs", "mlflow-model"),
        signature=infer_signature(example, model.predict(example)),
        # Said here, because MLflow would start a second Python to find it out.
        pip_requirements=[f"{name}=={version(name)}" for name in ("mlflow-skinny", "scikit-learn", "pandas", "numpy", "cloudpickle")],
        metadata={"algorithm": config["algorithm"], "target": config["target"]},
    )


if __name__ == "__main__":
    main()
