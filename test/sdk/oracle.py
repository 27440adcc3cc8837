"""What the official Azure ML SDK sends for a YAML file: real loaders and operations over a transport that only records.

Reads a JSON list of {"path", "kind", "sets"} on stdin, writes one JSON line each: {"path", "ok", "url", "body", "also", "error"}.
Nothing is uploaded: a local path stands in the body as `LOCAL:<absolute path>`. Ids of this workspace are shortened to
`azureml:name:version`, the form in which the YAML names them.
"""

import io
import json
import logging
import os
import re
import sys
import time
import urllib.parse
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
os.environ["AZUREML_SDKV2_TELEMETRY"] = "off"
os.environ["AZURE_ML_CLI_PRIVATE_FEATURES_ENABLED"] = "false"

import requests  # noqa: E402
from azure.core.credentials import AccessToken  # noqa: E402
from azure.core.pipeline.transport import RequestsTransport  # noqa: E402
from azure.core.pipeline.transport._requests_basic import RequestsTransportResponse  # noqa: E402
from azure.core.rest import HttpRequest as RestRequest  # noqa: E402
from azure.core.rest._requests_basic import RestRequestsTransportResponse  # noqa: E402
from azure.ai import ml  # noqa: E402
from azure.ai.ml import MLClient  # noqa: E402
from azure.ai.ml.entities._load_functions import load_schedule  # noqa: E402
import other_nouns  # noqa: E402

SCOPE = "/subscriptions/S/resourceGroups/G/providers/Microsoft.MachineLearningServices/workspaces/W"
PROVIDER = re.escape(SCOPE)


class Captured(BaseException):
    """Carries the request out of the SDK: no except clause of it catches this."""


class Recorder:
    """The transport: answers what the SDK reads before it writes, keeps what it writes."""

    def __init__(self):
        self.writes = []
        self.stop = None

    def send(self, transport, request, **kwargs):
        url = urllib.parse.unquote(request.url.split("?")[0])
        path = "/" + url.split("://", 1)[-1].split("/", 1)[-1]
        method = request.method
        if method in ("PUT", "POST", "PATCH"):
            data = request.content if hasattr(request, "content") else request.body
            if isinstance(data, bytes):
                data = data.decode()
            body = json.loads(data) if data else None
            if self.stop and re.search(self.stop, path):
                raise Captured(path, body)
            self.writes.append({"url": path, "body": body})
            return respond(request, 200, echo(path, body), kwargs)
        status, answer = self.read(path)
        return respond(request, status, answer, kwargs)

    def read(self, path):
        if re.search(r"/workspaces/[^/]+$", path):
            return 200, {"id": path, "name": "W", "location": "westeurope", "properties": {"discoveryUrl": "https://x/discovery"}}
        if re.search(r"/onlineEndpoints/[^/]+$", path) or re.search(r"/batchEndpoints/[^/]+$", path):
            name = path.rsplit("/", 1)[-1]
            return 200, {"id": path, "name": name, "location": "westeurope", "properties": {"authMode": "Key"}}
        match = re.search(r"/onlineEndpoints/[^/]+/deployments/([^/]+)$", path)
        if match:
            # It collects nothing unless its name says so: then monitors need not say what they look at.
            collected = {name: {"dataCollectionMode": "Enabled", "dataId": f"/subscriptions/S/resourceGroups/G/providers/Microsoft.MachineLearningServices/workspaces/W/data/{name}/versions/1"} for name in ("model_inputs", "model_outputs")}
            return 200, {"id": path, "name": match[1], "location": "westeurope",
                         "properties": {"endpointComputeType": "Managed", "instanceType": "x", "scaleSettings": {"scaleType": "Default"},
                                        "dataCollector": {"collections": collected} if match[1] == "collects" else None},
                         "sku": {"name": "Default", "capacity": 1}, "tags": {}}
        if re.search(r"/virtualclusters/[^/]+$", path, re.I):
            return 200, {"id": path, "name": "v"}
        if re.search(r"/computes/[^/]+$", path):
            return 200, {"id": path, "name": "c", "properties": {"computeType": "AmlCompute", "properties": {}}}
        match = re.search(r"/datastores/([^/]+)$", path)
        if match:
            return 200, {"id": path, "name": match[1], "properties": {
                "datastoreType": "AzureBlob", "accountName": "a", "containerName": "c", "isDefault": True,
                "credentials": {"credentialsType": "None"}}}
        match = re.search(r"/(data|models|environments|components)/([^/]+)$", path)
        if match:
            return 200, {"id": path, "name": match[2], "properties": {"latestVersion": "LATEST", "nextVersion": "NEXT", "dataType": "uri_file"}}
        match = re.search(r"/(data|models|environments|components)/([^/]+)/versions$", path)
        if match:
            item = {"id": f"{path}/LATEST", "name": "LATEST", "properties": VERSIONS.get(match[1], {})}
            return 200, {"value": [item]}
        if "/components/azureml_anonymous/" in path:
            return 404, {"error": {"code": "NotFound", "message": path}}
        match = re.search(r"/(data|models|environments|components)/([^/]+)/versions/([^/]+)$", path)
        if match:
            return 200, {"id": path, "name": match[3], "properties": VERSIONS.get(match[1], {})}
        return 404, {"error": {"code": "NotFound", "message": path}}


