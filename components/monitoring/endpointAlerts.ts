// Alerts on an endpoint and what serves behind it, the people who are told, and a workbook that shows the same metrics.
import { createHash } from "node:crypto";
import { ComponentResource, output, secret } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Output } from "@pulumi/pulumi";
import { ActionGroup, MetricAlert, Workbook } from "./azure.ts";
import type { ActionGroupArgs, MetricAlertArgs } from "./azure.ts";
import { overridden } from "../override.ts";
import type { Override } from "../override.ts";

export interface EndpointAlertsArgs {
  readonly resourceGroupName: Input<string>;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  /** First part of the names: `mlops-prod`. */
  readonly prefix: string;
  readonly workspaceId: Input<string>;
  readonly endpointId: Input<string>;
  /** Deployments by slot; each has rules of its own, since instances are measured by deployment. */
  readonly deploymentIds: Readonly<Record<string, Input<string>>>;
  readonly limits: AlertLimits;
  readonly emails: readonly string[];
  /** Called with the common alert schema: a Logic App's trigger, a chat's webhook. */
  readonly webhooks: readonly string[];
  readonly override?: { readonly actionGroup?: Override<ActionGroupArgs>; readonly alert?: Override<MetricAlertArgs> };
}

/** When somebody is told. */
export interface AlertLimits {
  /** 95th percentile of the answers' latency, mean of five minutes. */
  readonly latencyP95Ms: number;
  /** Answers with a status from 500 on, in five minutes. */
  readonly serverErrors: number;
  /** Mean of 15 minutes, each deployment. */
  readonly cpuPercent: number;
  readonly memoryPercent: number;
  /** Share of the region's cores that are taken. */
  readonly quotaPercent: number;
}

interface Rule {
  readonly name: string;
  readonly says: string;
  readonly severity: 0 | 1 | 2 | 3;
  readonly scope: Input<string>;
  readonly metric: string;
  readonly operator: "GreaterThan" | "LessThan";
  readonly threshold: number;
  readonly aggregation: "Average" | "Total" | "Maximum";
  readonly window: "PT5M" | "PT15M";
  readonly dimensions?: readonly { readonly name: string; readonly operator: string; readonly values: string[] }[];
}

/** https://learn.microsoft.com/azure/machine-learning/monitor-azure-machine-learning-reference */
export class EndpointAlerts extends ComponentResource {
  readonly nodes: {
    readonly actionGroup: ActionGroup;
    readonly alerts: Readonly<Record<string, MetricAlert>>;
    readonly workbook: Workbook;
  };

  constructor(name: string, args: EndpointAlertsArgs, opts?: ComponentResourceOptions) {
    super("mlops:operations:EndpointAlerts", name, {}, opts);
    const { resourceGroupName, tags, prefix } = args;
    const actionGroup = new ActionGroup(
      `${name}-people`,
      overridden(
        {
          ...{ resourceGroupName, tags, location: "global", enabled: true },
          actionGroupName: `ag-${prefix}`,
          groupShortName: prefix.slice(0, 12),
          emailReceivers: args.emails.map((emailAddress, i) => ({ name: `mail-${i + 1}`, emailAddress, useCommonAlertSchema: true })),
          webhookReceivers: args.webhooks.map((serviceUri, i) => ({
            name: `webhook-${i + 1}`,
            // Its path is what a chat knows its callers by.
            serviceUri: secret(serviceUri),
            useCommonAlertSchema: true,
          })),
        },
        args.override?.actionGroup,
      ),
      { parent: this },
    );
    const alerts = Object.fromEntries(
      rulesOf(args).map((rule) => [
        rule.name,
        new MetricAlert(
          `${name}-${rule.name}`,
          overridden(alertArgs(rule, `alert-${prefix}-${rule.name}`, args, actionGroup.id), args.override?.alert),
          { parent: this },
        ),
      ]),
    );
    const workbook = new Workbook(
      `${name}-workbook`,
      {
        ...{ resourceGroupName, tags, location: args.location, kind: "shared", category: "workbook" },
        resourceName: guidOf(`${prefix}/workbook`),
        displayName: `${prefix}: endpoint`,
        sourceId: args.endpointId,
        serializedData: output(args.endpointId).apply((endpointId) =>
          JSON.stringify(workbookOf(endpointId, Object.keys(args.deploymentIds))),
        ),
      },
      { parent: this },
    );
    this.nodes = { actionGroup, alerts, workbook };
    this.registerOutputs({});
  }
}

