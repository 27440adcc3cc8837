// The azure-native classes in use, each from its own file: the package's index and even its module indexes load everything
// (80 ms for these modules, measured with a warm compile cache, against 17 ms).
export { Component as ApplicationInsights } from "@pulumi/azure-native/applicationinsights/component.js";
export { getClientConfigOutput } from "@pulumi/azure-native/authorization/getClientConfig.js";
export { RoleAssignment } from "@pulumi/azure-native/authorization/roleAssignment.js";
export { Topic } from "@pulumi/azure-native/eventgrid/topic.js";
export { Budget } from "@pulumi/azure-native/consumption/budget.js";
export { Registry as ContainerRegistry } from "@pulumi/azure-native/containerregistry/registry.js";
export { Key } from "@pulumi/azure-native/keyvault/key.js";
export { Vault } from "@pulumi/azure-native/keyvault/vault.js";
export { Compute } from "@pulumi/azure-native/machinelearningservices/compute.js";
export { OnlineDeployment } from "@pulumi/azure-native/machinelearningservices/onlineDeployment.js";
export { OnlineEndpoint } from "@pulumi/azure-native/machinelearningservices/onlineEndpoint.js";
export { Registry } from "@pulumi/azure-native/machinelearningservices/registry.js";
export { Workspace as MlWorkspace } from "@pulumi/azure-native/machinelearningservices/workspace.js";
export { UserAssignedIdentity } from "@pulumi/azure-native/managedidentity/userAssignedIdentity.js";
export { DiagnosticSetting } from "@pulumi/azure-native/monitor/diagnosticSetting.js";
export { Workspace as LogAnalytics } from "@pulumi/azure-native/operationalinsights/workspace.js";
export { ResourceGroup } from "@pulumi/azure-native/resources/resourceGroup.js";
export { BlobContainer } from "@pulumi/azure-native/storage/blobContainer.js";
export { StorageAccount } from "@pulumi/azure-native/storage/storageAccount.js";

export type { ComponentArgs as ApplicationInsightsArgs } from "@pulumi/azure-native/applicationinsights/component.js";
export type { BudgetArgs } from "@pulumi/azure-native/consumption/budget.js";
export type { TopicArgs } from "@pulumi/azure-native/eventgrid/topic.js";
export type { RegistryArgs as ContainerRegistryArgs } from "@pulumi/azure-native/containerregistry/registry.js";
export type { KeyArgs } from "@pulumi/azure-native/keyvault/key.js";
export type { VaultArgs } from "@pulumi/azure-native/keyvault/vault.js";
export type { ComputeArgs } from "@pulumi/azure-native/machinelearningservices/compute.js";
export type { OnlineDeploymentArgs } from "@pulumi/azure-native/machinelearningservices/onlineDeployment.js";
export type { OnlineEndpointArgs } from "@pulumi/azure-native/machinelearningservices/onlineEndpoint.js";
export type { RegistryArgs } from "@pulumi/azure-native/machinelearningservices/registry.js";
export type { WorkspaceArgs as MlWorkspaceArgs } from "@pulumi/azure-native/machinelearningservices/workspace.js";
export type { WorkspaceArgs as LogAnalyticsArgs } from "@pulumi/azure-native/operationalinsights/workspace.js";
export type { StorageAccountArgs } from "@pulumi/azure-native/storage/storageAccount.js";
