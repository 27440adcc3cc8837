// What a slot's deployment keeps of its requests and answers: a data asset for each collection, and what the deployment has to be told.
import { ComponentResource, interpolate, output } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Output, Resource } from "@pulumi/pulumi";
import { AssetVersion } from "../mlops.ts";

export interface DataCollectionArgs {
  readonly workspaceId: Input<string>;
  readonly endpointName: Input<string>;
  readonly deploymentName: string;
  /** Share of the calls that are kept, 0 to 1. */
  readonly sampling: number;
  /** Columns to keep, whatever they hold; undefined: all but those that the scoring script holds for personal. */
  readonly columns?: readonly string[];
  readonly dependsOn?: readonly Resource[];
}

/** The collections that Azure's monitors look for. */
export const collections = ["model_inputs", "model_outputs"] as const;

/** https://learn.microsoft.com/azure/machine-learning/how-to-collect-production-data */
export class DataCollection extends ComponentResource {
  /** `dataCollector` of the deployment's properties. */
  readonly dataCollector: Readonly<Record<string, unknown>>;
  /** For the scoring script. */
  readonly variables: Readonly<Record<string, string>>;
  /** Ids of the data assets, by collection. */
  readonly data: Readonly<Record<(typeof collections)[number], Output<string>>>;

  constructor(name: string, args: DataCollectionArgs, opts?: ComponentResourceOptions) {
    super("mlops:operations:DataCollection", name, {}, opts);
    const asset = (collection: string): Output<string> =>
      new AssetVersion(
        `${name}-${collection}`,
        {
          workspaceId: args.workspaceId,
          collection: "data",
          name: interpolate`${args.endpointName}-${args.deploymentName}-${collection}`,
          version: "1",
          contentVersion: false,
          properties: {
            dataType: "uri_folder",
            isAnonymous: false,
            dataUri: interpolate`azureml://datastores/workspaceblobstore/paths/modelDataCollector/${args.endpointName}/${args.deploymentName}/${collection}`,
          },
          source: "the stage's setting collect",
        },
        { parent: this, dependsOn: [...(args.dependsOn ?? [])] },
      ).versionId;
    this.data = { model_inputs: asset("model_inputs"), model_outputs: asset("model_outputs") };
    this.dataCollector = {
      collections: Object.fromEntries(
        collections.map((collection) => [
          collection,
          { dataCollectionMode: "Enabled", dataId: output(this.data[collection]), samplingRate: args.sampling },
        ]),
      ),
      rollingRate: "Hour",
    };
    this.variables = args.columns ? { COLLECT_COLUMNS: args.columns.join(",") } : {};
    this.registerOutputs({});
  }
}
