// Sends logs to Log Analytics: who did what with data, keys and models.
import { ComponentResource, interpolate } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input } from "@pulumi/pulumi";
import { DiagnosticSetting } from "./azure.ts";

export interface DiagnosticsArgs {
  /** Id of the Log Analytics workspace. */
  readonly logsId: Input<string>;
  /** Id of another one, which gets the same. */
  readonly alsoTo?: string;
  /** Of storage, vault and images: who read and changed what, or every request. */
  readonly logs: "audit" | "allLogs";
  /** Ids of what is watched. */
  readonly workspaceId?: Input<string>;
  readonly vaultId?: Input<string>;
  readonly storageId?: Input<string>;
  readonly imagesId?: Input<string>;
  readonly endpointId?: Input<string>;
}

type Watched = "workspace" | "vault" | "blobs" | "images" | "endpoint";

/**
 * A storage account logs through its services; blobs are what Azure ML uses. Workspaces and endpoints have no group of audit logs alone that
 * is the same in all regions, so all of theirs are kept.
 * https://learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings
 */
export class Diagnostics extends ComponentResource {
  readonly nodes: Readonly<Partial<Record<Watched | `${Watched}-also`, DiagnosticSetting>>>;

  constructor(name: string, args: DiagnosticsArgs, opts?: ComponentResourceOptions) {
    super("mlops:operations:Diagnostics", name, {}, opts);
    const { logs, logsId, alsoTo, storageId } = args;
    const watched: readonly (readonly [Watched, Input<string> | undefined, "audit" | "allLogs"])[] = [
      ["workspace", args.workspaceId, "allLogs"],
      ["vault", args.vaultId, logs],
      ["blobs", storageId === undefined ? undefined : interpolate`${storageId}/blobServices/default`, logs],
      ["images", args.imagesId, logs],
      ["endpoint", args.endpointId, "allLogs"],
    ];
    const nodes: Partial<Record<Watched | `${Watched}-also`, DiagnosticSetting>> = {};
    for (const [what, resourceUri, categoryGroup] of watched) {
      if (resourceUri === undefined) continue;
      const setting = (label: string, settingName: string, workspaceId: Input<string>): DiagnosticSetting =>
        new DiagnosticSetting(
          `${name}-${what}-${label}`,
          { resourceUri, name: settingName, workspaceId, logs: [{ categoryGroup, enabled: true }] },
          { parent: this },
        );
      nodes[what] = setting("diagnostics", "to-log-analytics", logsId);
      if (alsoTo !== undefined) nodes[`${what}-also`] = setting("diagnostics-also", "to-another-workspace", alsoTo);
    }
    this.nodes = nodes;
    this.registerOutputs({});
  }
}
