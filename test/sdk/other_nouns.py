"""The nouns of `az ml` beside jobs and what they need: how the SDK loads a file of each, sends it, and which request is the one to compare.

An entry is (load, send, pattern of the URL). An entry without a pattern builds the body itself: send answers {"url", "body"}.
"""

from azure.ai import ml
from azure.ai.ml.entities import _load_functions as loaders


def entries(client, serialize):
    def batch_deployment(path, params_override):
        # As the command line chooses: by the type that the file gives.
        kind = {**read(path), **{key: value for pair in params_override for key, value in pair.items()}}.get("type")
        load = {"pipeline": loaders.load_pipeline_component_batch_deployment, "model": loaders.load_model_batch_deployment}
        return load.get(kind, ml.load_batch_deployment)(path, params_override=params_override)

    def data_import(path, params_override):
        from azure.ai.ml.entities import DataImport

        return loaders.load_common(DataImport, path, None, params_override)

    def plain(url):
        return lambda entity: {"url": f"/{url}/{entity.name}", "body": serialize(entity._to_rest_object())}

    def package(entity):
        client.models.package("m", "1", entity)

    def capability_host(entity):
        hosts = client.capability_hosts
        hosts._get_workspace = lambda: type("Hub", (), {"_kind": "hub"})()
        hosts.begin_create_or_update(entity)

    def index(entity):
        # The service that indexes are sent to is found by a call of its own.
        from azure.ai.ml.operations import _index_operations

        _index_operations._check_and_upload_path(entity)
        return {"url": f"/indexes/{entity.name}/versions/{entity.version}", "body": serialize(entity._to_rest_object())}

    return {
        "batchEndpoint": (ml.load_batch_endpoint, lambda e: client.batch_endpoints.begin_create_or_update(e), r"/batchEndpoints/[^/]+$"),
        "batchDeployment": (batch_deployment, lambda e: client.batch_deployments.begin_create_or_update(e), r"/deployments/[^/]+$"),
        "datastore": (ml.load_datastore, lambda e: client.datastores.create_or_update(e), r"/datastores/[^/]+$"),
        "connection": (ml.load_connection, lambda e: client.connections.create_or_update(e), r"/connections/[^/]+$"),
        "featureStore": (ml.load_feature_store, plain("workspaces"), None),
        "featureSet": (ml.load_feature_set, lambda e: client.feature_sets.begin_create_or_update(e), r"/featuresets/[^/]+/versions/[^/]+$"),
        "featureStoreEntity": (
            ml.load_feature_store_entity,
            lambda e: client.feature_store_entities.begin_create_or_update(e),
            r"/featurestoreEntities/[^/]+/versions/[^/]+$",
        ),
        "modelPackage": (ml.load_model_package, package, r"/package$"),
        "dataImport": (data_import, lambda e: client.data.import_data(e), r"/jobs/[^/]+$"),
        "serverlessEndpoint": (
            ml.load_serverless_endpoint,
            lambda e: client.serverless_endpoints.begin_create_or_update(e),
            r"/serverlessEndpoints/[^/]+$",
        ),
        "marketplaceSubscription": (
            ml.load_marketplace_subscription,
            lambda e: client.marketplace_subscriptions.begin_create_or_update(e),
            r"/marketplaceSubscriptions/[^/]+$",
        ),
        "index": (ml.load_index, index, None),
        "capabilityHost": (ml.load_capability_host, capability_host, r"/capabilityHosts/[^/]+$"),
        "deploymentTemplate": (ml.load_deployment_template, plain("deploymenttemplates"), None),
    }


def read(path):
    from azure.ai.ml._utils.utils import load_yaml

    return load_yaml(path) or {}
