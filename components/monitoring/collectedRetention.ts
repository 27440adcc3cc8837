// Deletes what deployments collected after its time: a lifecycle rule on the workspace's storage account.
import { ComponentResource, interpolate } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input } from "@pulumi/pulumi";
import { ManagementPolicy } from "./azure.ts";
import type { ManagementPolicyArgs } from "./azure.ts";
import { overridden } from "../override.ts";
import type { Override } from "../override.ts";

export interface CollectedRetentionArgs {
  readonly resourceGroupName: Input<string>;
  readonly storageName: Input<string>;
  /** The workspace's GUID: its default container is called after it. */
  readonly workspaceGuid: Input<string>;
  readonly days: number;
  readonly override?: { readonly policy?: Override<ManagementPolicyArgs> };
}

/** https://learn.microsoft.com/azure/storage/blobs/lifecycle-management-overview. An account has one policy. */
export class CollectedRetention extends ComponentResource {
  readonly nodes: { readonly policy: ManagementPolicy };

  constructor(name: string, args: CollectedRetentionArgs, opts?: ComponentResourceOptions) {
    super("mlops:operations:CollectedRetention", name, {}, opts);
    const policy = new ManagementPolicy(
      `${name}-policy`,
      overridden(
        {
          resourceGroupName: args.resourceGroupName,
          accountName: args.storageName,
          managementPolicyName: "default",
          policy: {
            rules: [
              {
                name: "collected-data",
                enabled: true,
                type: "Lifecycle",
                definition: {
                  actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: args.days } } },
                  filters: {
                    blobTypes: ["blockBlob", "appendBlob"],
                    prefixMatch: [interpolate`azureml-blobstore-${args.workspaceGuid}/modelDataCollector/`],
                  },
                },
              },
            ],
          },
        },
        args.override?.policy,
      ),
      { parent: this },
    );
    this.nodes = { policy };
    this.registerOutputs({});
  }
}
