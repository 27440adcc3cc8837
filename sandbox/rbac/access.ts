// Says no as Azure does, when nobody gave the caller the right.
import type { DatabaseSync } from "node:sqlite";
import { ArmError } from "../core.ts";
import type { Caller, Resources } from "../core.ts";
import { subscriptionId } from "../entra/directory.ts";
import { assignmentType, grantsIn } from "./grants.ts";
import type { Grants, Wish } from "./grants.ts";

/** Azure role-based access control of the sandbox. */
export interface Access extends Grants {
  /** Throws ArmError 403 `AuthorizationFailed` in Resource Manager's words. */
  demand(caller: Caller, wish: Wish): void;
  /** As `demand`, for something that a request on `scope` needs elsewhere (Azure: a linked scope). */
  demandLinked(caller: Caller, main: Wish, linked: Wish): void;
}

export function openAccess(db: DatabaseSync): Access {
  const grants = grantsIn(db);
  const may = (caller: Caller, wish: Wish): boolean =>
    caller.runIn === undefined
      ? grants.may(caller.principalId, wish)
      : // A run's own token is good for its workspace's run services, whatever its identity may do besides.
        wish.scope.toLowerCase().startsWith(caller.runIn) && !wish.data;
  const who = (caller: Caller): string => `The client '${caller.clientId ?? caller.principalId}' with object id '${caller.principalId}'`;
  return {
    ...grants,
    demand(caller, wish) {
      if (may(caller, wish)) return;
      throw new ArmError(
        403,
        "AuthorizationFailed",
        `${who(caller)} does not have authorization to perform action '${wish.operation}' over scope '${wish.scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
      );
    },
    demandLinked(caller, main, linked) {
      if (may(caller, linked)) return;
      throw new ArmError(
        403,
        "LinkedAuthorizationFailed",
        `${who(caller)} has permission to perform action '${main.operation}' on scope '${main.scope}'; however, it does not have permission to perform action(s) '${linked.operation}' on the linked scope(s) '${linked.scope}' (respectively) or the linked scope(s) are invalid.`,
      );
    },
  };
}

const ownerRole = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";

/** Makes the sandbox's own service principal owner of the subscription. Owners manage everything; data they may only give themselves. */
export function ownSubscription(resources: Resources, principalId: string): void {
  const name = "5a4db0c5-0000-4000-8000-0000000040e5";
  const id = `/subscriptions/${subscriptionId}/providers/${assignmentType}/${name}`;
  if (resources.get(id)) return;
  resources.put({
    id,
    name,
    type: assignmentType,
    properties: {
      roleDefinitionId: `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${ownerRole}`,
      principalId,
      principalType: "ServicePrincipal",
      scope: `/subscriptions/${subscriptionId}`,
      createdOn: "2026-01-01T00:00:00.000Z",
      updatedOn: "2026-01-01T00:00:00.000Z",
      createdBy: "",
      updatedBy: "",
    },
  });
}
