"""Batch endpoints with azure-ai-ml, as its documentation says."""
from azure_ai_ml_kit import client, files, names, seen, write
from azure.ai.ml import Input
from azure.ai.ml.constants import BatchDeploymentOutputAction
from azure.ai.ml.entities import (
    AmlCompute,
    BatchEndpoint,
    BatchRetrySettings,
    CodeConfiguration,
    Data,
    Environment,
    Model,
    ModelBatchDeployment,
    ModelBatchDeploymentSettings,
    Workspace,
)

write("model/number.txt", "100")
write("batch/score.py", """
import os
def init():
    global offset
    offset = int(open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model", "number.txt")).read())
def run(mini_batch):
    return [f"{os.path.basename(path)},{int(open(path).read()) + offset}" for path in mini_batch]
""")
for name, number in {"a": 1, "b": 2, "c": 3}.items():
    write(f"numbers/{name}.txt", str(number))

client().workspaces.begin_create(Workspace(name="batch", location="westeurope")).result()
ml = client("batch")
ml.models.create_or_update(Model(name="adder", version="1", path="model", type="custom_model"))
ml.compute.begin_create_or_update(AmlCompute(name="cpu-cluster", size="Standard_DS3_v2", max_instances=2)).result()
ml.environments.create_or_update(Environment(name="empty", image="python:3.11", conda_file={"dependencies": ["python=3.11"]}))
ml.data.create_or_update(Data(name="numbers", version="1", path="numbers", type="uri_folder"))
batch = ml.batch_endpoints.begin_create_or_update(BatchEndpoint(name="adder-batch", description="adds")).result()
seen("batch_endpoints.begin_create_or_update", description=batch.description)
settings = ModelBatchDeploymentSettings(
    instance_count=1,
    max_concurrency_per_instance=1,
    mini_batch_size=2,
    output_action=BatchDeploymentOutputAction.APPEND_ROW,
    output_file_name="sums.csv",
    retry_settings=BatchRetrySettings(max_retries=1, timeout=30),
)
made = ml.batch_deployments.begin_create_or_update(
    ModelBatchDeployment(
        name="first",
        endpoint_name="adder-batch",
        model=ml.models.get("adder", version="1"),
        environment="azureml:empty:1",
        code_configuration=CodeConfiguration(code="batch", scoring_script="score.py"),
        compute="cpu-cluster",
        settings=settings,
    )
).result()
seen("batch_deployments.begin_create_or_update", state=made.provisioning_state)
batch.defaults.deployment_name = "first"
batch = ml.batch_endpoints.begin_create_or_update(batch).result()
seen("batch_endpoints.begin_create_or_update: default deployment", default=ml.batch_endpoints.get("adder-batch").defaults.deployment_name)
job = ml.batch_endpoints.invoke(endpoint_name="adder-batch", input=Input(type="uri_folder", path="azureml:numbers:1"))
ml.jobs.stream(job.name)
ml.jobs.download(job.name, download_path="scored", output_name="score")
found = [one for one in files("scored") if one.endswith("sums.csv")]
lines = sorted(open(f"scored/{found[0]}").read().split()) if found else files("scored")
seen("batch_endpoints.invoke", status=ml.jobs.get(job.name).status, rows=lines)
local = ml.batch_endpoints.invoke(endpoint_name="adder-batch", deployment_name="first", input=Input(type="uri_folder", path="numbers"))
ml.jobs.stream(local.name)
seen("batch_endpoints.invoke: a folder from here", status=ml.jobs.get(local.name).status)
seen("batch_endpoints.list_jobs", jobs=sorted(one.name for one in ml.batch_endpoints.list_jobs("adder-batch")) == sorted([job.name, local.name]))
seen("batch_deployments.list_jobs", jobs=len(list(ml.batch_deployments.list_jobs(name="first", endpoint_name="adder-batch"))))
seen("batch_endpoints.get", auth=ml.batch_endpoints.get("adder-batch").auth_mode)
seen("batch_endpoints.list", names=names(ml.batch_endpoints.list()))
seen("batch_deployments.get", compute=ml.batch_deployments.get("first", "adder-batch").compute.split("/")[-1])
seen("batch_deployments.list", names=names(ml.batch_deployments.list("adder-batch")))
ml.batch_deployments.begin_delete("first", "adder-batch").result()
seen("batch_deployments.begin_delete", left=names(ml.batch_deployments.list("adder-batch")))
ml.batch_endpoints.begin_delete("adder-batch").result()
seen("batch_endpoints.begin_delete", left=names(ml.batch_endpoints.list()))
