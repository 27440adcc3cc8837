// Every ML component of a folder at once.
import { ComponentResource } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Resource } from "@pulumi/pulumi";
import type { Asset } from "../assets/index.ts";
import type { AssetSource } from "./assetBody.ts";
import type { AssetVersion } from "./mlops.ts";
import { versionOf } from "./version.ts";
import type { VersionOverride } from "./version.ts";

export interface MlComponentsArgs {
  /** The read `component.yml` files. */
  readonly assets: readonly Asset[];
  readonly source: AssetSource;
  readonly dependsOn?: readonly Resource[];
  /** By component name. */
  readonly override?: Readonly<Record<string, VersionOverride>>;
}

/** https://learn.microsoft.com/azure/machine-learning/concept-component */
export class MlComponents extends ComponentResource {
  /** The components' versions by name. */
  readonly nodes: Readonly<Record<string, AssetVersion>>;

  constructor(name: string, args: MlComponentsArgs, opts?: ComponentResourceOptions) {
    super("mlops:assets:MlComponents", name, {}, opts);
    const nodes: Record<string, AssetVersion> = {};
    for (const asset of args.assets) {
      const key = asset.name ?? asset.path;
      nodes[key] = versionOf(`${name}-${key}`, asset, "components", args.source, this, {
        override: args.override?.[key],
        dependsOn: args.dependsOn,
      });
    }
    this.nodes = nodes;
    this.registerOutputs({});
  }
}
