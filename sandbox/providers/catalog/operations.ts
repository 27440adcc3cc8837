// Events, workflows, alerts, dashboards, budgets, Kubernetes: what runs around the workspaces.
import type { Catalog, WireType } from "./entry.ts";
import { inGroup } from "./entry.ts";

const TOPIC = "Microsoft.EventGrid/systemTopics/{systemTopicName}";
const CLUSTER = "Microsoft.ContainerService/managedClusters/{resourceName}";
const DESTINATION: WireType = { flat: ["endpointType"] };
const MAPPING: WireType = { flat: ["name", "type"] };
const ODATA: WireType = { wire: { odataType: "odata\\.type" } };

export const operations: Catalog = {
  resources: {
    "eventgrid:SystemTopic": { path: inGroup(TOPIC) },
    "eventgrid:SystemTopicEventSubscription": { path: inGroup(`${TOPIC}/eventSubscriptions/{eventSubscriptionName}`) },
    "eventgrid:Topic": { path: inGroup("Microsoft.EventGrid/topics/{topicName}") },
    "eventgrid:EventSubscription": { path: "/{scope}/providers/Microsoft.EventGrid/eventSubscriptions/{eventSubscriptionName}" },
    "logic:Workflow": { path: inGroup("Microsoft.Logic/workflows/{workflowName}"), wire: { sku: "properties.sku" } },
    "web:Connection": { path: inGroup("Microsoft.Web/connections/{connectionName}") },
    "monitor:ActionGroup": { path: inGroup("Microsoft.Insights/actionGroups/{actionGroupName}") },
    "monitor:MetricAlert": { path: inGroup("Microsoft.Insights/metricAlerts/{ruleName}") },
    "monitor:ScheduledQueryRule": { path: inGroup("Microsoft.Insights/scheduledQueryRules/{ruleName}") },
    "monitor:ActivityLogAlert": { path: inGroup("Microsoft.Insights/activityLogAlerts/{activityLogAlertName}") },
    "monitor:AutoscaleSetting": {
      path: inGroup("Microsoft.Insights/autoscaleSettings/{autoscaleSettingName}"),
      wire: { name: "properties.name" },
    },
    "monitor:DiagnosticSetting": { path: "/{resourceUri}/providers/Microsoft.Insights/diagnosticSettings/{name}" },
    "portal:Dashboard": { path: inGroup("Microsoft.Portal/dashboards/{dashboardName}") },
    "consumption:Budget": { path: "/{scope}/providers/Microsoft.Consumption/budgets/{budgetName}", wire: { eTag: "eTag" } },
    "containerservice:ManagedCluster": {
      path: inGroup(CLUSTER),
      replaces: ["diskEncryptionSetID", "dnsPrefix", "fqdnSubdomain", "linuxProfile", "nodeResourceGroup", "windowsProfile"],
      keeps: ["properties.agentPoolProfiles"],
    },
    "containerservice:AgentPool": {
      path: inGroup(`${CLUSTER}/agentPools/{agentPoolName}`),
      replaces: ["gpuInstanceProfile", "vmSize"],
      wire: { tags: "properties.tags", type: "properties.type" },
    },
    "kubernetesconfiguration:Extension": {
      path: inGroup(
        "{clusterRp}/{clusterResourceName}/{clusterName}/providers/Microsoft.KubernetesConfiguration/extensions/{extensionName}",
      ),
      autoName: "random",
    },
  },
  types: {
    eventgrid: {
      AzureFunctionEventSubscriptionDestination: DESTINATION,
      EventHubEventSubscriptionDestination: DESTINATION,
      HybridConnectionEventSubscriptionDestination: DESTINATION,
      MonitorAlertEventSubscriptionDestination: DESTINATION,
      NamespaceTopicEventSubscriptionDestination: DESTINATION,
      ServiceBusQueueEventSubscriptionDestination: DESTINATION,
      ServiceBusTopicEventSubscriptionDestination: DESTINATION,
      StorageBlobDeadLetterDestination: DESTINATION,
      StorageQueueEventSubscriptionDestination: DESTINATION,
      WebHookEventSubscriptionDestination: DESTINATION,
      DynamicDeliveryAttributeMapping: MAPPING,
      StaticDeliveryAttributeMapping: MAPPING,
      JsonInputSchemaMapping: { flat: ["inputSchemaMappingType"] },
      PrivateEndpointConnection: { flat: ["id", "name", "type"] },
    },
    logic: { WorkflowTriggerListCallbackUrlQueries: { wire: { apiVersion: "api-version" } } },
    monitor: {
      MetricAlertMultipleResourceMultipleMetricCriteria: ODATA,
      MetricAlertSingleResourceMultipleMetricCriteria: ODATA,
      WebtestLocationAvailabilityCriteria: ODATA,
      ScaleRuleMetricDimension: { wire: { dimensionName: "DimensionName", operator: "Operator", values: "Values" } },
    },
  },
  functions: {
    "logic:listWorkflowTriggerCallbackUrl": {
      post: inGroup("Microsoft.Logic/workflows/{workflowName}/triggers/{triggerName}/listCallbackUrl"),
    },
    "logic:listWorkflowCallbackUrl": { post: inGroup("Microsoft.Logic/workflows/{workflowName}/listCallbackUrl") },
    "containerservice:listManagedClusterUserCredentials": { post: inGroup(`${CLUSTER}/listClusterUserCredential`) },
  },
};
