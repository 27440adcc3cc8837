// Scales a deployment with its load, within bounds: out by CPU or latency, in when there is little to do.
import { AutoscaleSetting } from "@pulumi/azure-native/monitor/autoscaleSetting.js";
import type { AutoscaleSettingArgs } from "@pulumi/azure-native/monitor/autoscaleSetting.js";
import { ComponentResource } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input } from "@pulumi/pulumi";
import { overridden } from "./override.ts";
import type { Override } from "./override.ts";

export interface ScaleLimits {
  readonly min: number;
  readonly max: number;
  /** One instance more above it, over five minutes; one less below half of it, over ten. */
  readonly cpuPercent: number;
  /** One instance more when the mean latency is above it, over five minutes. */
  readonly latencyMs?: number;
}

export interface DeploymentAutoscaleArgs {
  readonly resourceGroupName: Input<string>;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly settingName: Input<string>;
  readonly deploymentId: Input<string>;
  readonly endpointId: Input<string>;
  readonly limits: ScaleLimits;
  readonly override?: { readonly setting?: Override<AutoscaleSettingArgs> };
}

/** https://learn.microsoft.com/azure/machine-learning/how-to-autoscale-endpoints */
export class DeploymentAutoscale extends ComponentResource {
  readonly nodes: { readonly setting: AutoscaleSetting };

  constructor(name: string, args: DeploymentAutoscaleArgs, opts?: ComponentResourceOptions) {
    super("mlops:serving:DeploymentAutoscale", name, {}, opts);
    const { deploymentId, endpointId } = args;
    const { min, max, cpuPercent, latencyMs } = args.limits;
    const cpu = { metricName: "CpuUtilizationPercentage", metricResourceUri: deploymentId };
    const rule = (
      metric: { metricName: string; metricResourceUri: Input<string> },
      operator: "GreaterThan" | "LessThan",
      threshold: number,
      direction: "Increase" | "Decrease",
      minutes: number,
    ) => ({
      metricTrigger: {
        ...{ ...metric, operator, threshold, timeGrain: "PT1M", statistic: "Average" as const, timeAggregation: "Average" as const },
        timeWindow: `PT${minutes}M`,
      },
      scaleAction: { direction, type: "ChangeCount" as const, value: "1", cooldown: `PT${minutes}M` },
    });
    const rules = [
      rule(cpu, "GreaterThan", cpuPercent, "Increase", 5),
      ...(latencyMs === undefined
        ? []
        : [rule({ metricName: "RequestLatency", metricResourceUri: endpointId }, "GreaterThan", latencyMs, "Increase", 5)]),
      // Far enough below, or it would go up and down in turns.
      rule(cpu, "LessThan", cpuPercent / 2, "Decrease", 10),
    ];
    const setting = new AutoscaleSetting(
      `${name}-autoscale`,
      overridden(
        {
          ...{ resourceGroupName: args.resourceGroupName, location: args.location, tags: { ...args.tags } },
          ...{ autoscaleSettingName: args.settingName, targetResourceUri: deploymentId, enabled: true },
          profiles: [{ name: "load", capacity: { minimum: String(min), maximum: String(max), default: String(min) }, rules }],
        },
        args.override?.setting,
      ),
      { parent: this },
    );
    this.nodes = { setting };
    this.registerOutputs({});
  }
}
