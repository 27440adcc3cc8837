# The scoring script of MLflow models that come without one, as Azure's "no-code deployment" has it.
# Input formats: https://learn.microsoft.com/azure/machine-learning/how-to-deploy-mlflow-models-online-endpoints
import json
import os

import mlflow.pyfunc
import numpy
import pandas
from azureml_inference_server_http.api.aml_response import AMLResponse

model = None
schema = None
collectors = {}


def init():
    global model, schema, collectors
    folder = os.path.join(os.environ["AZUREML_MODEL_DIR"], os.environ["MLFLOW_MODEL_FOLDER"])
    model = mlflow.pyfunc.load_model(folder)
    schema = model.metadata.get_input_schema() if model.metadata else None
    collectors = data_collectors()


def run(raw_data):
    try:
        request = json.loads(raw_data)
        if not isinstance(request, dict) or "input_data" not in request:
            raise ValueError('the request must be a JSON object with the key "input_data"')
        data = to_input(request["input_data"])
        params = request.get("params")
    except (ValueError, KeyError, TypeError) as error:
        return AMLResponse({"message": f"Invalid input: {error}"}, 400, json_str=True)
    answer = model.predict(data, params=params) if params else model.predict(data)
    collect(data, answer)
    return to_json(answer)


def data_collectors():
    """What the deployment's data_collector keeps: inputs and outputs, as Azure does without a scoring script."""
    path = os.environ.get("AZUREML_MDC_CONFIG_PATH")
    if not path:
        return {}
    from azureml.ai.monitoring import Collector

    with open(path) as file:
        wanted = json.load(file)["collections"]
    return {name: Collector(name=name, on_error=lambda error: print(f"not collected: {error}")) for name in wanted}


def collect(data, answer):
    context = None
    for name, table in (("model_inputs", data), ("model_outputs", answer)):
        if name not in collectors:
            continue
        if not isinstance(table, pandas.DataFrame):
            columns = None if getattr(table, "ndim", 1) > 1 else ["output" if name == "model_outputs" else "input"]
            table = pandas.DataFrame(table, columns=columns)
        context = collectors[name].collect(table, context)


def to_input(data):
    """Split-oriented table, records, columns, rows or tensors, by what they look like and what the signature says."""
    tensors = schema is not None and schema.is_tensor_spec()
    names = schema.input_names() if schema is not None and schema.has_input_names() else None
    if isinstance(data, dict) and "data" in data and set(data) <= {"columns", "index", "data"}:
        if "columns" in data:
            return typed(pandas.DataFrame(data["data"], columns=data["columns"], index=data.get("index")))
        data = data["data"]
    if isinstance(data, dict):
        if tensors:
            types = {spec.name: spec.type for spec in schema.inputs}
            return {name: numpy.array(value, dtype=types.get(name)) for name, value in data.items()}
        columns = {name: value if isinstance(value, list) else [value] for name, value in data.items()}
        return typed(pandas.DataFrame(columns))
    if not isinstance(data, list):
        raise ValueError('"input_data" must be an object or a list')
    if tensors:
        return numpy.array(data, dtype=schema.inputs[0].type)
    if data and all(isinstance(row, dict) for row in data):
        return typed(pandas.DataFrame(data))
    rows = data if not data or isinstance(data[0], list) else [[value] for value in data]
    if names:
        if rows and len(rows[0]) != len(names):
            raise ValueError(f"each row needs {len(names)} values ({', '.join(map(str, names))}), not {len(rows[0])}")
        return typed(pandas.DataFrame(rows, columns=names))
    return pandas.DataFrame(rows)


def typed(frame):
    """JSON has one kind of number; the model's signature has several."""
    if schema is None or schema.is_tensor_spec():
        return frame
    for spec in schema.inputs:
        if spec.name in frame.columns:
            kind = spec.type.to_pandas() if hasattr(spec.type, "to_pandas") else None
            if kind is not None and frame[spec.name].dtype != kind:
                frame[spec.name] = frame[spec.name].astype(kind, errors="ignore")
    return frame


def to_json(answer):
    if isinstance(answer, pandas.DataFrame):
        return json.loads(answer.to_json(orient="records", date_format="iso"))
    if isinstance(answer, pandas.Series):
        return json.loads(answer.to_json(orient="values", date_format="iso"))
    if isinstance(answer, numpy.ndarray):
        return answer.tolist()
    if isinstance(answer, dict):
        return {name: to_json(value) for name, value in answer.items()}
    if isinstance(answer, (list, tuple)):
        return [to_json(value) for value in answer]
    if isinstance(answer, numpy.generic):
        return answer.item()
    return answer
