// Identities of endpoints, compute and workspaces, and their form in a request.
import { dict, list, object, type Entity } from "../schema/compound.ts";
import { camelToSnake, checked, oneOf, str } from "../schema/scalars.ts";
import type { At } from "../schema/field.ts";

const fields = {
  type: oneOf(["system_assigned", "user_assigned", "none"], { transform: camelToSnake }),
  principal_id: str,
  tenant_id: str,
  user_assigned_identities: checked(list(dict(str)), (value: unknown[], at: At) => {
    if (value.length > 1) at.fail(`only one user-assigned identity is supported, not ${value.length}`, "keep one");
  }),
} as const;

/** The SDK's IdentitySchema. */
export const identity = object(fields);
export type Identity = Entity<typeof fields>;

/** `snake_to_pascal`: user_assigned → UserAssigned. */
export const pascal = (text: string | undefined): string | null =>
  text
    ? text
        .split("_")
        .map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase())
        .join("")
    : null;

/** A mapping of resource ids, the form in which Azure takes user-assigned identities. */
export function assigned(value: Identity, each: (item: Record<string, string>) => unknown): Record<string, unknown> | null {
  if (!value.user_assigned_identities?.length) return null;
  return Object.fromEntries(value.user_assigned_identities.map((item) => [item.resource_id ?? "null", each(item)]));
}