VERSIONS = {
    "data": {"dataType": "uri_file", "dataUri": "azureml://datastores/workspaceblobstore/paths/x"},
    "models": {"modelType": "custom_model", "modelUri": "azureml://datastores/workspaceblobstore/paths/x", "flavors": {}},
    "environments": {"image": "i"},
    "components": {"componentSpec": {"name": "n", "version": "LATEST", "type": "command", "command": "c", "environment": "azureml:e:1"}},
}


def echo(path, body):
    name = path.rsplit("/", 1)[-1]
    answer = {**(body or {}), "id": path, "name": name, "systemData": {}}
    if "/models/" in path:
        answer["properties"] = {"flavors": {}, **answer.get("properties", {})}
    return answer


def respond(request, status, payload, kwargs):
    raw = requests.Response()
    raw.status_code = status
    raw.headers["Content-Type"] = "application/json"
    raw._content = json.dumps(payload).encode()
    raw.raw = io.BytesIO(raw._content)
    if not isinstance(request, RestRequest):
        return RequestsTransportResponse(request, raw)
    response = RestRequestsTransportResponse(request=request, internal_response=raw, block_size=4096)
    response._content = raw._content
    response._is_closed = response._is_stream_consumed = True
    return response


class Token:
    def get_token(self, *scopes, **kwargs):
        import jwt

        return AccessToken(jwt.encode({"tid": "t", "aud": "https://ml.azure.com"}, "k" * 32), int(time.time()) + 3600)


LOCAL = "https://local.test"


def local(path):
    """A URL, so that the SDK takes it for uploaded; `shorten` makes `LOCAL:<path>` of it."""
    return LOCAL + os.path.abspath(str(path))


def stub_uploads():
    """Replaces every function that would send a file by one that puts the path into the asset."""

    def upload_path(artifact, *args, **kwargs):
        path = artifact.path
        if path is None:
            return artifact, None
        text = str(path)
        if re.match(r"^(https?|azureml|wasbs?|abfss?|adl|runs|git\+\w+)[:]", text) or "://" in text:
            return artifact, None
        if not os.path.isabs(text):
            text = os.path.join(str(artifact.base_path or os.getcwd()), text)
        if not os.path.exists(text):
            raise FileNotFoundError(f"no such path {text}")
        artifact.path = local(text)
        if hasattr(artifact, "specification"):
            artifact.specification.path = artifact.path
        return artifact, None

    def upload_context(environment, *args, **kwargs):
        if environment.build is not None and environment.path and not str(environment.path).startswith("http"):
            environment.build.path = local(environment.path) + "/"
        return environment

    def upload_uri(scope, datastores, path, *args, **kwargs):
        if not os.path.exists(str(path)):
            raise FileNotFoundError(f"no such path {path}")
        return local(path)

    import azure.ai.ml._artifacts._artifact_utilities as utilities

    names = {"_check_and_upload_path": upload_path, "_check_and_upload_env_build_context": upload_context,
             "_upload_and_generate_remote_uri": upload_uri}
    for module in list(sys.modules.values()):
        for name, stub in names.items():
            if getattr(module, "__name__", "").startswith("azure.ai.ml") and hasattr(module, name):
                setattr(module, name, stub)
    assert utilities._check_and_upload_path is upload_path

    def create_code(self, code):
        path = str(code.path)
        if re.match(r"^(https?://|git\+)", path):
            target = path
        else:
            target = path if os.path.isabs(path) else os.path.join(str(code.base_path or os.getcwd()), path)
            if not os.path.exists(target):
                raise FileNotFoundError(f"no such path {target}")
            target = local(target)
        code._id = f"{SCOPE}/codes/{urllib.parse.quote(target, safe='')}/versions/1"
        return code

    from azure.ai.ml.operations._code_operations import CodeOperations

    CodeOperations.create_or_update = create_code


