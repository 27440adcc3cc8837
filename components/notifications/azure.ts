// The azure-native classes of notifications, apart from the others: only a stage that has channels loads them.
export { EventSubscription } from "@pulumi/azure-native/eventgrid/eventSubscription.js";
export { SystemTopic } from "@pulumi/azure-native/eventgrid/systemTopic.js";
export { SystemTopicEventSubscription } from "@pulumi/azure-native/eventgrid/systemTopicEventSubscription.js";
export { listWorkflowTriggerCallbackUrlOutput } from "@pulumi/azure-native/logic/listWorkflowTriggerCallbackUrl.js";
export { Workflow } from "@pulumi/azure-native/logic/workflow.js";
export { Connection as ApiConnection } from "@pulumi/azure-native/web/connection.js";

export type { SystemTopicArgs } from "@pulumi/azure-native/eventgrid/systemTopic.js";
export type { WorkflowArgs } from "@pulumi/azure-native/logic/workflow.js";
