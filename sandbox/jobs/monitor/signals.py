# Computes the signals of a model monitor: production data against reference data, metric by metric, each against its threshold.
# The metrics, the files and the run tag are those of Azure's own components (github.com/Azure/azureml-assets, assets/model_monitoring),
# which do the same with Spark. Settings stand in SANDBOX_MONITOR.
import json
import os
import ssl
import sys
import urllib.request

import numpy
import pandas
from scipy import stats
from scipy.spatial import distance
from tables import CORRELATION, read

TAG = "azureml_modelmonitor_threshold_breached"
# Here a small value is the bad one.
HIGHER_IS_BETTER = {"TwoSampleKolmogorovSmirnovTest", "PearsonsChiSquaredTest", "Accuracy", "Precision", "Recall"}


def main():
    settings = json.loads(os.environ["SANDBOX_MONITOR"])
    folder = os.path.join(sys.argv[1], "signals")
    os.makedirs(folder, exist_ok=True)
    breaches, points = [], {}
    for name, signal in settings["signals"].items():
        rows, counts = compute(name, signal)
        broken = [row for row in rows if is_breach(row)]
        with open(os.path.join(folder, f"{name}.json"), "w") as file:
            json.dump(payload(name, signal["type"], rows, counts), file, indent=4)
        for metric, value in counts.items():
            points[f"{name}/{metric}"] = value
        for row in rows:
            if row["value"] is not None:
                points["/".join(filter(None, [name, row["group"], row["metric"]]))] = row["value"]
        print(f"{name} ({signal['type']}): {counts}, {len(rows)} metrics, {len(broken)} beyond their threshold", flush=True)
        if broken:
            breaches.append(message(name, broken))
    log_metrics(points, settings["time"])
    if breaches:
        text = "\n".join(breaches)
        print(text, flush=True)
        for run in {os.environ["AZUREML_RUN_ID"], os.environ["AZUREML_ROOT_RUN_ID"]}:
            call("runs/set-tag", {"run_id": run, "key": TAG, "value": text})


def compute(name, signal):
    production, reference = read(signal["production"]), read(signal["reference"])
    counts = {"BaselineRowCount": len(reference), "TargetRowCount": len(production)}
    if len(production) == 0 or len(reference) == 0:
        which = "production" if len(production) == 0 else "reference"
        print(f"{name}: no {which} data in its window; nothing is computed", flush=True)
        return [], counts
    if signal["type"] == "ModelPerformance":
        rows, joined = performance(signal, production, reference)
        return rows, {**counts, "JoinedRowCount": joined}
    left_out = {CORRELATION, *signal["reference"]["columns"].values(), *signal["production"]["columns"].values()}
    if signal["type"] == "PredictionDrift":
        left_out = {CORRELATION}
        production, reference = same_prediction(signal, production, reference)
    features = [column for column in reference.columns if column in production.columns and column not in left_out]
    if signal["features"]:
        missing = [feature for feature in signal["features"] if feature not in features]
        if missing:
            print(f"{name}: no data for {', '.join(missing)}; production has {', '.join(production.columns)}", flush=True)
        features = [feature for feature in features if feature in signal["features"]]
    measure = quality if signal["type"] == "DataQuality" else drift
    return [row for feature in features for row in measure(signal, feature, production[feature], reference[feature])], counts


def same_prediction(signal, production, reference):
    """The one column that both call the prediction, under one name."""
    def column(table, columns):
        names = [columns.get("prediction"), columns.get("target_column"), columns.get("target")]
        found = next((one for one in names if one in table.columns), None)
        others = [one for one in table.columns if one != CORRELATION]
        return found or (others[0] if len(others) == 1 else None)

    ours = column(production, signal["production"]["columns"])
    theirs = column(reference, signal["reference"]["columns"])
    if ours is None or theirs is None or ours in reference.columns:
        return production, reference
    return production, reference.rename(columns={theirs: ours})[[ours]]


def kind_of(signal, feature, reference):
    override = signal["types"].get(feature)
    if override:
        return override.lower()
    return "numerical" if pandas.api.types.is_numeric_dtype(reference) and not pandas.api.types.is_bool_dtype(reference) else "categorical"


