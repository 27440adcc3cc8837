"""Workspaces, compute, datastores and registries with azure-ai-ml, as its documentation says."""
from azure_ai_ml_kit import client, names, not_modelled, seen
from azure.ai.ml.entities import (
    AccountKeyConfiguration,
    AmlCompute,
    AzureBlobDatastore,
    AzureDataLakeGen2Datastore,
    AzureFileDatastore,
    ComputeInstance,
    FeatureStore,
    Hub,
    KubernetesCompute,
    PatTokenConfiguration,
    Registry,
    RegistryRegionDetails,
    ServerlessEndpoint,
    Workspace,
    WorkspaceConnection,
)
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

top = client()

# Workspaces, made by the SDK's own ARM template
made = top.workspaces.begin_create(Workspace(name="rooms", location="westeurope", description="one", tags={"team": "ml"})).result()
seen("workspaces.begin_create", name=made.name, description=made.description, storage=made.storage_account.split("/")[-1])
again = top.workspaces.begin_create(Workspace(name="rooms", location="westeurope", description="two")).result()
seen("workspaces.begin_create: again", description=again.description)
updated = top.workspaces.begin_update(Workspace(name="rooms", description="three")).result()
seen("workspaces.begin_update", description=updated.description, tags=dict(updated.tags))
seen("workspaces.get", location=top.workspaces.get("rooms").location)
seen("workspaces.list", names=names(top.workspaces.list()))
keys = top.workspaces.get_keys("rooms")
seen("workspaces.get_keys", storage=len(keys.user_storage_key) > 80)
top.workspaces.begin_sync_keys("rooms").result()
seen("workspaces.begin_sync_keys")
diagnosed = top.workspaces.begin_diagnose("rooms").result()
seen("workspaces.begin_diagnose", storage=diagnosed.storage_account_results)
not_modelled("workspaces.begin_provision_network", lambda: top.workspaces.begin_provision_network(workspace_name="rooms").result())
seen("workspace_outbound_rules.list", rules=len(list(top.workspace_outbound_rules.list("rooms"))))
try:
    top.workspaces.begin_create(Hub(name="hub", location="westeurope")).result()
    seen("workspaces.begin_create: hub", not_modelled=False)
except HttpResponseError as error:
    seen("workspaces.begin_create: hub", not_modelled="NotModeledInSandbox" in str(error))
not_modelled("feature_stores.begin_create", lambda: top.feature_stores.begin_create(FeatureStore(name="fs", location="westeurope")).result())
seen("feature_stores.list", names=names(top.feature_stores.list()))
ml = client("rooms")

# Compute
cluster = AmlCompute(name="cpu-cluster", size="Standard_DS3_v2", min_instances=0, max_instances=4, idle_time_before_scale_down=300)
cluster = ml.compute.begin_create_or_update(cluster).result()
seen("compute.begin_create_or_update", size=cluster.size, max=cluster.max_instances, idle=cluster.idle_time_before_scale_down)
cluster.max_instances = 6
seen("compute.begin_update", max=ml.compute.begin_update(cluster).result().max_instances)
seen("compute.get", max=ml.compute.get("cpu-cluster").max_instances)
ml.compute.begin_create_or_update(ComputeInstance(name="ci-clients", size="Standard_DS3_v2")).result()
ml.compute.begin_stop("ci-clients").result()
seen("compute.begin_stop", state=ml.compute.get("ci-clients").state)
ml.compute.begin_start("ci-clients").result()
seen("compute.begin_start", state=ml.compute.get("ci-clients").state)
ml.compute.begin_restart("ci-clients").result()
seen("compute.begin_restart", state=ml.compute.get("ci-clients").state)
seen("compute.list", names=names(ml.compute.list()))
seen("compute.list_nodes", nodes=len(list(ml.compute.list_nodes("cpu-cluster"))))
usage = next(iter(ml.compute.list_usage()))
seen("compute.list_usage", limit=usage.limit)
seen("compute.list_sizes", some=len(list(ml.compute.list_sizes())) > 0)
k8s = "/subscriptions/x/resourceGroups/y/providers/Microsoft.Kubernetes/connectedClusters/z"
seen("compute.begin_attach", type=ml.compute.begin_attach(KubernetesCompute(name="k8s", resource_id=k8s, namespace="ml")).result().type)
ml.compute.begin_delete("ci-clients").result()
seen("compute.begin_delete", names=names(ml.compute.list()))
not_modelled("compute.enable_sso", lambda: ml.compute.enable_sso(name="cpu-cluster"))

# Datastores
default = ml.datastores.get_default()
seen("datastores.get_default", name=default.name)
key = AccountKeyConfiguration(account_key="not shown")
extra = AzureBlobDatastore(name="extra", account_name=default.account_name, container_name="extra", credentials=key)
seen("datastores.create_or_update: blob", account=ml.datastores.create_or_update(extra).account_name == default.account_name)
ml.datastores.create_or_update(AzureFileDatastore(name="share", account_name="anyaccount", file_share_name="s", credentials=key))
seen("datastores.create_or_update: file share", type=ml.datastores.get("share").type)
ml.datastores.create_or_update(AzureDataLakeGen2Datastore(name="lake", account_name="anyaccount", filesystem="f"))
seen("datastores.create_or_update: data lake", filesystem=ml.datastores.get("lake").filesystem)
seen("datastores.get", container=ml.datastores.get("extra").container_name)
seen("datastores.list", names=names(ml.datastores.list()))
for name in ("extra", "share", "lake"):
    ml.datastores.delete(name)
seen("datastores.delete", left=len(list(ml.datastores.list())))

# Registries
regions = [RegistryRegionDetails(location="westeurope")]
registry = top.registries.begin_create(Registry(name="roomsreg", location="westeurope", replication_locations=regions)).result()
seen("registries.begin_create", name=registry.name)
seen("registries.get", location=top.registries.get("roomsreg").location)
seen("registries.list", names=names(top.registries.list()))
top.registries.begin_delete(name="roomsreg").result()
seen("registries.begin_delete", names=names(top.registries.list()))

# What the sandbox does not have
git = WorkspaceConnection(name="git", type="git", target="https://github.com/x/y", credentials=PatTokenConfiguration(pat="p"))
not_modelled("connections.create_or_update", lambda: ml.connections.create_or_update(git))
not_modelled("connections.list", lambda: list(ml.connections.list()))
not_modelled("connections.get", lambda: ml.connections.get("git"))
not_modelled("indexes.list", lambda: list(ml.indexes.list()))
not_modelled("serverless_endpoints.list", lambda: list(ml.serverless_endpoints.list()))
serverless = ServerlessEndpoint(name="s", model_id="azureml://registries/azureml-meta/models/x")
not_modelled("serverless_endpoints.begin_create_or_update", lambda: ml.serverless_endpoints.begin_create_or_update(serverless).result())
not_modelled("marketplace_subscriptions.list", lambda: list(ml.marketplace_subscriptions.list()))
not_modelled("capability_hosts.get", lambda: ml.capability_hosts.get("x"))
not_modelled("feature_sets.list", lambda: list(ml.feature_sets.list()))
not_modelled("feature_store_entities.list", lambda: list(ml.feature_store_entities.list()))

top.workspaces.begin_delete("rooms", delete_dependent_resources=True, permanently_delete=True).result()
try:
    top.workspaces.get("rooms")
    seen("workspaces.begin_delete", gone=False)
except ResourceNotFoundError:
    seen("workspaces.begin_delete", gone=True)
