"""Online endpoints with azure-ai-ml, as its documentation says."""
import json
import time

from azure_ai_ml_kit import client, names, seen, write
from azure.ai.ml.entities import (
    CodeConfiguration,
    Environment,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
    Model,
    Workspace,
)
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

write("model/number.txt", "100")
NUMBER = "import os\ndef number():\n    return int(open(os.path.join(os.environ['AZUREML_MODEL_DIR'], 'model', 'number.txt')).read())\n"
write("online/score.py", NUMBER + """
import json
def init():
    global offset
    offset = number()
    print("ready with", offset)
def run(body):
    print("asked for", body)
    return [one + offset for one in json.loads(body)["data"]]
""")
write("request.json", json.dumps({"data": [1, 2]}))

client().workspaces.begin_create(Workspace(name="serving", location="westeurope")).result()
ml = client("serving")
model = ml.models.create_or_update(Model(name="adder", version="1", path="model", type="custom_model"))
conda = {"dependencies": ["python=3.11", {"pip": ["azureml-inference-server-http"]}]}
server = ml.environments.create_or_update(Environment(name="server", version="1", image="python:3.11", conda_file=conda))


def deployment(name, **more):
    return ManagedOnlineDeployment(
        name=name,
        endpoint_name="adder-clients",
        model="azureml:adder:1",
        environment="azureml:server:1",
        code_configuration=CodeConfiguration(code="online", scoring_script="score.py"),
        instance_type="Standard_DS3_v2",
        instance_count=1,
        **more,
    )


def ask(**more):
    return json.loads(ml.online_endpoints.invoke(endpoint_name="adder-clients", request_file="request.json", **more))


# Online
endpoint = ml.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name="adder-clients", auth_mode="key", tags={"a": "b"})).result()
seen("online_endpoints.begin_create_or_update", auth=endpoint.auth_mode, state=endpoint.provisioning_state)
blue = ml.online_deployments.begin_create_or_update(deployment("blue")).result()
seen("online_deployments.begin_create_or_update", state=blue.provisioning_state)
endpoint.traffic = {"blue": 100}
ml.online_endpoints.begin_create_or_update(endpoint).result()
seen("online_endpoints.begin_create_or_update: traffic", traffic=ml.online_endpoints.get("adder-clients").traffic)
seen("online_endpoints.invoke", answer=ask())
green = ml.online_deployments.begin_create_or_update(deployment("green", environment_variables={"X": "y"})).result()
seen("online_endpoints.invoke: a deployment", answer=ask(deployment_name="green"))
endpoint.traffic = {"blue": 90, "green": 10}
endpoint = ml.online_endpoints.begin_create_or_update(endpoint).result()
seen("online_endpoints.begin_create_or_update: split", traffic=endpoint.traffic)
endpoint.traffic = {"blue": 100, "green": 0}
endpoint.mirror_traffic = {"green": 10}
endpoint = ml.online_endpoints.begin_create_or_update(endpoint).result()
seen("online_endpoints.begin_create_or_update: mirror", mirror=endpoint.mirror_traffic)
endpoint.mirror_traffic = {}
endpoint = ml.online_endpoints.begin_create_or_update(endpoint).result()
seen("online_endpoints.get", tags=ml.online_endpoints.get("adder-clients").tags.get("a"))
seen("online_endpoints.list", names=names(ml.online_endpoints.list()))
seen("online_deployments.list", names=names(ml.online_deployments.list("adder-clients")))
log = ml.online_deployments.get_logs(name="blue", endpoint_name="adder-clients", lines=100)
seen("online_deployments.get_logs", ready="ready with 100" in log, asked="asked for" in log)
init = ml.online_deployments.get_logs(name="blue", endpoint_name="adder-clients", lines=100, container_type="storage-initializer")
seen("online_deployments.get_logs: storage initializer", said=len(init) > 0)
green.instance_count = 2
seen("online_deployments.begin_create_or_update: instances", count=ml.online_deployments.begin_create_or_update(green).result().instance_count)
seen("online_deployments.get", count=ml.online_deployments.get("green", "adder-clients").instance_count)
keys = ml.online_endpoints.get_keys("adder-clients")
ml.online_endpoints.begin_regenerate_keys("adder-clients", key_type="secondary").result()
fresh = ml.online_endpoints.get_keys("adder-clients")
seen("online_endpoints.get_keys", two=keys.primary_key != keys.secondary_key)
changed = [fresh.primary_key != keys.primary_key, fresh.secondary_key != keys.secondary_key]
seen("online_endpoints.begin_regenerate_keys", changed=changed)
try:
    ml.online_deployments.begin_delete("blue", "adder-clients").result()
    seen("online_deployments.begin_delete: with traffic", refused=False)
except HttpResponseError:
    seen("online_deployments.begin_delete: with traffic", refused=True)
ml.online_deployments.begin_delete("green", "adder-clients").result()
seen("online_deployments.begin_delete", left=names(ml.online_deployments.list("adder-clients")))
broken = deployment("broken", environment_variables={})
broken.code_configuration = CodeConfiguration(code="online", scoring_script="none.py")
try:
    ml.online_deployments.begin_create_or_update(broken).result()
    seen("online_deployments.begin_create_or_update: broken", failed=False)
except Exception as error:
    seen("online_deployments.begin_create_or_update: broken", failed=True, says="none.py" in str(error))
ml.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name="adder-token", auth_mode="aml_token")).result()
token = ml.online_endpoints.get_keys("adder-token")
seen("online_endpoints.get_keys: token", token=len(token.access_token) > 100, expires=token.expiry_time_utc > time.time())
ml.online_endpoints.begin_delete("adder-token").result()
ml.online_endpoints.begin_delete("adder-clients").result()
try:
    ml.online_endpoints.get("adder-clients")
    seen("online_endpoints.begin_delete", gone=False)
except ResourceNotFoundError:
    seen("online_endpoints.begin_delete", gone=True)