function rulesOf({ workspaceId, endpointId, deploymentIds, limits }: EndpointAlertsArgs): Rule[] {
  const of = (what: Omit<Rule, "scope" | "window"> & Partial<Pick<Rule, "scope" | "window">>): Rule => ({
    scope: endpointId,
    window: "PT5M",
    ...what,
  });
  return [
    of({
      ...{ name: "latency", severity: 2, metric: "RequestLatency_P95", operator: "GreaterThan", aggregation: "Average" },
      threshold: limits.latencyP95Ms,
      says: `The 95th percentile of the latency is above ${limits.latencyP95Ms} ms.`,
    }),
    of({
      ...{ name: "errors", severity: 1, metric: "RequestsPerMinute", operator: "GreaterThan", aggregation: "Total" },
      threshold: limits.serverErrors,
      dimensions: [{ name: "statusCodeClass", operator: "Include", values: ["5xx"] }],
      says: `More than ${limits.serverErrors} requests in 5 minutes were answered with a status from 500 on.`,
    }),
    of({
      ...{
        name: "quota",
        severity: 3,
        scope: workspaceId,
        metric: "Quota Utilization Percentage",
        operator: "GreaterThan",
        aggregation: "Maximum",
        window: "PT15M",
      },
      threshold: limits.quotaPercent,
      says: `More than ${limits.quotaPercent} % of the cores are taken; the next deployment may not find any.`,
    }),
    ...Object.entries(deploymentIds).flatMap(([slot, scope]) => [
      of({
        ...{
          name: `${slot}-availability`,
          severity: 0,
          scope,
          metric: "DeploymentCapacity",
          operator: "LessThan",
          aggregation: "Maximum",
          threshold: 1,
        },
        says: `Deployment ${slot} has no instance that answers.`,
      }),
      of({
        ...{
          name: `${slot}-cpu`,
          severity: 3,
          scope,
          metric: "CpuUtilizationPercentage",
          operator: "GreaterThan",
          aggregation: "Average",
          window: "PT15M",
        },
        threshold: limits.cpuPercent,
        says: `Deployment ${slot} uses more than ${limits.cpuPercent} % of its CPU.`,
      }),
      of({
        ...{
          name: `${slot}-memory`,
          severity: 3,
          scope,
          metric: "CpuMemoryUtilizationPercentage",
          operator: "GreaterThan",
          aggregation: "Average",
          window: "PT15M",
        },
        threshold: limits.memoryPercent,
        says: `Deployment ${slot} uses more than ${limits.memoryPercent} % of its memory.`,
      }),
    ]),
  ];
}

function alertArgs(
  rule: Rule,
  ruleName: string,
  { resourceGroupName, tags }: EndpointAlertsArgs,
  actionGroupId: Output<string>,
): MetricAlertArgs {
  const { metric: metricName, operator, threshold, aggregation: timeAggregation, dimensions = [] } = rule;
  return {
    ...{ resourceGroupName, tags, ruleName, location: "global", description: rule.says, severity: rule.severity },
    ...{ enabled: true, autoMitigate: true, evaluationFrequency: rule.window === "PT5M" ? "PT1M" : "PT5M", windowSize: rule.window },
    scopes: [rule.scope],
    criteria: {
      odataType: "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
      allOf: [
        {
          criterionType: "StaticThresholdCriterion",
          name: rule.name,
          metricName,
          operator,
          threshold,
          timeAggregation,
          dimensions: [...dimensions],
        },
      ],
    },
    actions: [{ actionGroupId }],
  };
}

/** Requests by status, latency, and what each deployment uses. https://learn.microsoft.com/azure/azure-monitor/visualize/workbooks-automate */
function workbookOf(endpointId: string, deployments: readonly string[]): object {
  const chart = (title: string, resourceType: string, ids: string[], metrics: [string, number, string?][]): object => ({
    type: 10,
    name: title,
    content: {
      ...{
        version: "MetricsItem/2.0",
        size: 0,
        title,
        chartType: 2,
        resourceType,
        metricScope: 0,
        timeContext: { durationMs: 86_400_000 },
      },
      resourceIds: ids,
      metrics: metrics.map(([metric, aggregation, splitBy]) => ({
        namespace: resourceType,
        metric: `${resourceType}--${metric}`,
        aggregation,
        ...(splitBy ? { splitBy } : {}),
      })),
    },
  });
  const type = "microsoft.machinelearningservices/workspaces/onlineendpoints";
  const below = deployments.map((slot) => `${endpointId}/deployments/${slot}`);
  return {
    version: "Notebook/1.0",
    items: [
      { type: 1, name: "title", content: { json: `## ${endpointId.split("/").at(-1)}` } },
      chart("Requests per minute, by status", type, [endpointId], [["RequestsPerMinute", 1, "statusCodeClass"]]),
      chart(
        "Latency: median and 95th percentile, ms",
        type,
        [endpointId],
        [
          ["RequestLatency_P50", 4],
          ["RequestLatency_P95", 4],
        ],
      ),
      chart("CPU and memory, %", `${type}/deployments`, below, [
        ["CpuUtilizationPercentage", 4],
        ["CpuMemoryUtilizationPercentage", 4],
      ]),
    ],
    fallbackResourceIds: [endpointId],
    $schema: "https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json",
  };
}

/** A workbook's name is a GUID: one that follows from what it is for. */
function guidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
