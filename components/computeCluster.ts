// A cluster of virtual machines that jobs run on, with no machine when there is no job.
import { ComponentResource } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Output } from "@pulumi/pulumi";
import { Compute } from "./azure.ts";
import type { ComputeArgs } from "./azure.ts";
import { overridden } from "./override.ts";
import type { Override } from "./override.ts";

export interface ComputeClusterArgs {
  readonly resourceGroupName: Input<string>;
  readonly workspaceName: Input<string>;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly clusterName: string;
  /** Identity that the machines, and so the jobs, have. */
  readonly identityId: Input<string>;
  readonly size: string;
  readonly maxNodes: number;
  /** A machine that does nothing for so long is given back. */
  readonly idleSeconds: number;
  readonly priority: "Dedicated" | "LowPriority";
  readonly override?: { readonly compute?: Override<ComputeArgs> };
}

/** https://learn.microsoft.com/azure/machine-learning/how-to-create-attach-compute-cluster */
export class ComputeCluster extends ComponentResource {
  readonly clusterName: Output<string>;
  readonly nodes: { readonly compute: Compute };

  constructor(name: string, args: ComputeClusterArgs, opts?: ComponentResourceOptions) {
    super("mlops:workspace:ComputeCluster", name, {}, opts);
    const compute = new Compute(
      `${name}-compute`,
      overridden(
        {
          resourceGroupName: args.resourceGroupName,
          workspaceName: args.workspaceName,
          computeName: args.clusterName,
          location: args.location,
          tags: { ...args.tags },
          identity: { type: "UserAssigned", userAssignedIdentities: [args.identityId] },
          properties: {
            computeType: "AmlCompute",
            disableLocalAuth: true,
            properties: {
              osType: "Linux",
              vmSize: args.size,
              vmPriority: args.priority,
              remoteLoginPortPublicAccess: "Disabled",
              scaleSettings: { minNodeCount: 0, maxNodeCount: args.maxNodes, nodeIdleTimeBeforeScaleDown: `PT${args.idleSeconds}S` },
            },
          },
        },
        args.override?.compute,
      ),
      { parent: this },
    );
    this.nodes = { compute };
    this.clusterName = compute.name;
    this.registerOutputs({ clusterName: this.clusterName });
  }
}
