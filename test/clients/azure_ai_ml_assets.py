"""Data, environments, components and models with azure-ai-ml, in a workspace and in a registry, as its documentation says."""
import os
from pathlib import Path

from azure_ai_ml_kit import IMAGE, client, files, here, names, not_modelled, seen, write
from azure.ai.ml import Input, command
from azure.ai.ml.constants import AssetTypes
from azure.ai.ml.entities import (
    AzureMLOnlineInferencingServer,
    BuildContext,
    CodeConfiguration,
    Data,
    Environment,
    Model,
    ModelPackage,
    Registry,
    RegistryRegionDetails,
    Workspace,
)
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

write("data/a.csv", "x,y\n1,2\n")
write("data/b.csv", "x,y\n3,4\n")
write("table/MLTable", "paths:\n  - file: ./a.csv\ntransformations:\n  - read_delimited: {delimiter: ','}\n")
write("table/a.csv", "x,y\n1,2\n")
write("src/train.py", "print('hello')\n")
write("docker/Dockerfile", f"FROM {IMAGE}\n")
write("model/weights.txt", "42")
(here / "big.bin").write_bytes(os.urandom(1024 * 1024) * 70)

top = client()
top.workspaces.begin_create(Workspace(name="clients", location="westeurope")).result()
ml = client("clients")

# Data
folder = Data(name="folder", path="data", type=AssetTypes.URI_FOLDER, tags={"a": "b"})
first = ml.data.create_or_update(folder)
second = ml.data.create_or_update(Data(name="folder", path="data", type=AssetTypes.URI_FOLDER))
seen("data.create_or_update: versions by themselves", first=first.version, second=second.version, same_bytes=first.path == second.path)
file = ml.data.create_or_update(Data(name="file", version="7", path="data/a.csv", type=AssetTypes.URI_FILE))
seen("data.create_or_update: file", version=file.version, ends=file.path.split("/")[-1])
table = ml.data.create_or_update(Data(name="table", path="table", type=AssetTypes.MLTABLE))
seen("data.create_or_update: mltable", type=table.type)
seen("data.create_or_update: 70 MB", version=ml.data.create_or_update(Data(name="big", path="big.bin", type=AssetTypes.URI_FILE)).version)
try:
    ml.data.create_or_update(Data(name="file", version="7", path="data/b.csv", type=AssetTypes.URI_FILE))
    seen("data.create_or_update: a version again", refused=False)
except (HttpResponseError, ResourceExistsError) as error:
    seen("data.create_or_update: a version again", refused=True, code=error.error.code)
seen("data.get", latest=ml.data.get("folder", label="latest").version, tags=ml.data.get("folder", version="1").tags)
seen("data.list", names=names(ml.data.list()))
ml.data.archive("file", version="7")
seen("data.archive", active=[one.version for one in ml.data.list("file")])
ml.data.restore("file", version="7")
seen("data.restore", active=[one.version for one in ml.data.list("file")])

# Environments
conda = {"name": "x", "dependencies": ["python=3.11", {"pip": ["scikit-learn"]}]}
made = ml.environments.create_or_update(Environment(name="conda", image=IMAGE, conda_file=conda))
seen("environments.create_or_update: conda", version=made.version)
built = ml.environments.create_or_update(Environment(name="built", build=BuildContext(path="docker")))
seen("environments.create_or_update: build context", dockerfile=built.build.dockerfile_path)
plain = ml.environments.create_or_update(Environment(name="plain", version="1", image=IMAGE))
seen("environments.create_or_update: image", image=plain.image)
seen("environments.get", latest=ml.environments.get("conda", label="latest").version)
ml.environments.archive("plain")
curated = "AzureML-sklearn-1.0-ubuntu20.04-py38-cpu"
seen("environments.get: curated, of a workspace", image=curated.lower() in ml.environments.get(curated, label="latest").image)
seen("environments.archive", active=names(ml.environments.list()))
ml.environments.restore("plain")
seen("environments.restore", active=names(ml.environments.list()))
seen("environments.list", versions=[one.version for one in ml.environments.list("plain")])


def component(environment, name="train"):
    return command(
        name=name,
        inputs={"x": Input(type="uri_folder"), "rate": Input(type="number", default=0.5)},
        code="src",
        command="python train.py ${{inputs.x}} ${{inputs.rate}}",
        environment=environment,
    ).component


