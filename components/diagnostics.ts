// Sends logs to Log Analytics: who did what with data, keys and models.
import { ComponentResource, interpolate } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input } from "@pulumi/pulumi";
import { DiagnosticSetting } from "./azure.ts";

export interface DiagnosticsArgs {
  /** Id of the Log Analytics workspace. */
  readonly logsId: Input<string>;
  /** Ids of what is watched. */
  readonly workspaceId?: Input<string>;
  readonly vaultId?: Input<string>;
  readonly storageId?: Input<string>;
}

/**
 * A storage account logs through its services; blobs are what Azure ML uses. Workspaces have no group of audit logs alone that is the
 * same in all regions, so all of theirs are kept.
 * https://learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings
 */
export class Diagnostics extends ComponentResource {
  readonly nodes: { readonly workspace?: DiagnosticSetting; readonly vault?: DiagnosticSetting; readonly blobs?: DiagnosticSetting };

  constructor(name: string, args: DiagnosticsArgs, opts?: ComponentResourceOptions) {
    super("mlops:operations:Diagnostics", name, {}, opts);
    const setting = (what: string, resourceUri: Input<string>, categoryGroup: "audit" | "allLogs"): DiagnosticSetting =>
      new DiagnosticSetting(
        `${name}-${what}-diagnostics`,
        { resourceUri, name: "to-log-analytics", workspaceId: args.logsId, logs: [{ categoryGroup, enabled: true }] },
        { parent: this },
      );
    this.nodes = {
      ...(args.workspaceId === undefined ? {} : { workspace: setting("workspace", args.workspaceId, "allLogs") }),
      ...(args.vaultId === undefined ? {} : { vault: setting("vault", args.vaultId, "audit") }),
      ...(args.storageId === undefined ? {} : { blobs: setting("blobs", interpolate`${args.storageId}/blobServices/default`, "audit") }),
    };
    this.registerOutputs({});
  }
}
