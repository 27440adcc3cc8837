// An environment: an image, with a conda file or not, or a build context. Its version follows from its content.
import { ComponentResource } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Output, Resource } from "@pulumi/pulumi";
import type { Asset } from "../assets/index.ts";
import type { AssetSource } from "./assetBody.ts";
import type { AssetVersion } from "./mlops.ts";
import { versionOf } from "./version.ts";
import type { VersionOverride } from "./version.ts";

export interface EnvironmentArgs {
  /** A read `environment.yml`. */
  readonly asset: Asset;
  readonly source: AssetSource;
  readonly dependsOn?: readonly Resource[];
  readonly override?: { readonly version?: VersionOverride };
}

/** https://learn.microsoft.com/azure/machine-learning/how-to-manage-environments-v2 */
export class Environment extends ComponentResource {
  readonly versionId: Output<string>;
  readonly nodes: { readonly version: AssetVersion };

  constructor(name: string, args: EnvironmentArgs, opts?: ComponentResourceOptions) {
    super("mlops:assets:Environment", name, {}, opts);
    const version = versionOf(`${name}-version`, args.asset, "environments", args.source, this, {
      override: args.override?.version,
      dependsOn: args.dependsOn,
    });
    this.nodes = { version };
    this.versionId = version.versionId;
    this.registerOutputs({ versionId: this.versionId });
  }
}