def drift(signal, feature, production, reference):
    kind = kind_of(signal, feature, reference)
    for threshold in signal["thresholds"]:
        if threshold["dataType"].lower() != kind:
            continue
        if kind == "numerical":
            new = pandas.to_numeric(production, errors="coerce").dropna().to_numpy(float)
            old = pandas.to_numeric(reference, errors="coerce").dropna().to_numpy(float)
        else:
            new, old = production.dropna().astype(str), reference.dropna().astype(str)
        value = None if len(new) == 0 or len(old) == 0 else DRIFT[kind][threshold["metric"]](new, old)
        yield row(feature, threshold["metric"], value, threshold["value"])


def histograms(new, old):
    """Counts of both in the same bins, as many as Sturges' rule says for both together."""
    edges = numpy.histogram_bin_edges(numpy.concatenate([new, old]), bins="sturges")
    return numpy.histogram(new, edges)[0], numpy.histogram(old, edges)[0]


def counted(new, old):
    names = sorted(set(new) | set(old))
    return new.value_counts().reindex(names, fill_value=0).to_numpy(), old.value_counts().reindex(names, fill_value=0).to_numpy()


def jensen_shannon(new, old):
    return distance.jensenshannon(old / old.sum(), new / new.sum(), base=2)


def stability(new, old):
    """Population stability index; one more in each bin, since an empty one would make it infinite."""
    new, old = (new + 1) / (new.sum() + len(new)), (old + 1) / (old.sum() + len(old))
    return float(numpy.sum((new - old) * numpy.log(new / old)))


def wasserstein(new, old):
    return stats.wasserstein_distance(old, new) / max(numpy.std(old, ddof=1) if len(old) > 1 else 0, 0.001)


def chi_squared(new, old):
    return stats.chi2_contingency(numpy.array([old, new])).pvalue if len(new) > 1 else 1.0


DRIFT = {
    "numerical": {
        "JensenShannonDistance": lambda new, old: jensen_shannon(*histograms(new, old)),
        "PopulationStabilityIndex": lambda new, old: stability(*histograms(new, old)),
        "NormalizedWassersteinDistance": wasserstein,
        "TwoSampleKolmogorovSmirnovTest": lambda new, old: stats.ks_2samp(old, new).pvalue,
    },
    "categorical": {
        "JensenShannonDistance": lambda new, old: jensen_shannon(*counted(new, old)),
        "PopulationStabilityIndex": lambda new, old: stability(*counted(new, old)),
        "PearsonsChiSquaredTest": lambda new, old: chi_squared(*counted(new, old)),
    },
}


def quality(signal, feature, production, reference):
    kind = kind_of(signal, feature, reference)
    total = len(production)
    present = production.dropna()
    if kind == "numerical":
        numbers = pandas.to_numeric(present, errors="coerce")
        wrong = int(numbers.isna().sum())
        limits = pandas.to_numeric(reference, errors="coerce")
        outside = int(((numbers < limits.min()) | (numbers > limits.max())).sum())
    else:
        wrong = 0
        outside = int((~present.astype(str).isin(set(reference.dropna().astype(str)))).sum())
    rates = {"NullValueRate": (total - len(present)) / total, "DataTypeErrorRate": wrong / total, "OutOfBoundsRate": outside / total}
    for threshold in signal["thresholds"]:
        if threshold["dataType"].lower() == kind and threshold["metric"] in rates:
            yield row(feature, threshold["metric"], rates[threshold["metric"]], threshold["value"])


