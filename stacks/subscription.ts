// Whose subscription it is; asked of the provider, so that names and roles are right whatever the sign-in.
import type { Output } from "@pulumi/pulumi";
import { getClientConfigOutput } from "../components/azure.ts";
import { suffixOf } from "../settings/names.ts";

export interface Subscription {
  readonly subscriptionId: Output<string>;
  readonly tenantId: Output<string>;
  /** Entra object id of whoever runs Pulumi. */
  readonly callerId: Output<string>;
  /** Tells this subscription's names apart from others'. */
  readonly suffix: Output<string>;
}

export function currentSubscription(): Subscription {
  const config = getClientConfigOutput();
  return {
    subscriptionId: config.subscriptionId,
    tenantId: config.tenantId,
    callerId: config.objectId,
    suffix: config.subscriptionId.apply(suffixOf),
  };
}
