// Who has which role where, read from the state at each question: the sandbox and the blob service's process see the same.
import type { DatabaseSync } from "node:sqlite";
import type { ArmResource } from "../core.ts";
import { builtInRoles } from "../types/roles.ts";
import { permits } from "./actions.ts";
import type { Permission } from "./actions.ts";
import { parseCondition } from "./condition.ts";
import type { Attributes, Condition } from "./condition.ts";

export const assignmentType = "Microsoft.Authorization/roleAssignments";
export const definitionType = "Microsoft.Authorization/roleDefinitions";
const delaySetting = "rbac.delaySeconds";

interface Grant {
  /** Lower case; "" is the tenant's root. */
  readonly scope: string;
  readonly permissions: readonly Permission[];
  readonly condition: Condition | undefined;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** What somebody wants to do. */
export interface Wish {
  /** `Microsoft.MachineLearningServices/workspaces/jobs/write` */
  readonly operation: string;
  readonly scope: string;
  /** A data action: roles for managing things do not bring these. */
  readonly data?: boolean;
  /** What conditions of role assignments may ask for. */
  readonly attributes?: Attributes;
}

export interface Grants {
  /** Does a role of the principal cover the wish? */
  may(principalId: string, wish: Wish): boolean;
  /** Has the principal any role at all in the subscription? */
  any(principalId: string): boolean;
  /** What the principal's roles on a scope and above it bring. */
  permissions(principalId: string, scope: string): Permission[];
}

/** Seconds that a new assignment takes to hold (Azure: usually seconds, up to ten minutes). */
export function setPropagation(db: DatabaseSync, seconds: number): void {
  db.prepare("INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value").run(
    delaySetting,
    String(seconds),
  );
}

/** @param db the sandbox's state, which another process may write to as well */
export function grantsIn(db: DatabaseSync): Grants {
  const ofType = db.prepare("SELECT json FROM resources WHERE type = ?");
  const delay = db.prepare("SELECT value FROM settings WHERE name = ?");
  // Changes of other connections and of this one: together they tell when what was read is old.
  const foreign = db.prepare("PRAGMA data_version");
  const own = db.prepare("SELECT total_changes() AS n");
  let seen = "";
  let delayMs = 0;
  let byPrincipal = new Map<string, Grant[]>();

  const all = (type: string): ArmResource[] =>
    (ofType.all(type.toLowerCase()) as { json: string }[]).map(({ json }) => JSON.parse(json) as ArmResource);
  const read = (): void => {
    const version = `${Number(foreign.get()!["data_version"])}/${Number(own.get()!["n"])}`;
    if (version === seen) return;
    const custom = new Map(all(definitionType).map((one) => [one.name.toLowerCase(), one.properties["permissions"] as Permission[]]));
    const next = new Map<string, Grant[]>();
    for (const { properties, id } of all(assignmentType)) {
      const role = String(properties["roleDefinitionId"]).split("/").at(-1)!.toLowerCase();
      const builtIn = builtInRoles[role];
      const permissions: readonly Permission[] = builtIn ? [builtIn] : (custom.get(role) ?? []);
      const principal = String(properties["principalId"]).toLowerCase();
      const condition = properties["condition"];
      const grant: Grant = {
        scope: id.slice(0, id.toLowerCase().lastIndexOf("/providers/microsoft.authorization/")).toLowerCase(),
        permissions,
        condition: typeof condition === "string" && condition.trim() !== "" ? parseCondition(condition) : undefined,
        since: Date.parse(String(properties["createdOn"])),
      };
      next.set(principal, [...(next.get(principal) ?? []), grant]);
    }
    byPrincipal = next;
    delayMs = Number((delay.get(delaySetting) as { value: string } | undefined)?.value ?? 0) * 1000;
    seen = version;
  };
  const holding = (principalId: string): Grant[] => {
    read();
    const found = byPrincipal.get(principalId.toLowerCase()) ?? [];
    return delayMs > 0 ? found.filter(({ since }) => since + delayMs <= Date.now()) : found;
  };

  return {
    may(principalId, { operation, scope, data = false, attributes = {} }) {
      const at = scope.toLowerCase();
      return holding(principalId).some(
        (grant) =>
          (grant.scope === "" || at === grant.scope || at.startsWith(`${grant.scope}/`)) &&
          grant.permissions.some((permission) => permits(permission, operation, data)) &&
          (grant.condition === undefined || grant.condition(operation, attributes)),
      );
    },
    any: (principalId) => holding(principalId).length > 0,
    permissions(principalId, scope) {
      const at = scope.toLowerCase();
      const there = holding(principalId).filter((grant) => grant.scope === "" || at === grant.scope || at.startsWith(`${grant.scope}/`));
      return there.flatMap(({ permissions }) =>
        permissions.map(({ actions, notActions, dataActions, notDataActions }) => ({
          actions: actions ?? [],
          notActions: notActions ?? [],
          dataActions: dataActions ?? [],
          notDataActions: notDataActions ?? [],
        })),
      );
    },
  };
}
