// What a resource group has cost this month: the hours of the machines that run in it, since nothing else costs much. Budgets count it.
import type { ArmResource, SandboxContext } from "../core.ts";
import { groupId } from "../arm/ids.ts";
import { coresOf } from "../serving/sizes.ts";
import { DEPLOYMENTS } from "../serving/serving.ts";
import { specOf } from "../serving/spec.ts";

/** USD of a core and hour: a Standard_DS1_v2 with Linux, pay as you go. For orientation, as everything that costs here. */
export const perCoreHour = 0.068;

const monthOf = (now: number): string => new Date(now).toISOString().slice(0, 7);

const makeTable = ({ db }: Pick<SandboxContext, "db">): void =>
  db.exec("CREATE TABLE IF NOT EXISTS spend (scope TEXT, month TEXT, amount REAL NOT NULL, PRIMARY KEY (scope, month)) WITHOUT ROWID");

type Place = Pick<SandboxContext, "db" | "resources" | "scale">;

export class Spend {
  readonly #sandbox: Place;
  #last: number | undefined;

  constructor(sandbox: Place) {
    this.#sandbox = sandbox;
    makeTable(sandbox);
  }

  /** Adds what ran since the last time. While the sandbox is stopped nothing runs and nothing costs. */
  count(now: number): void {
    const hours = this.#last === undefined ? 0 : ((now - this.#last) / 3_600_000) * this.#sandbox.scale;
    this.#last = now;
    if (hours <= 0) return;
    const add = this.#sandbox.db.prepare("INSERT INTO spend VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET amount = amount + excluded.amount");
    for (const one of this.#sandbox.resources.all(DEPLOYMENTS)) {
      const { kind, instanceType, capacity } = specOf(one);
      if (kind !== "Managed" || one.properties["provisioningState"] === "Failed") continue;
      add.run(
        groupId(one.id)!.toLowerCase(),
        monthOf(now),
        hours * capacity * (coresOf(instanceType ?? "Standard_DS3_v2") ?? 0) * perCoreHour,
      );
    }
  }
}

/** In USD; of a subscription all its groups together. */
export function spentIn(sandbox: Pick<SandboxContext, "db">, scope: string, now: number): number {
  makeTable(sandbox);
  const at = scope.toLowerCase();
  const rows = sandbox.db.prepare("SELECT scope, amount FROM spend WHERE month = ?").all(monthOf(now)) as {
    scope: string;
    amount: number;
  }[];
  return rows.filter((row) => row.scope === at || row.scope.startsWith(`${at}/`)).reduce((sum, { amount }) => sum + amount, 0);
}

/** As the month has gone so far, to its end. */
export function forecastOf(spent: number, now: number): number {
  const date = new Date(now);
  const [first, next] = [
    Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1),
    Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1),
  ];
  return spent / Math.max((now - first) / (next - first), 1 / 31);
}

/** Of a resource on a group or subscription: what it is about. */
export const scopeOf = ({ id }: Pick<ArmResource, "id">): string =>
  id.slice(0, id.toLowerCase().lastIndexOf("/providers/microsoft.consumption/"));
