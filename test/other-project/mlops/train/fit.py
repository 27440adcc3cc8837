import sys, pathlib, pandas as pd, mlflow, mlflow.sklearn
from sklearn.linear_model import LogisticRegression
df = pd.read_csv(pathlib.Path(sys.argv[1]) / "rows.csv")
m = LogisticRegression(C=float(sys.argv[3])).fit(df[["a", "b"]], df["label"])
mlflow.log_metric("accuracy", m.score(df[["a", "b"]], df["label"]))
mlflow.sklearn.save_model(m, sys.argv[2])
