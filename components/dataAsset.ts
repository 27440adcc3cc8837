// A data asset; local files behind it are sent to the workspace's default datastore.
import { ComponentResource } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Output, Resource } from "@pulumi/pulumi";
import type { Asset } from "../assets/index.ts";
import type { AssetSource } from "./assetBody.ts";
import type { AssetVersion } from "./mlops.ts";
import { versionOf } from "./version.ts";
import type { VersionOverride } from "./version.ts";

export interface DataAssetArgs {
  /** A read `data.yml`. */
  readonly asset: Asset;
  readonly source: AssetSource;
  readonly dependsOn?: readonly Resource[];
  readonly override?: { readonly version?: VersionOverride };
}

/** https://learn.microsoft.com/azure/machine-learning/how-to-create-data-assets */
export class DataAsset extends ComponentResource {
  readonly versionId: Output<string>;
  readonly nodes: { readonly version: AssetVersion };

  constructor(name: string, args: DataAssetArgs, opts?: ComponentResourceOptions) {
    super("mlops:assets:DataAsset", name, {}, opts);
    const version = versionOf(`${name}-version`, args.asset, "data", args.source, this, {
      override: args.override?.version,
      dependsOn: args.dependsOn,
    });
    this.nodes = { version };
    this.versionId = version.versionId;
    this.registerOutputs({ versionId: this.versionId });
  }
}
