# Estimators by Azure's names, the features before them, and ensembles of several.
import pandas
from sklearn import ensemble, linear_model, naive_bayes, neighbors, preprocessing, svm, tree
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline

SCALERS = {
    "StandardScalerWrapper": preprocessing.StandardScaler,
    "MinMaxScaler": lambda: preprocessing.MinMaxScaler(clip=True),
    "MaxAbsScaler": preprocessing.MaxAbsScaler,
    "RobustScaler": preprocessing.RobustScaler,
}


def build(config, features):
    """A pipeline from the table's columns to the prediction; not fitted."""
    if config.get("members"):
        return combined(config, features)
    steps = [("featurization", featurization(config, features))]
    if config.get("preprocessor"):
        steps.append(("scaling", SCALERS[config["preprocessor"]]()))
    return Pipeline([*steps, ("model", estimator(config["task"], config["algorithm"], config.get("params") or {}, config["seed"]))])


def combined(config, features):
    members, weights = [], []
    for index, member in enumerate(config["members"]):
        own = {**config, **member["model"], "members": None}
        members.append((f"{member['model']['algorithm']}_{index}", build(own, features)))
        weights.append(member["weight"])
    regression = config["task"] == "regression"
    if config["algorithm"] == "StackEnsemble":
        kind = ensemble.StackingRegressor if regression else ensemble.StackingClassifier
        last = linear_model.ElasticNetCV() if regression else linear_model.LogisticRegressionCV(max_iter=500)
        return kind(members, final_estimator=last, cv=3)
    if regression:
        return ensemble.VotingRegressor(members, weights=weights)
    return ensemble.VotingClassifier(members, voting="soft", weights=weights)


def fit_weights(model, weight):
    """How row weights reach the estimator at the end of a pipeline; those that cannot use them train without."""
    if weight is None or not isinstance(model, Pipeline):
        return {}
    import inspect

    last = model.steps[-1][1]
    return {"model__sample_weight": weight} if "sample_weight" in inspect.signature(last.fit).parameters else {}


def featurization(config, features):
    settings = config["featurization"]
    kinds = {name: kind_of(features[name], settings["purposes"].get(name)) for name in features.columns}
    if settings["mode"] == "off":
        texts = [name for name, kind in kinds.items() if kind != "numeric"]
        if texts:
            raise SystemExit(f"featurization is off, but these columns are not numbers: {', '.join(texts)}.")
        return ColumnTransformer([("numbers", "passthrough", list(features.columns))])
    special = {column: one for one in settings["imputers"] for column in one["columns"]}
    parts = []
    plain = [name for name, kind in kinds.items() if kind == "numeric" and name not in special]
    if plain:
        parts.append(("numbers", SimpleImputer(strategy="median", add_indicator=False, keep_empty_features=True), plain))
    for name, kind in kinds.items():
        if kind == "numeric" and name in special:
            parts.append((f"imputed_{name}", SimpleImputer(strategy=special[name]["strategy"], fill_value=special[name].get("fill")), [name]))
    categories = [name for name, kind in kinds.items() if kind == "categorical"]
    if categories:
        encode = preprocessing.OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=50, sparse_output=False)
        parts.append(("categories", Pipeline([("missing", SimpleImputer(strategy="most_frequent")), ("one_hot", encode)]), categories))
    dates = [name for name, kind in kinds.items() if kind == "date"]
    if dates:
        parts.append(("dates", preprocessing.FunctionTransformer(parts_of_dates), dates))
    if not parts:
        raise SystemExit("No column is left to learn from: all are constant, unique texts or ignored.")
    return ColumnTransformer(parts)


def kind_of(column, purpose):
    """What featurization does with a column: as told, else by its values; constants and columns of unique texts are left out."""
    if purpose in ("Categorical", "CategoricalHash"):
        return "categorical"
    if purpose == "DateTime" or pandas.api.types.is_datetime64_any_dtype(column):
        return "date"
    if purpose == "Numeric" or pandas.api.types.is_numeric_dtype(column) and not pandas.api.types.is_bool_dtype(column):
        return "numeric" if purpose == "Numeric" or column.nunique(dropna=True) > 1 else "ignored"
    known = column.dropna()
    if known.nunique() <= 1 or (len(known) > 20 and known.nunique() > 0.9 * len(known)):
        return "ignored"
    return "categorical"


def parts_of_dates(frame):
    columns = {}
    for name in frame.columns:
        moment = pandas.to_datetime(frame[name], errors="coerce")
        for part in ("year", "month", "day", "dayofweek", "hour"):
            columns[f"{name}_{part}"] = getattr(moment.dt, part).fillna(-1)
    return pandas.DataFrame(columns)


def estimator(task, name, params, seed):
    if task == "regression":
        made = {
            "ElasticNet": lambda: linear_model.ElasticNet(**{"alpha": 0.01, "max_iter": 5000, **params}),
            "LassoLars": lambda: linear_model.LassoLars(**{"alpha": 0.01, **params}),
            "SGD": lambda: linear_model.SGDRegressor(random_state=seed, max_iter=2000, **params),
            "KNN": lambda: neighbors.KNeighborsRegressor(**params),
            "DecisionTree": lambda: tree.DecisionTreeRegressor(random_state=seed, **params),
            "RandomForest": lambda: ensemble.RandomForestRegressor(random_state=seed, **params),
            "ExtremeRandomTrees": lambda: ensemble.ExtraTreesRegressor(random_state=seed, **params),
            "GradientBoosting": lambda: ensemble.GradientBoostingRegressor(random_state=seed, **params),
        }
    else:
        made = {
            "LogisticRegression": lambda: linear_model.LogisticRegression(max_iter=1000, **params),
            "SGD": lambda: linear_model.SGDClassifier(loss="log_loss", random_state=seed, max_iter=2000, **params),
            "SVM": lambda: svm.SVC(probability=True, random_state=seed, **params),
            "LinearSVM": lambda: CalibratedClassifierCV(svm.LinearSVC(random_state=seed, **params), cv=3),
            "KNN": lambda: neighbors.KNeighborsClassifier(**params),
            "DecisionTree": lambda: tree.DecisionTreeClassifier(random_state=seed, **params),
            "RandomForest": lambda: ensemble.RandomForestClassifier(random_state=seed, **params),
            "ExtremeRandomTrees": lambda: ensemble.ExtraTreesClassifier(random_state=seed, **params),
            "GradientBoosting": lambda: ensemble.GradientBoostingClassifier(random_state=seed, **params),
            "BernoulliNaiveBayes": lambda: naive_bayes.BernoulliNB(**params),
            "MultinomialNaiveBayes": lambda: naive_bayes.MultinomialNB(**params),
        }
    return made[name]()
