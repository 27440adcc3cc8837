"""Workspaces, compute, datastores and registries with azure-ai-ml, as its documentation says."""
import json
from datetime import datetime

from azure_ai_ml_kit import client, credential, group, here, names, not_modelled, seen
from azure.ai.ml import MLClient
from azure.ai.ml.entities import (
    AccountKeyConfiguration,
    AmlCompute,
    AzureBlobDatastore,
    AzureDataLakeGen2Datastore,
    AzureFileDatastore,
    ComputeInstance,
    DataColumn,
    FeatureStore,
    FeatureStoreEntity,
    FqdnDestination,
    Hub,
    IsolationMode,
    KubernetesCompute,
    ManagedNetwork,
    MarketplaceSubscription,
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
isolated = ManagedNetwork(isolation_mode=IsolationMode.ALLOW_ONLY_APPROVED_OUTBOUND)
isolated = top.workspaces.begin_create(Workspace(name="closed", location="westeurope", managed_network=isolated)).result()
seen("workspaces.begin_create: managed network", mode=isolated.managed_network.isolation_mode)
rules = top.workspace_outbound_rules
rule = rules.begin_create("closed", FqdnDestination(name="pypi", destination="pypi.org")).result()
seen("workspace_outbound_rules.begin_create", destination=rule.destination)
rule = rules.begin_update("closed", FqdnDestination(name="pypi", destination="*.pypi.org")).result()
seen("workspace_outbound_rules.begin_update", destination=rule.destination)
seen("workspace_outbound_rules.get", destination=rules.get("closed", "pypi").destination)
seen("workspace_outbound_rules.list", names=names(rules.list("closed")))
rules.begin_remove("closed", "pypi").result()
seen("workspace_outbound_rules.begin_remove", names=names(rules.list("closed")))
top.workspaces.begin_delete("closed", delete_dependent_resources=False).result()
try:
    top.workspaces.begin_create(Workspace(name="closed", location="westeurope")).result()
    seen("workspaces.begin_create: soft-deleted", refused=False)
except HttpResponseError as error:
    seen("workspaces.begin_create: soft-deleted", refused="Soft-deleted workspace exists" in str(error))
try:
    top.workspaces.begin_create(Hub(name="hub", location="westeurope")).result()
    seen("workspaces.begin_create: hub", not_modelled=False)
except HttpResponseError as error:
    seen("workspaces.begin_create: hub", not_modelled="NotModeledInSandbox" in str(error))
not_modelled("feature_stores.begin_create", lambda: top.feature_stores.begin_create(FeatureStore(name="fs", location="westeurope")).result())
seen("feature_stores.list", names=names(top.feature_stores.list()))
(here / "config.json").write_text(json.dumps({"subscription_id": top.subscription_id, "resource_group": group, "workspace_name": "rooms"}))
ml = MLClient.from_config(credential())
seen("workspaces.get: from_config", name=ml.workspaces.get().name)

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
not_modelled("connections.delete", lambda: ml.connections.delete("git"))
not_modelled("azure_openai_deployments.list", lambda: list(ml.azure_openai_deployments.list("git")))
not_modelled("indexes.get", lambda: ml.indexes.get("x", version="1"))
not_modelled("indexes.list", lambda: list(ml.indexes.list()))
not_modelled("serverless_endpoints.list", lambda: list(ml.serverless_endpoints.list()))
serverless = ServerlessEndpoint(name="s", model_id="azureml://registries/azureml-meta/models/x")
not_modelled("serverless_endpoints.begin_create_or_update", lambda: ml.serverless_endpoints.begin_create_or_update(serverless).result())
for name, call in {
    "get": lambda: ml.serverless_endpoints.get("s"),
    "get_keys": lambda: ml.serverless_endpoints.get_keys("s"),
    "begin_regenerate_keys": lambda: ml.serverless_endpoints.begin_regenerate_keys("s").result(),
    "begin_delete": lambda: ml.serverless_endpoints.begin_delete("s").result(),
}.items():
    not_modelled(f"serverless_endpoints.{name}", call)
bought = MarketplaceSubscription(name="s", model_id="azureml://registries/azureml-meta/models/x")
for name, call in {
    "list": lambda: list(ml.marketplace_subscriptions.list()),
    "get": lambda: ml.marketplace_subscriptions.get("s"),
    "begin_create_or_update": lambda: ml.marketplace_subscriptions.begin_create_or_update(bought).result(),
    "begin_delete": lambda: ml.marketplace_subscriptions.begin_delete("s").result(),
}.items():
    not_modelled(f"marketplace_subscriptions.{name}", call)
not_modelled("capability_hosts.get", lambda: ml.capability_hosts.get("x"))
not_modelled("capability_hosts.begin_delete", lambda: ml.capability_hosts.begin_delete("x").result())
day = {"feature_window_start_time": datetime(2026, 1, 1), "feature_window_end_time": datetime(2026, 1, 2)}
for name, call in {
    "list": lambda: list(ml.feature_sets.list()),
    "get": lambda: ml.feature_sets.get("f", "1"),
    "archive": lambda: ml.feature_sets.archive("f", "1"),
    "restore": lambda: ml.feature_sets.restore("f", "1"),
    "list_features": lambda: list(ml.feature_sets.list_features("f", "1")),
    "get_feature": lambda: ml.feature_sets.get_feature("f", "1", feature_name="x"),
    "begin_backfill": lambda: ml.feature_sets.begin_backfill(name="f", version="1", data_status=["None"], **day).result(),
}.items():
    not_modelled(f"feature_sets.{name}", call)
seen("feature_sets.list_materialization_operations", jobs=len(list(ml.feature_sets.list_materialization_operations("f", "1"))))
entity = FeatureStoreEntity(name="e", version="1", index_columns=[DataColumn(name="id", type="string")])
for name, call in {
    "list": lambda: list(ml.feature_store_entities.list()),
    "get": lambda: ml.feature_store_entities.get("e", "1"),
    "begin_create_or_update": lambda: ml.feature_store_entities.begin_create_or_update(entity).result(),
    "archive": lambda: ml.feature_store_entities.archive("e", "1"),
    "restore": lambda: ml.feature_store_entities.restore("e", "1"),
}.items():
    not_modelled(f"feature_store_entities.{name}", call)
not_modelled("feature_stores.begin_provision_network", lambda: top.feature_stores.begin_provision_network(feature_store_name="rooms").result())

top.workspaces.begin_delete("rooms", delete_dependent_resources=True, permanently_delete=True).result()
try:
    top.workspaces.get("rooms")
    seen("workspaces.begin_delete", gone=False)
except ResourceNotFoundError:
    seen("workspaces.begin_delete", gone=True)
