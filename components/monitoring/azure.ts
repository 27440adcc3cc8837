// The azure-native classes of monitoring, each from its own file; loaded only by a stage that watches.
export { Workbook } from "@pulumi/azure-native/applicationinsights/workbook.js";
export { ActionGroup } from "@pulumi/azure-native/monitor/actionGroup.js";
export { MetricAlert } from "@pulumi/azure-native/monitor/metricAlert.js";
export { ManagementPolicy } from "@pulumi/azure-native/storage/managementPolicy.js";
export type { ActionGroupArgs } from "@pulumi/azure-native/monitor/actionGroup.js";
export type { MetricAlertArgs } from "@pulumi/azure-native/monitor/metricAlert.js";
export type { ManagementPolicyArgs } from "@pulumi/azure-native/storage/managementPolicy.js";