# Components
one = ml.components.create_or_update(component("conda@latest"), version="1")
two = ml.components.create_or_update(component("conda@latest"), version="2")
seen("components.create_or_update", version=one.version, code_reused=one.code == two.code)
read = ml.components.get("train", version="1")
seen("components.get", command=read.command, inputs=sorted(read.inputs))
seen("components.get: no version", version=ml.components.get("train").version)
seen("components.validate", passed=ml.components.validate(component("conda@latest")).passed)
ml.components.archive("train", version="1")
seen("components.archive", active=[one.version for one in ml.components.list("train")])
ml.components.restore("train", version="1")
seen("components.restore", active=sorted(one.version for one in ml.components.list("train")))
seen("components.list", names=names(ml.components.list()))
ml.components.download("train", version="1", download_path="component")
seen("components.download", files=files("component"))

# Models
model = ml.models.create_or_update(Model(name="answer", path="model", type=AssetTypes.CUSTOM_MODEL, properties={"f1": "0.9"}))
seen("models.create_or_update", version=model.version, properties=model.properties.get("f1"))
ml.models.download("answer", model.version, download_path="downloaded")
seen("models.download", files=files("downloaded"), text=next(Path("downloaded").rglob("weights.txt")).read_text())
seen("models.list", names=names(ml.models.list()))
ml.models.archive("answer")
seen("models.archive", active=names(ml.models.list()))
ml.models.restore("answer")
seen("models.restore", active=names(ml.models.list()))
try:
    ml.models.get("none", version="1")
    seen("models.get", missing_refused=False)
except ResourceNotFoundError:
    seen("models.get", missing_refused=True, version=ml.models.get("answer", label="latest").version)
evaluator = ml.evaluators.create_or_update(Model(name="judge", path="model", version="1"))
seen("evaluators.create_or_update", version=evaluator.version)
seen("evaluators.get", name=ml.evaluators.get("judge", version="1").name)
seen("evaluators.list", versions=[one.version for one in ml.evaluators.list("judge")], models=[one.version for one in ml.evaluators.list("answer")])
ml.evaluators.download("judge", "1", download_path="judge")
seen("evaluators.download", files=files("judge"))
server = AzureMLOnlineInferencingServer(code_configuration=CodeConfiguration(code="src", scoring_script="train.py"))
not_modelled("models.package", lambda: ml.models.package("answer", "1", ModelPackage(target_environment="t", inferencing_server=server)))

# Through a registry
regions = [RegistryRegionDetails(location="westeurope")]
top.registries.begin_create(Registry(name="clientsreg", location="westeurope", replication_locations=regions)).result()
registry = client(registry="clientsreg")
shared = {"share_with_version": "5", "registry_name": "clientsreg"}
seen("models.share", id=ml.models.share("answer", model.version, share_with_name="answer", **shared).id)
seen("data.share", id=ml.data.share("folder", "1", share_with_name="folder", **shared).id)
seen("environments.share", id=ml.environments.share("plain", "1", share_with_name="plain", **shared).id)
registry.models.download("answer", "5", download_path="from-registry")
seen("models.download: registry", files=files("from-registry"))
seen("models.list: registry", names=names(registry.models.list()))
seen("models.create_or_update: registry", id=registry.models.create_or_update(Model(name="own", version="1", path="model")).id)
renv = registry.environments.create_or_update(Environment(name="renv", version="1", image=IMAGE))
seen("environments.create_or_update: registry", id=renv.id)
rcomponent = registry.components.create_or_update(component("azureml://registries/clientsreg/environments/renv/versions/1"), version="1")
seen("components.create_or_update: registry", id=rcomponent.id)
seen("components.get: registry", inputs=sorted(registry.components.get("train", version="1").inputs))
rdata = registry.data.create_or_update(Data(name="rdata", version="1", path="data", type=AssetTypes.URI_FOLDER))
seen("data.create_or_update: registry", id=rdata.id)
seen("data.list: registry", names=names(registry.data.list()))
seen("environments.get: curated", image=client(registry="azureml").environments.get("sklearn-1.5", version="20").image)
