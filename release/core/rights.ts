// What roles allow, as Azure says it: patterns of actions, given and taken away again.
// https://learn.microsoft.com/azure/role-based-access-control/role-definitions

/** One entry of `{scope}/providers/Microsoft.Authorization/permissions`. */
export interface Permission {
  readonly actions?: readonly string[];
  readonly notActions?: readonly string[];
  readonly dataActions?: readonly string[];
  readonly notDataActions?: readonly string[];
}

export interface Right {
  readonly action: string;
  /** A data action: roles that manage a resource do not bring it. */
  readonly data?: boolean;
}

/** Those of the wanted rights that no permission covers. */
export const missingRights = <T extends Right>(wanted: readonly T[], permissions: readonly Permission[]): T[] =>
  wanted.filter((right) => !permissions.some((permission) => permits(permission, right)));

function permits(permission: Permission, { action, data }: Right): boolean {
  const [given, taken] = data ? [permission.dataActions, permission.notDataActions] : [permission.actions, permission.notActions];
  const among = (patterns: readonly string[] | undefined): boolean => (patterns ?? []).some((pattern) => covers(pattern, action));
  return among(given) && !among(taken);
}

/** `*` stands for anything, slashes too; case does not count. */
function covers(pattern: string, action: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "i").test(action);
}
