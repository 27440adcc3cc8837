// A monitor of what a deployment is asked and answers, from a read monitor YAML.
import { ComponentResource, interpolate } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input } from "@pulumi/pulumi";
import type { Asset } from "../../assets/index.ts";
import type { AssetSource } from "../assetBody.ts";
import { MonitorSchedule } from "../mlops.ts";

export interface ModelMonitorArgs {
  readonly workspaceId: Input<string>;
  /** A read monitor YAML. */
  readonly asset: Asset;
  readonly source: AssetSource;
  /** Id of the deployment that serves. */
  readonly deploymentId: Input<string>;
  /** Ids of the data assets that it collects to, by collection. */
  readonly collected: Readonly<Record<string, Input<string>>>;
  /** Who is told; none: whom the YAML names. */
  readonly emails: readonly string[];
  /** Where the truth comes in, joined by `correlation_id`; with it the model's error is measured. */
  readonly groundTruth?: {
    readonly data: Input<string>;
    readonly target: string;
    readonly correlationId: string;
    readonly metric: string;
    readonly threshold: number;
  };
}

type Json = Record<string, unknown>;

/** https://learn.microsoft.com/azure/machine-learning/how-to-monitor-model-performance */
export class ModelMonitor extends ComponentResource {
  readonly monitorName: string;
  readonly nodes: { readonly schedule: MonitorSchedule };

  constructor(name: string, args: ModelMonitorArgs, opts?: ComponentResourceOptions) {
    super("mlops:operations:ModelMonitor", name, {}, opts);
    const { properties } = args.source.resolve(args.asset).body as { properties: Json };
    const action = properties["action"] as { actionType: string; monitorDefinition: Json };
    const definition = action.monitorDefinition;
    const signals = { ...(definition["signals"] as Record<string, Json>), ...performance(args) };
    const alert =
      args.emails.length > 0
        ? { alertNotificationType: "Email", emailNotificationSetting: { emails: [...args.emails], emailOn: ["JobFailed", "JobCompleted"] } }
        : undefined;
    this.monitorName = args.asset.name!;
    const schedule = new MonitorSchedule(
      `${name}-schedule`,
      {
        workspaceId: args.workspaceId,
        name: this.monitorName,
        properties: {
          ...properties,
          action: {
            ...action,
            monitorDefinition: {
              ...definition,
              monitoringTarget: {
                ...(definition["monitoringTarget"] as Json | undefined),
                deploymentId: interpolate`azureml:${args.deploymentId}`,
              },
              signals: Object.fromEntries(Object.entries(signals).map(([key, signal]) => [key, withProduction(signal, args.collected)])),
              ...(alert ? { alertNotificationSetting: alert } : {}),
            },
          },
        },
      },
      { parent: this },
    );
    this.nodes = { schedule };
    this.registerOutputs({});
  }
}

/** What the monitored deployment collects, where the file names no data of its own: the SDK fills in the same. */
function withProduction(signal: Json, collected: ModelMonitorArgs["collected"]): Json {
  if (signal["productionData"]) return signal;
  const dataContext = signal["signalType"] === "PredictionDrift" ? "model_outputs" : "model_inputs";
  const uri = collected[dataContext];
  if (uri === undefined) return signal;
  const data = { dataContext, jobInputType: "uri_folder", uri, inputDataType: "Trailing", windowSize: "P7D", windowOffset: "P0D" };
  return { ...signal, productionData: data };
}

function performance({ groundTruth, collected }: ModelMonitorArgs): Record<string, Json> {
  if (!groundTruth) return {};
  const { data, target, correlationId, metric, threshold } = groundTruth;
  const limit = { modelType: "regression", metric, threshold: { value: threshold } };
  return {
    model_performance: {
      signalType: "ModelPerformance",
      mode: "Enabled",
      productionData: [
        {
          ...{ dataContext: "model_outputs", jobInputType: "uri_folder", uri: collected["model_outputs"] },
          ...{
            inputDataType: "Trailing",
            windowSize: "P30D",
            windowOffset: "P0D",
            columns: { prediction: "prediction", correlation_id: "correlationid" },
          },
        },
      ],
      referenceData: {
        ...{ dataContext: "ground_truth", jobInputType: "uri_folder", inputDataType: "Fixed", uri: data },
        columns: { target_column: target, correlation_id: correlationId },
      },
      metricThreshold: limit,
      properties: { "azureml.modelmonitor.model_performance_thresholds": JSON.stringify([limit]) },
    },
  };
}
