# The tables that a monitor reads: files of a data asset, and the lines that a deployment's data collector wrote.
import json
import os

import pandas

# Column that joins what a call was asked with what it answered: the call's correlation id and the row's number in it.
CORRELATION = "correlationid"


def read(source):
    """A table of a file or folder. Lines of Azure's data collector become a row for each row of their data, those of the window only."""
    place = os.environ[f"AZURE_ML_INPUT_{source['input']}"]
    files = [place] if os.path.isfile(place) else sorted(os.path.join(at, one) for at, _, names in os.walk(place) for one in names)
    tables = [table for table in (read_file(file, source["window"]) for file in files) if table is not None]
    return pandas.concat(tables, ignore_index=True) if tables else pandas.DataFrame()


def read_file(file, window):
    kind = os.path.splitext(file)[1].lower()
    if os.path.basename(file) == "MLTable":
        return None
    if kind in (".jsonl", ".json"):
        with open(file) as lines:
            return from_lines([json.loads(line) for line in lines if line.strip()], window)
    if kind in (".csv", ".tsv", ".txt"):
        return pandas.read_csv(file, sep="\t" if kind == ".tsv" else ",")
    raise SystemExit(f"{os.path.basename(file)}: the sandbox's monitors read .csv, .tsv and .jsonl; export the data as one of these.")


def from_lines(records, window):
    rows = []
    for record in records:
        if record.get("specversion") is None or "data" not in record:
            rows.append(record)
            continue
        if window and not window[0] <= record["time"] < window[1]:
            continue
        for number, one in enumerate(record["data"]):
            rows.append({**one, CORRELATION: f"{record.get('correlationid')}_{number}"})
    return pandas.DataFrame(rows) if rows else None
