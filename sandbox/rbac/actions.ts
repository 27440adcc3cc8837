// Names of operations and the patterns of role definitions that cover them.
// https://learn.microsoft.com/azure/role-based-access-control/role-definitions

/** One entry of a role definition's `permissions`. */
export interface Permission {
  readonly actions?: readonly string[] | null;
  readonly notActions?: readonly string[] | null;
  readonly dataActions?: readonly string[] | null;
  readonly notDataActions?: readonly string[] | null;
}

const compiled = new Map<string, RegExp>();

// `*` stands for anything, slashes too. Between two slashes it may also stand for nothing at all: AzureML Data Scientist has
// `workspaces/*/read` to read the workspace itself, and takes `workspaces/computes/*/write` away to forbid `workspaces/computes/write`.
/** Does the pattern of a role definition cover the operation? Case does not count. */
export function covers(pattern: string, operation: string): boolean {
  let expression = compiled.get(pattern);
  if (!expression) {
    const text = pattern
      .split("/*/")
      .map((part) => part.split("*").map(escaped).join(".*"))
      .join("/(?:.*/)?");
    expression = new RegExp(`^${text}$`, "i");
    compiled.set(pattern, expression);
  }
  return expression.test(operation);
}

/** Is the operation among the actions (or data actions), and not taken away again? */
export function permits(permission: Permission, operation: string, data: boolean): boolean {
  const [given, taken] = data ? [permission.dataActions, permission.notDataActions] : [permission.actions, permission.notActions];
  const among = (patterns: readonly string[] | null | undefined): boolean => (patterns ?? []).some((one) => covers(one, operation));
  return among(given) && !among(taken);
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
