// What a workspace stands on: resource groups, storage, key vault, logs, registry of containers, identities and roles.
import type { Catalog } from "./entry.ts";
import { inGroup } from "./entry.ts";

const ACCOUNT = "Microsoft.Storage/storageAccounts/{accountName}";
const VAULT = "Microsoft.KeyVault/vaults/{vaultName}";
const LOGS = "Microsoft.OperationalInsights/workspaces/{workspaceName}";
const REGISTRY = "Microsoft.ContainerRegistry/registries/{registryName}";

/** Wire names of Application Insights' component, which predate ARM's conventions. */
const COMPONENT_WIRE = {
  applicationType: "properties.Application_Type",
  flowType: "properties.Flow_Type",
  requestSource: "properties.Request_Source",
  hockeyAppId: "properties.HockeyAppId",
  hockeyAppToken: "properties.HockeyAppToken",
  samplingPercentage: "properties.SamplingPercentage",
  retentionInDays: "properties.RetentionInDays",
  disableIpMasking: "properties.DisableIpMasking",
  immediatePurgeDataOn30Days: "properties.ImmediatePurgeDataOn30Days",
  workspaceResourceId: "properties.WorkspaceResourceId",
  ingestionMode: "properties.IngestionMode",
  disableLocalAuth: "properties.DisableLocalAuth",
  forceCustomerStorageForProfiler: "properties.ForceCustomerStorageForProfiler",
  applicationId: "properties.ApplicationId",
  appId: "properties.AppId",
  instrumentationKey: "properties.InstrumentationKey",
  connectionString: "properties.ConnectionString",
  creationDate: "properties.CreationDate",
  tenantId: "properties.TenantId",
  laMigrationDate: "properties.LaMigrationDate",
  privateLinkScopedResources: "properties.PrivateLinkScopedResources",
  name: "name",
};

export const foundation: Catalog = {
  resources: {
    "resources:ResourceGroup": {
      path: "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}",
      wire: { managedBy: "managedBy" },
    },
    "resources:Deployment": { path: inGroup("Microsoft.Resources/deployments/{deploymentName}"), noDefaultLocation: true },
    "storage:StorageAccount": {
      path: inGroup(ACCOUNT),
      wire: {
        enableHttpsTrafficOnly: "properties.supportsHttpsTrafficOnly",
        networkRuleSet: "properties.networkAcls",
        enableNfsV3: "properties.isNfsV3Enabled",
      },
      replaces: ["isHnsEnabled"],
      whenRemoved: { networkRuleSet: { bypass: "AzureServices", defaultAction: "Allow", ipRules: [], virtualNetworkRules: [] } },
    },
    "storage:BlobContainer": { path: inGroup(`${ACCOUNT}/blobServices/default/containers/{containerName}`) },
    "storage:Blob": { path: inGroup(`${ACCOUNT}/blobServices/default/containers/{containerName}/blobs/{blobName}`), dataPlane: true },
    "storage:BlobServiceProperties": { path: inGroup(`${ACCOUNT}/blobServices/{blobServicesName}`), singleton: {} },
    "storage:ManagementPolicy": { path: inGroup(`${ACCOUNT}/managementPolicies/{managementPolicyName}`) },
    "storage:FileShare": { path: inGroup(`${ACCOUNT}/fileServices/default/shares/{shareName}`), query: ["expand"] },
    "storage:Queue": { path: inGroup(`${ACCOUNT}/queueServices/default/queues/{queueName}`) },
    "storage:Table": { path: inGroup(`${ACCOUNT}/tableServices/default/tables/{tableName}`) },
    "keyvault:Vault": { path: inGroup(VAULT), keeps: ["properties.accessPolicies"] },
    "keyvault:Key": { path: inGroup(`${VAULT}/keys/{keyName}`), noDefaultLocation: true },
    "operationalinsights:Workspace": { path: inGroup(LOGS), wire: { sku: "properties.sku" } },
    "operationalinsights:SavedSearch": { path: inGroup(`${LOGS}/savedSearches/{savedSearchId}`), wire: { tags: "properties.tags" } },
    "applicationinsights:Component": { path: inGroup("Microsoft.Insights/components/{resourceName}"), wire: COMPONENT_WIRE },
    "applicationinsights:Workbook": { path: inGroup("Microsoft.Insights/workbooks/{resourceName}"), query: ["sourceId"], autoName: "uuid" },
    "containerregistry:Registry": { path: inGroup(REGISTRY) },
    "managedidentity:UserAssignedIdentity": { path: inGroup("Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}") },
    "managedidentity:FederatedIdentityCredential": {
      path: inGroup(
        "Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}/federatedIdentityCredentials/{federatedIdentityCredentialResourceName}",
      ),
    },
    "authorization:RoleAssignment": {
      path: "/{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}",
      autoName: "uuid",
      replaces: ["principalId", "scope"],
    },
    "authorization:RoleDefinition": {
      path: "/{scope}/providers/Microsoft.Authorization/roleDefinitions/{roleDefinitionId}",
      autoName: "uuid",
      wire: { roleType: "properties.type" },
    },
    "authorization:PolicyAssignment": { path: "/{scope}/providers/Microsoft.Authorization/policyAssignments/{policyAssignmentName}" },
    "authorization:PolicyDefinition": {
      path: "/subscriptions/{subscriptionId}/providers/Microsoft.Authorization/policyDefinitions/{policyDefinitionName}",
    },
    "authorization:ManagementLockByScope": { path: "/{scope}/providers/Microsoft.Authorization/locks/{lockName}" },
    "authorization:ManagementLockAtResourceGroupLevel": { path: inGroup("Microsoft.Authorization/locks/{lockName}") },
  },
  types: {
    storage: {
      IPRule: { wire: { iPAddressOrRange: "value" } },
      VirtualNetworkRule: { wire: { virtualNetworkResourceId: "id" } },
      Encryption: { wire: { keyVaultProperties: "keyvaultproperties", encryptionIdentity: "identity" } },
      EncryptionIdentity: {
        wire: {
          encryptionUserAssignedIdentity: "userAssignedIdentity",
          encryptionFederatedIdentityClientId: "federatedIdentityClientId",
        },
      },
      KeyVaultProperties: { wire: { keyName: "keyname", keyVersion: "keyversion", keyVaultUri: "keyvaulturi" } },
      PrivateEndpointConnection: { flat: ["id", "name", "type"] },
      ImmutabilityPolicyProperties: { flat: ["etag", "updateHistory"] },
    },
    keyvault: {
      PrivateEndpointConnectionItem: { flat: ["id", "etag"] },
    },
    applicationinsights: { PrivateLinkScopedResource: { wire: { resourceId: "ResourceId", scopeId: "ScopeId" } } },
    containerregistry: {
      IPRule: { wire: { iPAddressOrRange: "value" } },
      PrivateEndpointConnection: { flat: ["id", "name", "type", "systemData"] },
    },
  },
  functions: {
    "storage:listStorageAccountKeys": { post: inGroup(`${ACCOUNT}/listKeys`) },
    "containerregistry:listRegistryCredentials": { post: inGroup(`${REGISTRY}/listCredentials`) },
    "operationalinsights:getSharedKeys": { post: inGroup(`${LOGS}/sharedKeys`) },
    "operationalinsights:getWorkspaceSharedKeys": { post: inGroup(`${LOGS}/sharedKeys`) },
  },
};
