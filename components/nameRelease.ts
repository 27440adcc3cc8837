// A name that can be used again after `destroy`: what soft delete holds under it is purged, or, a vault, comes back when it is made again.
import { interpolate } from "@pulumi/pulumi";
import type { CustomResourceOptions, Input, Output } from "@pulumi/pulumi";
import { NameRelease } from "./mlops.ts";

export interface ReleasedNameArgs {
  readonly kind: "workspace" | "vault";
  readonly name: Input<string>;
  readonly resourceGroupName: Input<string>;
  readonly subscriptionId: Input<string>;
  readonly location: string;
  /** A deletion purges nothing: made again, a vault is the one that was deleted. */
  readonly keep: boolean;
}

const types = { workspace: "Microsoft.MachineLearningServices/workspaces", vault: "Microsoft.KeyVault/vaults" } as const;

export interface ReleasedName {
  /** The resource has to depend on it. */
  readonly release: NameRelease;
  /** The value when the deleted one is to be recovered; nothing otherwise. */
  readonly whenRecovering: <T>(value: T) => Output<T | undefined>;
}

export function releasedName(name: string, args: ReleasedNameArgs, opts: CustomResourceOptions): ReleasedName {
  const { kind, location, keep } = args;
  const resourceId = interpolate`/subscriptions/${args.subscriptionId}/resourceGroups/${args.resourceGroupName}/providers/${types[kind]}/${args.name}`;
  const release = new NameRelease(name, { kind, resourceId, location, ...(keep ? { keep } : {}) }, opts);
  return { release, whenRecovering: (value) => release.recover.apply((recover) => (recover === true ? value : undefined)) };
}
