"""The dev stage as the first seed makes it (Getting Started, Data, ML): workspace, cluster, data, environments, components."""
from azure.ai.ml import load_component, load_data, load_environment
from azure.ai.ml.entities import AmlCompute, Workspace
from azure.ai.ml.operations import DataOperations
from azure.core.exceptions import ResourceNotFoundError

from seed import asked, client, ended, line, project

# The schema of an MLTable is looked for on the internet, which may not be there; what that takes is not counted.
DataOperations._try_get_mltable_metadata_jsonschema = lambda *_: None
group, name, location = asked["group"], asked["workspace"], asked["location"]


def unless_there(ml, file):
    """`az ml data show || az ml data create`: a version is made once."""
    data = load_data(file)
    try:
        return ml.data.get(data.name, data.version)
    except ResourceNotFoundError:
        return ml.data.create_or_update(data)


if "workspace" in asked["parts"]:
    line("az ml workspace create", lambda: ended(client(group).workspaces.begin_create(Workspace(name=name, location=location))))
ml = client(group, name)
if "cluster" in asked["parts"]:
    cluster = AmlCompute(name="cpu-cluster", size="Standard_DS3_v2", min_instances=0, max_instances=4)
    line("az ml compute create", lambda: ended(ml.compute.begin_create_or_update(cluster)))
if "data" in asked["parts"]:
    for file in ("data/data.yml", "data/table.yml"):
        line(f"az ml data create -f {file}", lambda: unless_there(ml, f"{project}/{file}"))
if "environments" in asked["parts"]:
    for file in ("mlops/environment.yml", "deploy/environment.yml"):
        line(f"az ml environment create -f {file}", lambda: ml.environments.create_or_update(load_environment(f"{project}/{file}")))
if "components" in asked["parts"]:
    # bash ml/create_components.sh
    for step in ("load", "prepare", "train", "evaluate", "register"):
        file = f"ml/{step}/component.yml"
        line(f"az ml component create -f {file}", lambda: ml.components.create_or_update(load_component(f"{project}/{file}")))
