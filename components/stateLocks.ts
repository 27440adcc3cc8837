// Management locks on what holds data: nobody deletes it in the portal, by script or with its group, until the lock is taken away.
import { ComponentResource } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input } from "@pulumi/pulumi";
import { ManagementLockByScope } from "@pulumi/azure-native/authorization/managementLockByScope.js";

export interface StateLocksArgs {
  /** What is locked, by the last part of the lock's Pulumi name: ids of resources. */
  readonly scopes: Readonly<Record<string, Input<string>>>;
}

/**
 * `CanNotDelete` on single resources. Not on the group nor on the workspace: a lock holds for all that is below, and would keep old deployments
 * from being deleted and clusters from giving nodes back.
 * https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources#considerations-before-applying-your-locks
 */
export class StateLocks extends ComponentResource {
  readonly nodes: Readonly<Record<string, ManagementLockByScope>>;

  constructor(name: string, args: StateLocksArgs, opts?: ComponentResourceOptions) {
    super("mlops:operations:StateLocks", name, {}, opts);
    const notes = `Holds data of stage ${name}. Set by its Pulumi stack (azure-mlops:locks); mlops destroy takes it away.`;
    this.nodes = Object.fromEntries(
      Object.entries(args.scopes).map(([what, scope]) => [
        what,
        new ManagementLockByScope(
          `${name}-${what}-lock`,
          { scope, lockName: "mlops-keep", level: "CanNotDelete", notes },
          { parent: this },
        ),
      ]),
    );
    this.registerOutputs({});
  }
}
