// The resources of the project's own provider, as classes; provider/ has what they do.
import type { Input, Output } from "@pulumi/pulumi";
import { CustomResource } from "@pulumi/pulumi";
import type { CustomResourceOptions } from "@pulumi/pulumi";

/** See provider/upload.ts. */
export interface UploadArgs {
  readonly workspaceId: Input<string>;
  readonly kind: "code" | "data";
  readonly path: string;
  readonly includes?: string[];
  readonly hash: string;
}

/** A local folder or file in the workspace, under its content's name. */
export class Upload extends CustomResource {
  /** Id of the code version, or the datastore URI of the data. */
  declare readonly reference: Output<string>;

  constructor(name: string, args: UploadArgs, opts?: CustomResourceOptions) {
    super("mlops:assets:Upload", name, { ...args, reference: undefined }, opts);
  }
}

/** See provider/assetVersion.ts. */
export interface AssetVersionArgs {
  readonly workspaceId: Input<string>;
  readonly collection: "data" | "environments" | "components";
  readonly name: Input<string>;
  readonly version: string;
  readonly contentVersion: boolean;
  readonly properties: Record<string, unknown>;
  readonly source: string;
}

/** The version of an asset that the files say now; earlier ones stay. */
export class AssetVersion extends CustomResource {
  /** Azure resource id of the version. */
  declare readonly versionId: Output<string>;
  declare readonly name: Output<string>;
  declare readonly version: Output<string>;

  constructor(name: string, args: AssetVersionArgs, opts?: CustomResourceOptions) {
    super("mlops:assets:AssetVersion", name, { ...args, versionId: undefined }, opts);
  }
}

/** See provider/nameRelease.ts. */
export interface NameReleaseArgs {
  readonly kind: "workspace" | "vault";
  readonly resourceId: Input<string>;
  readonly location: string;
  readonly keep?: boolean;
}

/** Makes a name free again after the resource's deletion. The resource has to depend on it. */
export class NameRelease extends CustomResource {
  /** The resource has to be made by recovering the deleted one. */
  declare readonly recover: Output<boolean | undefined>;

  constructor(name: string, args: NameReleaseArgs, opts?: CustomResourceOptions) {
    super("mlops:arm:NameRelease", name, { ...args, recover: undefined }, opts);
  }
}

/** See provider/rolesInForce.ts. */
export interface RolesInForceArgs {
  readonly assignments: Input<string>[];
}

/** Made once the roles hold that it was given. What needs them has to depend on it. */
export class RolesInForce extends CustomResource {
  constructor(name: string, args: RolesInForceArgs, opts?: CustomResourceOptions) {
    super("mlops:identity:RolesInForce", name, args, opts);
  }
}

/** See provider/rollout.ts. */
export interface EndpointRolloutArgs {
  readonly endpointId: Input<string>;
  readonly traffic: Record<string, number>;
  readonly mirrorTraffic?: Record<string, number>;
  readonly deployments: Record<string, string>;
  readonly steps: number[];
  readonly bakeSeconds: number;
  readonly mirrorFirstPercent?: number;
  readonly check: { request: string; calls: number; maxErrorPercent: number; maxP95Ms?: number; readySeconds: number };
  readonly tags?: Record<string, string>;
  readonly description?: string;
  readonly publicNetworkAccess?: "Enabled" | "Disabled";
}

/** Who gets an endpoint's traffic. Has to depend on the deployments. */
export class EndpointRollout extends CustomResource {
  declare readonly scoringUri: Output<string>;
  declare readonly traffic: Output<Record<string, number>>;

  constructor(name: string, args: EndpointRolloutArgs, opts?: CustomResourceOptions) {
    super("mlops:serving:EndpointRollout", name, { ...args, scoringUri: undefined, evidence: undefined }, opts);
  }
}

/** See provider/batchRollout.ts. */
export interface BatchRolloutArgs {
  readonly endpointId: Input<string>;
  readonly deployment: string;
  readonly deployments: Record<string, string>;
  readonly check?: { inputs: Record<string, BatchCheckInput>; file?: string; minutes: number };
  readonly tags?: Record<string, string>;
  readonly description?: string;
}
type BatchCheckInput = { jobInputType: "UriFile" | "UriFolder"; uri: Input<string> };

/** Which deployment of a batch endpoint is the default. Has to depend on the deployments. */
export class BatchRollout extends CustomResource {
  declare readonly scoringUri: Output<string>;

  constructor(name: string, args: BatchRolloutArgs, opts?: CustomResourceOptions) {
    super("mlops:serving:BatchRollout", name, { ...args, scoringUri: undefined, checkedBy: undefined }, opts);
  }
}

/** See provider/monitorSchedule.ts. */
export interface MonitorScheduleArgs {
  readonly workspaceId: Input<string>;
  readonly name: string;
  readonly properties: Record<string, unknown>;
}

/** A model monitor that runs by its trigger. */
export class MonitorSchedule extends CustomResource {
  /** Azure resource id of the schedule. */
  declare readonly scheduleId: Output<string>;

  constructor(name: string, args: MonitorScheduleArgs, opts?: CustomResourceOptions) {
    super("mlops:operations:MonitorSchedule", name, { ...args, scheduleId: undefined }, opts);
  }
}
