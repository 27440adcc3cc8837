# Reads an MLTable (or a plain CSV, Parquet or JSON-lines file) from this machine's disk into a data frame.
# Fields: learn.microsoft.com/azure/machine-learning/reference-yaml-mltable. What is not understood is refused by name.
import glob
import os

import pandas
import yaml

SEPARATORS = {"comma": ",", "tab": "\t", "space": " ", "semicolon": ";", "pipe": "|"}
ENCODINGS = {"utf8": "utf-8", "utf8bom": "utf-8-sig", "iso88591": "latin-1", "latin1": "latin-1", "ascii": "ascii", "utf16": "utf-16", "windows1252": "cp1252"}


def load_table(path):
    if os.path.isdir(path):
        definition = os.path.join(path, "MLTable")
        if os.path.exists(definition):
            return from_definition(definition)
        found = sorted(name for name in os.listdir(path) if name.lower().endswith((".csv", ".parquet", ".jsonl")))
        if not found:
            raise SystemExit(f"The folder has no file MLTable and no table; it has {', '.join(sorted(os.listdir(path))) or 'nothing'}.")
        return pandas.concat([plain(os.path.join(path, name)) for name in found], ignore_index=True)
    return from_definition(path) if os.path.basename(path) == "MLTable" else plain(path)


def plain(file):
    if file.lower().endswith(".parquet"):
        return pandas.read_parquet(file)
    if file.lower().endswith((".jsonl", ".json")):
        return pandas.read_json(file, lines=True)
    return pandas.read_csv(file)


def from_definition(file):
    with open(file, encoding="utf-8") as text:
        definition = yaml.safe_load(text) or {}
    folder = os.path.dirname(file)
    files = [one for entry in definition.get("paths") or [] for one in files_of(entry, folder)]
    if not files:
        raise SystemExit("The MLTable names no files (paths).")
    table, steps = None, definition.get("transformations") or []
    for step in steps:
        name, options = (step, {}) if isinstance(step, str) else next(iter(step.items()))
        if name.startswith("read_"):
            table = read(name, options or {}, files)
        else:
            table = transformed(read("read_delimited", {}, files) if table is None else table, name, options)
    return pandas.concat([plain(one) for one in files], ignore_index=True) if table is None else table


def files_of(entry, folder):
    kind, value = next(iter(entry.items()))
    if "://" in value:
        raise SystemExit(f"The MLTable's path {value} is not beside it; the sandbox reads files that lie in the MLTable's folder.")
    place = os.path.normpath(os.path.join(folder, value))
    if kind == "file":
        if not os.path.exists(place):
            raise SystemExit(f"The MLTable names {value}, which is not there.")
        return [place]
    if kind == "folder":
        return sorted(one for one in glob.glob(os.path.join(place, "**"), recursive=True) if os.path.isfile(one))
    if kind == "pattern":
        return sorted(one for one in glob.glob(place, recursive=True) if os.path.isfile(one))
    raise SystemExit(f"The MLTable's paths have '{kind}'; it must be file, folder or pattern.")


def read(name, options, files):
    if name == "read_delimited":
        encoding = str(options.get("encoding", "utf8")).lower().replace("-", "").replace("_", "")
        header = options.get("header", "all_files_same_headers")
        separator = str(options.get("delimiter", ","))
        how = {
            "sep": SEPARATORS.get(separator, separator),
            "encoding": ENCODINGS.get(encoding, encoding),
            "header": None if header in ("no_header", False) else 0,
        }
        if options.get("empty_as_string"):
            how["keep_default_na"] = False
        tables = []
        for index, file in enumerate(files):
            one = pandas.read_csv(file, **how) if header != "from_first_file" or index == 0 else pandas.read_csv(file, **{**how, "header": None})
            if header == "from_first_file" and index > 0:
                one.columns = tables[0].columns
            if how["header"] is None and header != "from_first_file":
                one.columns = [f"Column{number + 1}" for number in range(one.shape[1])]
            tables.append(one)
        return pandas.concat(tables, ignore_index=True)
    if name == "read_parquet":
        return pandas.concat([pandas.read_parquet(file) for file in files], ignore_index=True)
    if name == "read_json_lines":
        return pandas.concat([pandas.read_json(file, lines=True) for file in files], ignore_index=True)
    raise SystemExit(f"The MLTable's transformation {name} is not understood by the sandbox (read_delimited, read_parquet, read_json_lines are).")


def transformed(table, name, options):
    if name in ("keep_columns", "drop_columns"):
        columns = options if isinstance(options, list) else [options]
        return table[columns] if name == "keep_columns" else table.drop(columns=columns)
    if name == "take":
        return table.head(int(options))
    if name == "skip":
        return table.iloc[int(options) :]
    if name == "take_random_sample":
        return table.sample(frac=options["probability"], random_state=options.get("seed"))
    if name == "convert_column_types":
        for one in options:
            columns = one["columns"] if isinstance(one["columns"], list) else [one["columns"]]
            for column in columns:
                table[column] = converted(table[column], one["column_type"])
        return table
    raise SystemExit(f"The MLTable's transformation {name} is not understood by the sandbox.")


def converted(column, kind):
    kind = kind if isinstance(kind, str) else next(iter(kind))
    if kind == "datetime":
        return pandas.to_datetime(column)
    types = {"int": "Int64", "float": "float64", "string": "string", "boolean": "boolean"}
    if kind not in types:
        raise SystemExit(f"The MLTable converts a column to {kind}; the sandbox knows {', '.join(types)} and datetime.")
    return column.astype(types[kind])
