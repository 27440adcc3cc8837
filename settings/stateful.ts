// What holds data: the stacks protect it in prod, and the policy pack sees that they do.

/** Types whose deletion loses data, models, logs or keys. */
export const stateful = [
  "azure-native:resources:ResourceGroup",
  "azure-native:storage:StorageAccount",
  "azure-native:keyvault:Vault",
  "azure-native:machinelearningservices:Workspace",
  "azure-native:machinelearningservices:Registry",
  "azure-native:containerregistry:Registry",
  "azure-native:operationalinsights:Workspace",
] as const;
