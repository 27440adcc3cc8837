// Where releases are written down: a storage account of its own, reached by Entra identities only, that keeps what was overwritten.
import { ComponentResource } from "@pulumi/pulumi";
import type { ComponentResourceOptions, CustomResourceOptions, Input, Output } from "@pulumi/pulumi";
import { BlobContainer, StorageAccount } from "./azure.ts";
import type { StorageAccountArgs } from "./azure.ts";
import { overridden } from "./override.ts";
import type { Override } from "./override.ts";
import { grant } from "./roles.ts";

export interface ReleaseHistoryArgs {
  readonly resourceGroupName: Input<string>;
  readonly location: string;
  readonly subscriptionId: Input<string>;
  readonly tags: Readonly<Record<string, string>>;
  readonly accountName: Input<string>;
  readonly containers: { readonly releases: string; readonly approvals: string };
  /** Sets the role assignments' names apart. */
  readonly seed: string;
  /** Entra object ids of pipelines and people who make releases; "caller": whoever runs the first `up`. */
  readonly operators: readonly string[] | { readonly caller: Input<string> };
  /** Entra object ids of those who may approve: they may write approvals and read releases. */
  readonly approvers: readonly string[];
  readonly override?: { readonly storage?: Override<StorageAccountArgs> };
}

/** Two containers: releases, which pipelines write, and approvals, which in a strict set-up only approvers may write. */
export class ReleaseHistory extends ComponentResource {
  readonly accountName: Output<string>;
  readonly nodes: { readonly storage: StorageAccount; readonly releases: BlobContainer; readonly approvals: BlobContainer };

  constructor(name: string, args: ReleaseHistoryArgs, opts?: ComponentResourceOptions) {
    super("mlops:release:ReleaseHistory", name, {}, opts);
    const child: CustomResourceOptions = { parent: this };
    const { resourceGroupName, location, tags, accountName, override = {} } = args;
    const storage = new StorageAccount(
      `${name}-history`,
      overridden(
        {
          ...{ resourceGroupName, location, accountName, tags: { ...tags } },
          kind: "StorageV2",
          sku: { name: "Standard_LRS" },
          allowSharedKeyAccess: false,
          defaultToOAuthAuthentication: true,
          allowBlobPublicAccess: false,
          minimumTlsVersion: "TLS1_2",
          enableHttpsTrafficOnly: true,
          publicNetworkAccess: "Enabled",
        },
        override.storage,
      ),
      child,
    );
    const container = (what: "releases" | "approvals"): BlobContainer =>
      new BlobContainer(
        `${name}-${what}`,
        { resourceGroupName, accountName: storage.name, containerName: args.containers[what], publicAccess: "None" },
        child,
      );
    const [releases, approvals] = [container("releases"), container("approvals")];

    const more = { subscriptionId: args.subscriptionId };
    const seed = { seed: args.seed };
    if ("caller" in args.operators) {
      // The first one who ran `up` stays, as in a workspace.
      const stable = { ...child, ...seed, ignoreChanges: ["principalId"] };
      grant(
        `${name}-history-operator`,
        { role: "Storage Blob Data Contributor", scope: storage.id, principalId: args.operators.caller, ...more },
        stable,
      );
    } else {
      for (const id of args.operators) {
        const who = { principalId: id, ...more };
        const label = `${name}-history-operator-${id.slice(0, 8)}`;
        // With approvers of its own, a pipeline can read approvals but not write any.
        const [write, read] = [args.approvers.length > 0 ? releases.id : storage.id, approvals.id];
        grant(label, { role: "Storage Blob Data Contributor", scope: write, ...who }, { ...child, ...seed });
        if (args.approvers.length > 0)
          grant(`${label}-approvals`, { role: "Storage Blob Data Reader", scope: read, ...who }, { ...child, ...seed });
      }
    }
    for (const id of args.approvers) {
      const who = { principalId: id, ...more };
      grant(
        `${name}-approver-${id.slice(0, 8)}`,
        { role: "Storage Blob Data Contributor", scope: approvals.id, ...who },
        { ...child, ...seed },
      );
      grant(
        `${name}-approver-${id.slice(0, 8)}-releases`,
        { role: "Storage Blob Data Reader", scope: releases.id, ...who },
        { ...child, ...seed },
      );
    }
    this.nodes = { storage, releases, approvals };
    this.accountName = storage.name;
    this.registerOutputs({ accountName: this.accountName });
  }
}