def shorten(value):
    if isinstance(value, dict):
        return {key: shorten(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shorten(item) for item in value]
    if isinstance(value, str):
        if value.startswith("{'type': "):
            return re.sub(r"(?<='path': ')[^']*", lambda found: shorten(found[0]), value)
        if value.startswith(LOCAL):
            return "LOCAL:" + value[len(LOCAL):]
        value = value.replace("azureml://subscriptions/S/resourcegroups/G/workspaces/W/", "azureml://")
        text = re.sub(r"^azureml:/?(?=/subscriptions/)", "", value)
        match = re.fullmatch(rf"{PROVIDER}/codes/([^/]+)/versions/1", text)
        if match:
            return shorten(urllib.parse.unquote(match[1]))
        match = re.fullmatch(rf"{PROVIDER}/\w+/([^/]+)/versions/([^/]+)", text)
        if match:
            return f"azureml:{match[1]}:{match[2]}"
        match = re.fullmatch(rf"{PROVIDER}/\w+/([^/]+)/labels/([^/]+)", text)
        if match:
            return f"azureml:{match[1]}@{match[2]}"
        match = re.fullmatch(rf"{PROVIDER}/onlineEndpoints/([^/]+)/deployments/([^/]+)", text)
        if match:
            return f"azureml:{match[1]}:{match[2]}"
        match = re.fullmatch(rf"{PROVIDER}/\w+/([^/]+)", text)
        if match:
            return f"azureml:{match[1]}"
    return value


def operations(client):
    return {
        "job": (ml.load_job, lambda e: client.jobs.create_or_update(e), r"/jobs/[^/]+$"),
        "component": (ml.load_component, lambda e: client.components.create_or_update(e), r"/components/(?!azureml_anonymous/)[^/]+/versions/[^/]+$"),
        "environment": (ml.load_environment, lambda e: client.environments.create_or_update(e), r"/environments/[^/]+/versions/[^/]+$"),
        "data": (ml.load_data, lambda e: client.data.create_or_update(e), r"/data/[^/]+/versions/?[^/]*$"),
        "model": (ml.load_model, lambda e: client.models.create_or_update(e), r"/models/[^/]+/versions/?[^/]*$"),
        "compute": (ml.load_compute, lambda e: client.compute.begin_create_or_update(e), r"/computes/[^/]+$"),
        "onlineEndpoint": (ml.load_online_endpoint, lambda e: client.online_endpoints.begin_create_or_update(e), r"/onlineEndpoints/[^/]+$"),
        "onlineDeployment": (ml.load_online_deployment, lambda e: client.online_deployments.begin_create_or_update(e), r"/deployments/[^/]+$"),
        "schedule": (load_schedule, lambda e: client.schedules.begin_create_or_update(e), r"/schedules/[^/]+$"),
        "registry": (ml.load_registry, lambda e: client.registries.begin_create(e), r"/registries/[^/]+$"),
        **other_nouns.entries(client, serialize),
    }


def serialize(model):
    from azure.ai.ml._utils._experimental import experimental  # noqa: F401  (module loads the encoder's models)
    from azure.core.serialization import AzureJSONEncoder

    if hasattr(model, "serialize"):
        return model.serialize()
    try:
        from azure.ai.ml._restclient.arm_ml_service._utils.model_base import SdkJSONEncoder
    except ImportError:
        SdkJSONEncoder = AzureJSONEncoder
    return json.loads(json.dumps(model, cls=SdkJSONEncoder, exclude_readonly=True))


def render(client, recorder, item):
    # The SDK takes the tables of an automated ML job from the current folder: az ml is run where the file is.
    os.chdir(os.path.dirname(item["path"]))
    kind, sets = item["kind"], [{pair[0]: pair[1]} for pair in item.get("sets", [])]
    recorder.writes, recorder.stop = [], None
    if kind == "workspace":
        entity = ml.load_workspace(item["path"], params_override=sets)
        return {"url": "/workspaces/" + str(entity.name), "body": serialize(entity._to_rest_object())}
    load, send, stop = operations(client)[kind]
    entity = load(item["path"], params_override=sets)
    if stop is None:
        return send(entity)
    recorder.stop = stop
    try:
        send(entity)
    except Captured as captured:
        return {"url": captured.args[0], "body": captured.args[1]}
    raise RuntimeError("nothing was sent: " + json.dumps([write["url"] for write in recorder.writes]))


def main():
    stub_uploads()
    recorder = Recorder()
    RequestsTransport.send = lambda self, request, **kwargs: recorder.send(self, request, **kwargs)
    client = MLClient(Token(), "S", "G", "W")
    import azure.ai.ml.operations._job_operations as jobs

    jobs.get_git_properties = lambda: {}
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for item in json.load(sys.stdin):
        try:
            result = {"ok": True, **render(client, recorder, item), "also": recorder.writes}
            result = {**result, "body": shorten(result["body"]), "also": shorten(result["also"])}
        except Exception as error:  # noqa: BLE001  (whatever the SDK raises is its answer to this file)
            result = {"ok": False, "error": f"{type(error).__name__}: {error}"}
            if item.get("trace"):
                import traceback

                result["trace"] = traceback.format_exc()
        out.write(json.dumps({"path": item["path"], **result}) + "\n")
        out.flush()


main()
