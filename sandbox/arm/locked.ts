// Management locks: what lies at or below a locked scope cannot be deleted (or, under ReadOnly, changed), and neither can what holds one.
// https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources
import { ArmError } from "../core.ts";
import type { Resources } from "../core.ts";
import { parentId } from "./ids.ts";

export const lockType = "Microsoft.Authorization/locks";

/** Throws ArmError 409 `ScopeLocked`. Locks themselves stay free: how else would one be taken away. */
export function checkLocked(resources: Resources, id: string, type: string, operation: "write" | "delete"): void {
  if (type === lockType) return;
  const at = id.toLowerCase();
  const holding = resources.all(lockType).filter(({ id: lock, properties }) => {
    if (properties["level"] !== "ReadOnly" && operation === "write") return false;
    const scope = parentId(lock).toLowerCase();
    const above = at === scope || at.startsWith(`${scope}/`);
    return above || (operation === "delete" && scope.startsWith(`${at}/`));
  });
  if (holding.length === 0) return;
  const scopes = [...new Set(holding.map((lock) => `'${parentId(lock.id)}'`))].join(", ");
  throw new ArmError(
    409,
    "ScopeLocked",
    `The scope '${id}' cannot perform ${operation} operation because following scope(s) are locked: ${scopes}. Please remove the lock and try again.`,
  );
}
