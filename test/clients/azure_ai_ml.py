"""What a user of azure-ai-ml does, as its documentation says, against whatever cloud the environment points at.

Prints one JSON object a step: {"step": ..., ...what was seen}. The test beside it reads them.
"""
import json
import logging
import os
import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

from azure.ai.ml import Input, MLClient, command  # noqa: E402
from azure.ai.ml.constants import AssetTypes  # noqa: E402
from azure.ai.ml.entities import (  # noqa: E402
    AccountKeyConfiguration,
    AmlCompute,
    AzureBlobDatastore,
    BuildContext,
    Data,
    Environment,
    Model,
    Registry,
    RegistryRegionDetails,
    Workspace,
)
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError  # noqa: E402
from azure.identity import DefaultAzureCredential  # noqa: E402

IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04"
here = Path.cwd()
out = sys.stdout
sys.stdout = sys.stderr  # the SDK prints progress


def seen(step, **what):
    print(json.dumps({"step": step, **what}), file=out, flush=True)


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file())


credential = DefaultAzureCredential(disable_instance_discovery=True)
subscription = os.environ["AZURE_SUBSCRIPTION_ID"]
group = sys.argv[1]

# Inputs of the steps
(here / "data").mkdir()
(here / "data" / "a.csv").write_text("x,y\n1,2\n")
(here / "data" / "b.csv").write_text("x,y\n3,4\n")
(here / "src").mkdir()
(here / "src" / "train.py").write_text("print('hello')\n")
(here / "docker").mkdir()
(here / "docker" / "Dockerfile").write_text(f"FROM {IMAGE}\n")
(here / "model").mkdir()
(here / "model" / "weights.txt").write_text("42")
(here / "big.bin").write_bytes(os.urandom(1024 * 1024) * 70)

# Workspace, made by the SDK's own ARM template
subscription_client = MLClient(credential, subscription, group)
made = subscription_client.workspaces.begin_create(
    Workspace(name="clients", location="westeurope", description="one", tags={"team": "ml"})
).result()
seen("workspace create", name=made.name, description=made.description, storage=made.storage_account.split("/")[-1])
updated = subscription_client.workspaces.begin_update(Workspace(name="clients", description="two")).result()
seen("workspace update", description=updated.description, tags=dict(updated.tags))
seen("workspace list", names=[one.name for one in subscription_client.workspaces.list()])
client = MLClient(credential, subscription, group, "clients")

# Compute
cluster = client.compute.begin_create_or_update(
    AmlCompute(name="cpu-cluster", size="Standard_DS3_v2", min_instances=0, max_instances=4, idle_time_before_scale_down=300)
).result()
seen("compute create", size=cluster.size, max=cluster.max_instances, idle=cluster.idle_time_before_scale_down)
seen("compute list", names=[one.name for one in client.compute.list()])

# Datastores
default = client.datastores.get_default()
client.datastores.create_or_update(
    AzureBlobDatastore(
        name="extra",
        account_name=default.account_name,
        container_name="extra",
        credentials=AccountKeyConfiguration(account_key="unused"),
    )
)
seen("datastore list", names=[one.name for one in client.datastores.list()], default=default.name)
client.datastores.delete("extra")

# Data
first = client.data.create_or_update(Data(name="folder", path="data", type=AssetTypes.URI_FOLDER, tags={"a": "b"}))
second = client.data.create_or_update(Data(name="folder", path="data", type=AssetTypes.URI_FOLDER))
seen("data auto version", first=first.version, second=second.version, same_bytes=first.path == second.path)
file = client.data.create_or_update(Data(name="file", version="7", path="data/a.csv", type=AssetTypes.URI_FILE))
seen("data file", version=file.version, ends=file.path.split("/")[-1])
big = client.data.create_or_update(Data(name="big", path="big.bin", type=AssetTypes.URI_FILE))
seen("data 70 MB", version=big.version)
seen("data latest", version=client.data.get("folder", label="latest").version)
try:
    client.data.create_or_update(Data(name="file", version="7", path="data/b.csv", type=AssetTypes.URI_FILE))
    seen("data immutable", refused=False)
except (HttpResponseError, ResourceExistsError) as error:
    seen("data immutable", refused=True, code=error.error.code)
client.data.archive("file", version="7")
seen("data archive", active=[one.version for one in client.data.list("file")])
client.data.restore("file", version="7")
seen("data restore", active=[one.version for one in client.data.list("file")])

# Environments
conda = {"name": "x", "dependencies": ["python=3.11", {"pip": ["scikit-learn"]}]}
seen("environment conda", version=client.environments.create_or_update(Environment(name="conda", image=IMAGE, conda_file=conda)).version)
built = client.environments.create_or_update(Environment(name="built", build=BuildContext(path="docker")))
seen("environment build", dockerfile=built.build.dockerfile_path)
seen("environment label", version=client.environments.get("conda", label="latest").version)


def component(environment):
    return command(
        name="train",
        inputs={"x": Input(type="uri_folder"), "rate": Input(type="number", default=0.5)},
        code="src",
        command="python train.py ${{inputs.x}} ${{inputs.rate}}",
        environment=environment,
    ).component


one = client.components.create_or_update(component("conda@latest"), version="1")
two = client.components.create_or_update(component("conda@latest"), version="2")
seen("component", version=one.version, code_reused=one.code == two.code)
read = client.components.get("train", version="1")
seen("component read", command=read.command, inputs=sorted(read.inputs))

# Models
model = client.models.create_or_update(Model(name="answer", path="model", type=AssetTypes.CUSTOM_MODEL, properties={"f1": "0.9"}))
client.models.download("answer", model.version, download_path="downloaded")
seen("model download", files=files("downloaded"), text=next(Path("downloaded").rglob("weights.txt")).read_text())
try:
    client.models.get("none", version="1")
    seen("model missing", refused=False)
except ResourceNotFoundError:
    seen("model missing", refused=True)

# Registry
subscription_client.registries.begin_create(
    Registry(name="clientsreg", location="westeurope", replication_locations=[RegistryRegionDetails(location="westeurope")])
).result()
registry = MLClient(credential, subscription, group, registry_name="clientsreg")
shared = client.models.share("answer", model.version, share_with_name="answer", share_with_version="5", registry_name="clientsreg")
seen("model share", id=shared.id)
registry.models.download("answer", "5", download_path="from-registry")
seen("registry model download", files=files("from-registry"))
seen("registry model list", names=[one.name for one in registry.models.list()])
seen("registry environment", id=registry.environments.create_or_update(Environment(name="renv", version="1", image=IMAGE)).id)
seen(
    "registry component",
    id=registry.components.create_or_update(
        component("azureml://registries/clientsreg/environments/renv/versions/1"), version="1"
    ).id,
)
seen("registry data", id=registry.data.create_or_update(Data(name="rdata", version="1", path="data", type=AssetTypes.URI_FOLDER)).id)
public = MLClient(credential, subscription, group, registry_name="azureml")
seen("curated environment", image=public.environments.get("sklearn-1.5", version="20").image)

subscription_client.workspaces.begin_delete("clients", delete_dependent_resources=True, permanently_delete=True).result()
seen("workspace delete", names=[one.name for one in subscription_client.workspaces.list()])
