# The metrics of AutoML on tables, by Azure's names. Definitions: "Evaluate automated machine learning experiment results" (how-to-understand-automated-ml).
import numpy
from sklearn import metrics as m


def regression(truth, predicted, spread, weight):
    truth, predicted = numpy.asarray(truth, dtype=float), numpy.asarray(predicted, dtype=float)
    spread = spread if spread > 0 else 1.0
    rmse = float(numpy.sqrt(m.mean_squared_error(truth, predicted, sample_weight=weight)))
    mae = float(m.mean_absolute_error(truth, predicted, sample_weight=weight))
    median = float(m.median_absolute_error(truth, predicted))
    result = {
        "root_mean_squared_error": rmse,
        "normalized_root_mean_squared_error": rmse / spread,
        "mean_absolute_error": mae,
        "normalized_mean_absolute_error": mae / spread,
        "median_absolute_error": median,
        "normalized_median_absolute_error": median / spread,
        "r2_score": max(float(m.r2_score(truth, predicted, sample_weight=weight)) if len(truth) > 1 else -1.0, -1.0),
        "explained_variance": float(m.explained_variance_score(truth, predicted, sample_weight=weight)),
        "spearman_correlation": spearman(truth, predicted),
    }
    if (truth != 0).all():
        result["mean_absolute_percentage_error"] = 100 * float(m.mean_absolute_percentage_error(truth, predicted, sample_weight=weight))
    return result


def spearman(truth, predicted):
    import pandas

    value = pandas.Series(truth).rank().corr(pandas.Series(predicted).rank())
    return 0.0 if numpy.isnan(value) else float(value)


def classification(truth, model, features, labels, weight):
    truth = numpy.asarray(truth)
    predicted = model.predict(features)
    chances = probabilities(model, features, labels)
    recall = float(m.recall_score(truth, predicted, labels=labels, average="macro", zero_division=0, sample_weight=weight))
    result = {
        "accuracy": float(m.accuracy_score(truth, predicted, sample_weight=weight)),
        "balanced_accuracy": recall,
        "norm_macro_recall": max(0.0, (recall - 1 / len(labels)) / (1 - 1 / len(labels))) if len(labels) > 1 else 1.0,
        "matthews_correlation": float(m.matthews_corrcoef(truth, predicted, sample_weight=weight)),
        "log_loss": float(m.log_loss(truth, chances, labels=labels, sample_weight=weight)),
    }
    for average in ("macro", "micro", "weighted"):
        how = {"labels": labels, "average": average, "zero_division": 0, "sample_weight": weight}
        result[f"precision_score_{average}"] = float(m.precision_score(truth, predicted, **how))
        result[f"recall_score_{average}"] = float(m.recall_score(truth, predicted, **how))
        result[f"f1_score_{average}"] = float(m.f1_score(truth, predicted, **how))
    result["AUC_weighted"], result["average_precision_score_weighted"] = by_class(truth, chances, labels, weight)
    return result


def probabilities(model, features, labels):
    """One column a label, also for labels that the training part lacked."""
    given = model.predict_proba(features)
    known = list(model.classes_)
    full = numpy.zeros((len(given), len(labels)))
    for column, label in enumerate(labels):
        if label in known:
            full[:, column] = given[:, known.index(label)]
    total = full.sum(axis=1, keepdims=True)
    return numpy.divide(full, total, out=numpy.full_like(full, 1 / len(labels)), where=total > 0)


def by_class(truth, chances, labels, weight):
    """One label against the rest, weighted by how often the label is there."""
    areas, precisions, shares = [], [], []
    for column, label in enumerate(labels):
        positive = truth == label
        if positive.all() or not positive.any():
            continue
        areas.append(m.roc_auc_score(positive, chances[:, column], sample_weight=weight))
        precisions.append(m.average_precision_score(positive, chances[:, column], sample_weight=weight))
        shares.append(positive.sum())
    if not shares:
        return 0.5, 0.5
    return float(numpy.average(areas, weights=shares)), float(numpy.average(precisions, weights=shares))
