// Identities that resources act under: whose they are, what Azure gives them by itself, and whether it is enough.
import { createHash } from "node:crypto";
import type { ArmResource, BlobLocation, SandboxContext } from "../core.ts";
import { accountsIn } from "../blob/accounts.ts";
import { text } from "../state/values.ts";
import { builtInRoles } from "../types/roles.ts";
import { assignmentType } from "./grants.ts";

/** Object ids of a resource's identities: its own, and those that were given to it. */
export function principalsOf(resource: ArmResource | undefined): string[] {
  const { principalId, userAssignedIdentities } = (resource?.identity ?? {}) as {
    principalId?: string;
    userAssignedIdentities?: Record<string, { principalId?: string }>;
  };
  return [principalId, ...Object.values(userAssignedIdentities ?? {}).map((one) => one.principalId)].filter((one) => one !== undefined);
}

/** The identity that a workspace uses for itself: its primary user-assigned one, else its own. */
export function workspacePrincipal(workspace: ArmResource | undefined): string | undefined {
  const primary = text(workspace?.properties["primaryUserAssignedIdentity"]).toLowerCase();
  const given = Object.entries((workspace?.identity?.["userAssignedIdentities"] ?? {}) as Record<string, { principalId?: string }>);
  return given.find(([id]) => id.toLowerCase() === primary)?.[1].principalId ?? principalsOf(workspace)[0];
}

/** Has the resource an identity of its own, which Azure gives roles by itself? */
export const systemAssigned = (resource: ArmResource): string | undefined =>
  /SystemAssigned/i.test(String(resource.identity?.["type"])) ? (resource.identity!["principalId"] as string | undefined) : undefined;

/** Gives the principal built-in roles, by name. What is there already stays. */
export function giveRoles(sandbox: SandboxContext, principalId: string, roles: readonly (readonly [role: string, scope: string])[]): void {
  for (const [role, scope] of roles) {
    const definition = Object.entries(builtInRoles).find(([, { name }]) => name === role)![0];
    const hex = createHash("sha256").update(`${principalId}\n${scope.toLowerCase()}\n${role}`).digest("hex");
    const name = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
    const id = `${scope}/providers/${assignmentType}/${name}`;
    if (sandbox.resources.get(id)) continue;
    const now = new Date().toISOString();
    sandbox.resources.put({
      id,
      name,
      type: assignmentType,
      properties: {
        roleDefinitionId: `/subscriptions/${sandbox.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${definition}`,
        ...{ principalId, principalType: "ServicePrincipal", scope },
        ...{ createdOn: now, updatedOn: now, createdBy: "", updatedBy: "" },
      },
    });
  }
}

/** Takes away what a deleted identity had. */
export function forgetRoles(sandbox: SandboxContext, principalId: string): void {
  for (const one of sandbox.resources.all(assignmentType))
    if (String(one.properties["principalId"]).toLowerCase() === principalId.toLowerCase()) sandbox.resources.delete(one.id);
}

const blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";

/**
 * Why none of the identities may read from (or write to) the place; undefined when one may, or when the account takes keys, which Azure ML
 * then uses.
 */
export function dataProblem(
  sandbox: SandboxContext,
  principals: readonly string[],
  place: BlobLocation,
  what: "read" | "write",
): string | undefined {
  const account = accountsIn(sandbox.db).find(place.account);
  if (!account || account.allowSharedKeyAccess) return undefined;
  const scope = `${account.id}/blobServices/default/containers/${place.container}`;
  const operation = `${blobs}/${what}`;
  if (principals.some((one) => sandbox.access.may(one, { operation, scope, data: true }))) return undefined;
  const role = what === "read" ? "Storage Blob Data Reader" : "Storage Blob Data Contributor";
  return (
    `AuthorizationPermissionMismatch: the identity with object id '${principals.join("', '") || "(none)"}' may not perform '${operation}' on ` +
    `'${scope}'. Give it the role ${role} on the storage account '${account.name}'; if that was just done, wait until it holds`
  );
}
