// Role assignments: what one identity may do with one resource.
import { createHash } from "node:crypto";
import { interpolate } from "@pulumi/pulumi";
import type { CustomResourceOptions, Input, Output } from "@pulumi/pulumi";
import { RoleAssignment } from "./azure.ts";

/** Built-in roles: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles */
export const roles = {
  Contributor: "b24988ac-6180-42a0-ab88-20f7382dd24c",
  AcrPull: "7f951dda-4ed3-4680-a7ca-43fe172d538d",
  "Azure Kubernetes Service Cluster Admin Role": "0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8",
  "AzureML Data Scientist": "f6c7c914-8db3-469d-8ca1-694a8f32e121",
  "AzureML Registry User": "1823dd4f-9b8c-4ab6-ab4e-7397a3684615",
  "EventGrid Data Sender": "d5a91429-5739-47e2-a06b-3470a27159e7",
  "EventGrid EventSubscription Contributor": "428e0ff0-5e57-4d9c-a221-2c70d0e0a443",
  "Key Vault Administrator": "00482a5a-887f-4fb3-b363-3b7fe8e74483",
  "Key Vault Reader": "21090545-7ca7-4776-b22c-e363652d74d2",
  "Key Vault Crypto Service Encryption User": "e147488a-f6f5-4113-8e2d-b22465e65bf6",
  "Key Vault Crypto User": "12338af0-0e69-4776-bea7-57ae8d297424",
  "Kubernetes Extension Contributor": "85cb6faf-e071-4c9b-8136-154b5a04f717",
  Reader: "acdd72a7-3385-48ef-bd42-f606fba81ae7",
  "Role Based Access Control Administrator": "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
  "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
  "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
  "Storage File Data Privileged Contributor": "69566ab7-960f-475b-8e7c-b3118f30c6bd",
} as const;
export type Role = keyof typeof roles;

/** Who gets which role on what. */
export interface GrantArgs {
  readonly role: Role;
  /** Id of the resource. */
  readonly scope: Input<string>;
  readonly principalId: Input<string>;
  /** Spares Azure a lookup that fails for an identity made seconds ago; unknown for whoever is logged in. */
  readonly principalType?: "ServicePrincipal" | "User" | "Group";
  readonly subscriptionId: Input<string>;
  /** When the role holds (ABAC, version 2.0): https://learn.microsoft.com/azure/role-based-access-control/conditions-format */
  readonly condition?: string;
}

/**
 * Assigns a role. The assignment's own name (a GUID) comes from its place in the program, so that it is the same in every run; it
 * cannot be changed in place, hence `deleteBeforeReplace`.
 */
export function grant(name: string, args: GrantArgs, opts: CustomResourceOptions & { readonly seed: string }): RoleAssignment {
  const { seed, ...resourceOptions } = opts;
  return new RoleAssignment(
    name,
    {
      roleAssignmentName: guidOf(`${seed}/${name}`, args.subscriptionId),
      scope: args.scope,
      principalId: args.principalId,
      ...(args.condition ? { condition: args.condition, conditionVersion: "2.0" } : {}),
      ...(args.principalType ? { principalType: args.principalType } : {}),
      roleDefinitionId: interpolate`/subscriptions/${args.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${roles[args.role]}`,
    },
    { ...resourceOptions, deleteBeforeReplace: true },
  );
}

const guidOf = (seed: string, subscriptionId: Input<string>): Output<string> =>
  interpolate`${subscriptionId}`.apply((subscription) => guid(`${subscription}/${seed}`));

/** A GUID (version 5 in form) that depends on the text alone. */
export function guid(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  const variant = ((parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
