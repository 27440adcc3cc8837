import argparse, pathlib, pandas as pd
p = argparse.ArgumentParser(); p.add_argument("--raw"); p.add_argument("--rows"); p.add_argument("--keep", type=int)
a = p.parse_args()
pd.read_csv(a.raw).head(a.keep).to_csv(pathlib.Path(a.rows) / "rows.csv", index=False)
print("prepared")
