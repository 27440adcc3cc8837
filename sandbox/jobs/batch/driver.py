# Scores the files of a batch job: mini-batches through init() and run(mini_batch) of the deployment's script, or through an MLflow model.
# Follows learn.microsoft.com/azure/machine-learning/how-to-batch-scoring-script. Settings stand in SANDBOX_BATCH.
import argparse
import importlib.util
import json
import multiprocessing
import os
import sys
import tempfile
import threading
import traceback


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--model")
    arguments.add_argument("--output", required=True)
    arguments.add_argument("inputs", nargs="+")
    options = arguments.parse_args()
    settings = json.loads(os.environ["SANDBOX_BATCH"])
    os.environ["AZUREML_BI_OUTPUT_PATH"] = options.output
    if options.model:
        place_model(options.model, settings["model_name"])
    files = [file for place in options.inputs for file in files_of(place)]
    if not files:
        raise SystemExit("The input has no files.")
    size = settings["mini_batch_size"]
    batches = [files[start : start + size] for start in range(0, len(files), size)]
    print(f"{len(files)} files in {len(batches)} mini-batches of {size}, {settings['concurrency']} at once", flush=True)
    work = Work(batches, settings, os.path.join(options.output, settings["output_file"]))
    workers = [threading.Thread(target=work.serve) for _ in range(min(settings["concurrency"], len(batches)))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print(f"{work.scored} files scored, {work.failed} failed", flush=True)
    if work.broken:
        raise SystemExit(work.broken)


def place_model(path, name):
    """AZUREML_MODEL_DIR holds the model's folder, or its file, under its own name."""
    folder = tempfile.mkdtemp(prefix="model-")
    os.symlink(path, os.path.join(folder, name))
    os.environ["AZUREML_MODEL_DIR"] = folder


def files_of(place):
    if os.path.isfile(place):
        return [place]
    return sorted(os.path.join(folder, name) for folder, _, names in os.walk(place) for name in names)


class Work:
    """The mini-batches left, the results so far, and when it is too much of failures."""

    def __init__(self, batches, settings, output):
        self.left = list(enumerate(batches))
        self.settings = settings
        self.output = output
        self.lock = threading.Lock()
        self.scored = self.failed = 0
        self.broken = None
        if settings["output_action"] == "append_row":
            open(output, "w").close()

    def serve(self):
        process = None
        try:
            while True:
                with self.lock:
                    if not self.left or self.broken:
                        return
                    number, batch = self.left.pop(0)
                lines = None
                for attempt in range(self.settings["max_retries"] + 1):
                    if process is None or not process.alive():
                        process = Process(self.settings)
                        if process.problem:
                            with self.lock:
                                self.broken = process.problem
                            return
                    lines, problem = process.run(batch, self.settings["timeout"])
                    if problem is None:
                        break
                    print(f"mini-batch {number}, attempt {attempt + 1}: {problem}", flush=True)
                self.keep(number, batch, lines)
        finally:
            if process:
                process.end()

    def keep(self, number, batch, lines):
        appending = self.settings["output_action"] == "append_row"
        with self.lock:
            done = 0 if lines is None else len(batch) if not appending or self.settings["mlflow"] else min(len(lines), len(batch))
            self.scored += done
            self.failed += len(batch) - done
            if appending and lines:
                with open(self.output, "a", encoding="utf-8") as file:
                    file.writelines(f"{line}\n" for line in lines)
            print(f"mini-batch {number}: {done} of {len(batch)} files", flush=True)
            allowed = self.settings["error_threshold"]
            if allowed >= 0 and self.failed > allowed:
                self.broken = f"{self.failed} files failed, more than error_threshold {allowed} allows."


class Process:
    """One worker with the script loaded, ended and made anew when a mini-batch takes too long."""

    def __init__(self, settings):
        self.pipe, other = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=worker, args=(other, settings), daemon=True)
        self.process.start()
        other.close()
        try:
            self.problem = self.pipe.recv()
        except EOFError:
            self.problem = "The scoring process ended in init()."

    def alive(self):
        return self.process.is_alive()

    def run(self, batch, timeout):
        """(lines, None), or (None, what went wrong)."""
        try:
            self.pipe.send(batch)
            if not self.pipe.poll(timeout):
                self.end()
                return None, f"took longer than {timeout} s (retry_settings.timeout)"
            return self.pipe.recv()
        except (EOFError, OSError):
            return None, "the scoring process ended"

    def end(self):
        self.process.kill()
        self.process.join()


def worker(pipe, settings):
    try:
        run = mlflow_runner() if settings["mlflow"] else script_runner(settings["script"])
    except BaseException:
        traceback.print_exc()
        pipe.send(f"init() failed: {traceback.format_exc().strip().splitlines()[-1]}")
        return
    pipe.send(None)
    while True:
        try:
            batch = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send((rows(run(batch)), None))
        except Exception:
            traceback.print_exc()
            pipe.send((None, traceback.format_exc().strip().splitlines()[-1]))


def script_runner(script):
    file = os.path.abspath(script)
    sys.path.insert(0, os.path.dirname(file))
    specification = importlib.util.spec_from_file_location("scoring_script", file)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    for name in ("init", "run"):
        if not callable(getattr(module, name, None)):
            raise TypeError(f"the scoring script has no function {name}()")
    module.init()
    return module.run


def rows(result):
    """A line for each element of a list, or each row of a data frame (no header)."""
    if hasattr(result, "to_csv"):
        text = result.to_csv(header=False, index=False)
        return text.splitlines()
    if not isinstance(result, (list, tuple)) and not hasattr(result, "tolist"):
        raise TypeError(f"run() returned {type(result).__name__}; it must return a list or a pandas DataFrame")
    return [str(one) for one in result]


def mlflow_runner():
    import mlflow.pyfunc
    import pandas

    folder = os.environ["AZUREML_MODEL_DIR"]
    model = mlflow.pyfunc.load_model(os.path.join(folder, os.listdir(folder)[0]))
    schema = model.metadata.get_input_schema() if model.metadata else None
    readers = {
        ".csv": pandas.read_csv,
        ".parquet": pandas.read_parquet,
        ".json": pandas.read_json,
        ".jsonl": lambda file: pandas.read_json(file, lines=True),
    }

    def run(batch):
        """Columns row, prediction, file: the form of Azure's predictions of MLflow models."""
        tables = []
        for file in batch:
            reader = readers.get(os.path.splitext(file)[1].lower())
            if reader is None:
                raise ValueError(f"{os.path.basename(file)}: MLflow models score {', '.join(readers)} files; write a scoring script for others")
            answer = model.predict(typed(reader(file), schema))
            table = answer if isinstance(answer, pandas.DataFrame) else pandas.DataFrame({"prediction": list(answer)})
            table.insert(0, "row", range(len(table)))
            table["file"] = os.path.basename(file)
            tables.append(table)
        return pandas.concat(tables)

    return run


def typed(table, schema):
    """A file of text says of no column whether its whole numbers are integers; the model's signature does."""
    if schema is None or schema.is_tensor_spec() or not schema.has_input_names():
        return table
    for column in schema.inputs:
        if column.name in table.columns and str(column.type) in ("DataType.double", "DataType.float") and table[column.name].dtype.kind in "iu":
            table[column.name] = table[column.name].astype(column.type.to_numpy())
    return table


if __name__ == "__main__":
    main()
