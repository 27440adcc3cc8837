// Azure Machine Learning's types (REST specification machineLearningServices, stable 2025-12-01 as the SDK says).
import type { Catalog, CatalogEntry } from "./entry.ts";
import { inGroup } from "./entry.ts";

const WORKSPACE = "Microsoft.MachineLearningServices/workspaces/{workspaceName}";
const REGISTRY = "Microsoft.MachineLearningServices/registries/{registryName}";

function workspaceChild(path: string, more: Partial<CatalogEntry> = {}): CatalogEntry {
  return { path: inGroup(`${WORKSPACE}/${path}`), ...more };
}

function registryChild(path: string): CatalogEntry {
  return { path: inGroup(`${REGISTRY}/${path}`) };
}

export const machinelearning: Catalog = {
  resources: {
    "machinelearningservices:Workspace": { path: inGroup(WORKSPACE) },
    "machinelearningservices:Compute": workspaceChild("computes/{computeName}"),
    "machinelearningservices:Datastore": workspaceChild("datastores/{name}", { query: ["skipValidation"] }),
    "machinelearningservices:CodeContainer": workspaceChild("codes/{name}"),
    "machinelearningservices:CodeVersion": workspaceChild("codes/{name}/versions/{version}"),
    "machinelearningservices:ComponentContainer": workspaceChild("components/{name}"),
    "machinelearningservices:ComponentVersion": workspaceChild("components/{name}/versions/{version}"),
    "machinelearningservices:DataContainer": workspaceChild("data/{name}"),
    "machinelearningservices:DataVersion": workspaceChild("data/{name}/versions/{version}"),
    "machinelearningservices:EnvironmentContainer": workspaceChild("environments/{name}"),
    "machinelearningservices:EnvironmentVersion": workspaceChild("environments/{name}/versions/{version}"),
    "machinelearningservices:ModelContainer": workspaceChild("models/{name}"),
    "machinelearningservices:ModelVersion": workspaceChild("models/{name}/versions/{version}"),
    "machinelearningservices:Job": workspaceChild("jobs/{id}"),
    "machinelearningservices:Schedule": workspaceChild("schedules/{name}"),
    "machinelearningservices:OnlineEndpoint": workspaceChild("onlineEndpoints/{endpointName}"),
    "machinelearningservices:OnlineDeployment": workspaceChild("onlineEndpoints/{endpointName}/deployments/{deploymentName}"),
    "machinelearningservices:BatchEndpoint": workspaceChild("batchEndpoints/{endpointName}"),
    "machinelearningservices:BatchDeployment": workspaceChild("batchEndpoints/{endpointName}/deployments/{deploymentName}"),
    "machinelearningservices:ServerlessEndpoint": workspaceChild("serverlessEndpoints/{name}"),
    "machinelearningservices:MarketplaceSubscription": workspaceChild("marketplaceSubscriptions/{name}"),
    "machinelearningservices:WorkspaceConnection": workspaceChild("connections/{connectionName}"),
    "machinelearningservices:ManagedNetworkSettingsRule": workspaceChild("outboundRules/{ruleName}"),
    "machinelearningservices:PrivateEndpointConnection": workspaceChild("privateEndpointConnections/{privateEndpointConnectionName}"),
    "machinelearningservices:Registry": { path: inGroup(REGISTRY) },
    "machinelearningservices:RegistryCodeContainer": registryChild("codes/{codeName}"),
    "machinelearningservices:RegistryCodeVersion": registryChild("codes/{codeName}/versions/{version}"),
    "machinelearningservices:RegistryComponentContainer": registryChild("components/{componentName}"),
    "machinelearningservices:RegistryComponentVersion": registryChild("components/{componentName}/versions/{version}"),
    "machinelearningservices:RegistryDataContainer": registryChild("data/{name}"),
    "machinelearningservices:RegistryDataVersion": registryChild("data/{name}/versions/{version}"),
    "machinelearningservices:RegistryEnvironmentContainer": registryChild("environments/{environmentName}"),
    "machinelearningservices:RegistryEnvironmentVersion": registryChild("environments/{environmentName}/versions/{version}"),
    "machinelearningservices:RegistryModelContainer": registryChild("models/{modelName}"),
    "machinelearningservices:RegistryModelVersion": registryChild("models/{modelName}/versions/{version}"),
  },
  types: {
    machinelearningservices: {
      SharedPrivateLinkResource: { flat: ["name"] },
      PrivateEndpointConnection: { flat: ["id", "name", "type", "location", "tags", "sku", "identity", "systemData"] },
    },
  },
  functions: {
    "machinelearningservices:listWorkspaceKeys": { post: inGroup(`${WORKSPACE}/listKeys`) },
    "machinelearningservices:listWorkspaceNotebookKeys": { post: inGroup(`${WORKSPACE}/listNotebookKeys`) },
    "machinelearningservices:listWorkspaceNotebookAccessToken": { post: inGroup(`${WORKSPACE}/listNotebookAccessToken`) },
    "machinelearningservices:listWorkspaceStorageAccountKeys": { post: inGroup(`${WORKSPACE}/listStorageAccountKeys`) },
    "machinelearningservices:listWorkspaceConnectionSecrets": { post: inGroup(`${WORKSPACE}/connections/{connectionName}/listsecrets`) },
    "machinelearningservices:listComputeKeys": { post: inGroup(`${WORKSPACE}/computes/{computeName}/listKeys`) },
    "machinelearningservices:listComputeNodes": { post: inGroup(`${WORKSPACE}/computes/{computeName}/listNodes`) },
    "machinelearningservices:listDatastoreSecrets": { post: inGroup(`${WORKSPACE}/datastores/{name}/listSecrets`) },
    "machinelearningservices:listOnlineEndpointKeys": { post: inGroup(`${WORKSPACE}/onlineEndpoints/{endpointName}/listKeys`) },
    "machinelearningservices:getOnlineEndpointToken": { post: inGroup(`${WORKSPACE}/onlineEndpoints/{endpointName}/token`) },
    "machinelearningservices:getOnlineDeploymentLogs": {
      post: inGroup(`${WORKSPACE}/onlineEndpoints/{endpointName}/deployments/{deploymentName}/getLogs`),
    },
    "machinelearningservices:listBatchEndpointKeys": { post: inGroup(`${WORKSPACE}/batchEndpoints/{endpointName}/listkeys`) },
    "machinelearningservices:listServerlessEndpointKeys": { post: inGroup(`${WORKSPACE}/serverlessEndpoints/{name}/listKeys`) },
  },
};
