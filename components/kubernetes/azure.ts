// The azure-native classes of Kubernetes, each from its own file; loaded only by a stage that serves on it.
export { ManagedCluster } from "@pulumi/azure-native/containerservice/managedCluster.js";
export { Extension } from "@pulumi/azure-native/kubernetesconfiguration/extension.js";
export type { ManagedClusterArgs } from "@pulumi/azure-native/containerservice/managedCluster.js";
export type { ExtensionArgs } from "@pulumi/azure-native/kubernetesconfiguration/extension.js";