def performance(signal, production, reference):
    """Predictions against the ground truth that has come since, joined by correlation id."""
    ours, theirs = signal["production"]["columns"], signal["reference"]["columns"]
    ours_id, theirs_id = ours.get("correlation_id", CORRELATION), theirs.get("correlation_id", CORRELATION)
    predicted, target = ours.get("prediction", "prediction"), theirs.get("target_column", theirs.get("target", "target"))
    for table, columns, what in ((production, (ours_id, predicted), "production"), (reference, (theirs_id, target), "ground truth")):
        absent = [one for one in columns if one not in table.columns]
        if absent:
            raise SystemExit(f"The {what} data has no column {', '.join(absent)}; it has {', '.join(table.columns)}.")
    left = production[[ours_id, predicted]].set_axis(["id", "predicted"], axis=1)
    right = reference[[theirs_id, target]].set_axis(["id", "target"], axis=1)
    both = left.astype({"id": str}).merge(right.astype({"id": str}), on="id").dropna()
    rows = []
    for threshold in signal["thresholds"]:
        value = None if both.empty else PERFORMANCE[threshold["metric"]](both["predicted"], both["target"])
        rows.append(row("", threshold["metric"], value, threshold["value"]))
    return rows, len(both)


def macro(share):
    """The mean over the classes of the share of hits among those that `share` selects."""
    def metric(predicted, target):
        predicted, target = predicted.astype(str), target.astype(str)
        values = [((predicted == one) & (target == one)).sum() / max(share(predicted, target, one), 1) for one in sorted(set(target))]
        return float(numpy.mean(values))
    return metric


PERFORMANCE = {
    "Accuracy": lambda predicted, target: float((predicted.astype(str) == target.astype(str)).mean()),
    "Precision": macro(lambda predicted, target, one: (predicted == one).sum()),
    "Recall": macro(lambda predicted, target, one: (target == one).sum()),
    "MeanAbsoluteError": lambda predicted, target: float((predicted.astype(float) - target.astype(float)).abs().mean()),
    "MeanSquaredError": lambda predicted, target: float(((predicted.astype(float) - target.astype(float)) ** 2).mean()),
    "RootMeanSquaredError": lambda predicted, target: float(((predicted.astype(float) - target.astype(float)) ** 2).mean() ** 0.5),
}


def row(group, metric, value, threshold):
    finite = value is not None and numpy.isfinite(value)
    return {"group": group, "metric": metric, "value": float(value) if finite else None, "threshold": threshold}


def is_breach(row):
    value, threshold = row["value"], row["threshold"]
    if value is None or threshold is None:
        return False
    return value < threshold if row["metric"] in HIGHER_IS_BETTER else value > threshold


def payload(name, kind, rows, counts):
    metrics = {metric: {"value": value} for metric, value in counts.items()}
    for one in rows:
        entry = metrics.setdefault(one["metric"], {})
        if one["group"]:
            entry = entry.setdefault("groups", {}).setdefault(one["group"], {})
        entry["value"] = one["value"]
        if one["threshold"] is not None:
            entry["threshold"] = one["threshold"]
    return {"signalName": name, "signalType": kind, "version": "1.0.0", "metrics": metrics}


def message(name, rows):
    found = [
        json.dumps({"group": one["group"], "metric_value": one["value"], "metric_name": one["metric"], "threshold_value": one["threshold"]})
        for one in rows
    ]
    return (
        f"The signal '{name}' has failed due to one or more features violating metric thresholds.\n"
        f"The feature names and their corresponding computed metric values violating the threshold are \n{found}\n"
    )


def log_metrics(points, time):
    """Metrics of the job itself, at the step of the time that the monitor ran for."""
    values = [{"key": key, "value": value, "timestamp": time, "step": time // 1000} for key, value in points.items()]
    for start in range(0, len(values), 500):
        call("runs/log-batch", {"run_id": os.environ["AZUREML_ROOT_RUN_ID"], "metrics": values[start : start + 500], "params": [], "tags": []})


def call(path, body):
    url = f"{os.environ['MLFLOW_TRACKING_URI'].replace('azureml:', 'https:', 1)}/api/2.0/mlflow/{path}"
    headers = {"Authorization": f"Bearer {os.environ['MLFLOW_TRACKING_TOKEN']}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")
    context = ssl.create_default_context(cafile=os.environ["MLFLOW_TRACKING_SERVER_CERT_PATH"])
    urllib.request.urlopen(request, context=context, timeout=60).close()


if __name__ == "__main__":
    main()
