"""A release as the seeds bring it on its way: the first one's pipeline (components and model to the registry, endpoint `auto`), then the
second one's release pipeline (QA, the state of its endpoint; download from QA's workspace, registration in prod, prod, its state).
"""
import tempfile
from pathlib import Path

from azure.ai.ml import load_component, load_environment, load_online_deployment, load_online_endpoint
from azure.ai.ml.entities import Model, Registry, RegistryRegionDetails
from azure.core.exceptions import ResourceNotFoundError

from seed import asked, client, ended, line, project

registry, model, version = asked["registry"], asked["model"], asked["version"]


def in_registry(kind, name, version):
    return f"azureml://registries/{registry}/{kind}/{name}/versions/{version}"


def share():
    """What the first seed's pipeline puts into the registry."""
    sets = [{"environment": in_registry("environments", "diabetes-dev", "1")}]
    for step in ("load", "prepare", "train", "evaluate", "register"):
        file = f"ml/{step}/component.yml"
        component = load_component(f"{project}/{file}", params_override=sets)
        line(f"az ml component create -f {file} --registry-name", lambda: client(registry=registry).components.create_or_update(component))
    dev = client(asked["dev"]["group"], asked["dev"]["workspace"])
    names = dict(name=model, version=version, share_with_name=model, share_with_version=version, registry_name=registry)
    line("az ml model share", lambda: dev.models.share(**names))


def serve(stage, model_id, environment):
    """`az ml online-deployment create --all-traffic`, the endpoint made before if there is none."""
    place = asked[stage]
    ml, name = client(place["group"], place["workspace"]), place["endpoint"]
    file = f"{project}/deploy/blue-deployment.yml"
    sets = [{"endpoint_name": name}, {"model": model_id}, {"environment": environment}]

    def endpoint():
        try:
            return ml.online_endpoints.get(name)
        except ResourceNotFoundError:
            new = load_online_endpoint(f"{project}/deploy/endpoint.yml", params_override=[{"name": name}])
            return ended(ml.online_endpoints.begin_create_or_update(new))

    def all_traffic():
        there = ml.online_endpoints.get(name)
        there.traffic = {"blue": 100}
        return ended(ml.online_endpoints.begin_create_or_update(there))

    line(f"{stage}: az ml online-endpoint show || create", endpoint)
    deployment = load_online_deployment(file, params_override=sets)
    line(f"{stage}: az ml online-deployment create", lambda: ended(ml.online_deployments.begin_create_or_update(deployment)))
    line(f"{stage}: --all-traffic", all_traffic)


def checked(stage):
    """The loop of the second seed's "Check endpoint state": it never turns, since the lines before have waited."""
    place = asked[stage]
    there = line(f"{stage}: az ml online-endpoint show", lambda: client(place["group"], place["workspace"]).online_endpoints.get(place["endpoint"]))
    if there.provisioning_state != "Succeeded":
        raise SystemExit(f"the endpoint of {stage} is {there.provisioning_state}")


def model_in(folder):
    """The folder of an MLflow model somewhere below."""
    return next(Path(folder).rglob("MLmodel")).parent


def local_model(folder):
    return Model(name=model, version=version, path=model_in(folder), type="mlflow_model")


def copy_to_prod():
    """Download from where QA has it, register in prod."""
    prod = client(asked["prod"]["group"], asked["prod"]["workspace"])
    with tempfile.TemporaryDirectory() as folder:
        line("az ml model download", lambda: client(registry=registry).models.download(model, version, download_path=folder))
        line("az ml model register", lambda: prod.models.create_or_update(local_model(folder)))


def prepare():
    """What stands before the first release: the registry, and the environments in it."""
    group = asked["dev"]["group"]
    made = Registry(name=registry, location=asked["location"], replication_locations=[RegistryRegionDetails(location=asked["location"])])
    ended(client(group).registries.begin_create(made))
    for file in ("mlops/environment.yml", "deploy/environment.yml"):
        client(registry=registry).environments.create_or_update(load_environment(f"{project}/{file}", params_override=[{"version": "1"}]))


def register():
    """The model that `ours` trained, in the workspace where theirs would have been trained."""
    dev, ours = client(asked["dev"]["group"], asked["dev"]["workspace"]), client(asked["ours"]["group"], asked["ours"]["workspace"])
    with tempfile.TemporaryDirectory() as folder:
        ours.models.download(model, version, download_path=folder)
        dev.models.create_or_update(local_model(folder))


def release():
    from_registry = in_registry("models", model, version)
    share()
    serve("auto", from_registry, in_registry("environments", "diabetes-prod", "1"))
    serve("qa", from_registry, "azureml:diabetes-prod@latest")
    checked("qa")
    copy_to_prod()
    serve("prod", f"azureml:{model}:{version}", "azureml:diabetes-prod@latest")
    checked("prod")


for part in asked["parts"]:
    {"prepare": prepare, "register": register, "release": release}[part]()
