// The azure-native classes of batch endpoints, each from its own file; loaded only by a stage that has one.
export { BatchDeployment } from "@pulumi/azure-native/machinelearningservices/batchDeployment.js";
export { BatchEndpoint } from "@pulumi/azure-native/machinelearningservices/batchEndpoint.js";
export type { BatchDeploymentArgs } from "@pulumi/azure-native/machinelearningservices/batchDeployment.js";
export type { BatchEndpointArgs } from "@pulumi/azure-native/machinelearningservices/batchEndpoint.js";
