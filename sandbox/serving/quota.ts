// Cores that managed deployments may use in a region, in all and of each family of VM sizes: checked when a deployment is provisioned, not
// when it is asked for.
import type { DatabaseSync } from "node:sqlite";
import { ArmError } from "../core.ts";
import { familyLabels, familyOf } from "./catalog.ts";
import { coresOf } from "./sizes.ts";
import type { DeploymentSpec } from "./spec.ts";

/** Azure's own default differs by subscription (24 to 300 for clusters); this one is generous. */
export const DEFAULT_CORES = 500;

const usualSize = "Standard_DS3_v2";

/** What counts against the quota: `ceil(1.2 * instances)`, as Azure holds 20 % ready for upgrades ("Manage quotas", note 2). */
export function reservedCores(spec: Pick<DeploymentSpec, "kind" | "instanceType" | "capacity">): number {
  if (spec.kind !== "Managed") return 0;
  return Math.ceil(1.2 * spec.capacity) * (coresOf(spec.instanceType ?? usualSize) ?? 0);
}

const isOf = (family: string | undefined, spec: DeploymentSpec): boolean =>
  family === undefined || familyOf(spec.instanceType ?? usualSize) === family;

/** What deployments hold in a region; of one family, when one is named. */
export function usedCores(specs: readonly DeploymentSpec[], location: string, family?: string): number {
  return specs
    .filter((spec) => spec.location.toLowerCase() === location.toLowerCase() && isOf(family, spec))
    .reduce((sum, spec) => sum + reservedCores(spec), 0);
}

/** Core limits by subscription and region, in the sandbox's database. */
export class CoreQuota {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    db.exec(`
      CREATE TABLE IF NOT EXISTS serving_quota (subscription TEXT, location TEXT, cores INTEGER NOT NULL, PRIMARY KEY (subscription, location)) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS family_quota (subscription TEXT, location TEXT, family TEXT, cores INTEGER NOT NULL, PRIMARY KEY (subscription, location, family)) WITHOUT ROWID;
    `);
  }

  /** Of all families together, or of one: a family without a limit of its own has the region's. */
  limit(subscriptionId: string, location: string, family?: string): number {
    const [subscription, place] = [subscriptionId.toLowerCase(), location.toLowerCase()];
    const own =
      family === undefined
        ? undefined
        : this.#db
            .prepare("SELECT cores FROM family_quota WHERE subscription = ? AND location = ? AND family = ?")
            .get(subscription, place, family);
    const row = own ?? this.#db.prepare("SELECT cores FROM serving_quota WHERE subscription = ? AND location = ?").get(subscription, place);
    return (row?.["cores"] as number | undefined) ?? DEFAULT_CORES;
  }

  setLimit(subscriptionId: string, location: string, cores: number, family?: string): void {
    const place = [subscriptionId.toLowerCase(), location.toLowerCase()] as const;
    if (family === undefined)
      this.#db.prepare("INSERT INTO serving_quota VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET cores = excluded.cores").run(...place, cores);
    else
      this.#db
        .prepare("INSERT INTO family_quota VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET cores = excluded.cores")
        .run(...place, family, cores);
  }

  /** Throws ArmError 400 `OutOfQuota` when the deployment does not fit beside the others of its region. */
  check(subscriptionId: string, spec: DeploymentSpec, others: readonly DeploymentSpec[]): void {
    const wanted = reservedCores(spec);
    const rest = others.filter((other) => other.id.toLowerCase() !== spec.id.toLowerCase());
    const own = familyOf(spec.instanceType ?? usualSize);
    for (const family of own === undefined ? [undefined] : [own, undefined]) {
      const limit = this.limit(subscriptionId, spec.location, family);
      const used = usedCores(rest, spec.location, family);
      if (used + wanted <= limit) continue;
      const of = family === undefined ? "" : ` of '${familyLabels[family]}'`;
      throw new ArmError(
        400,
        "OutOfQuota",
        `Not enough quota available for ${spec.instanceType ?? "the instance type"} in region ${spec.location}: ${wanted} cores are needed (ceil(1.2 * ${spec.capacity}) instances, of which 20 % are held for upgrades), ${limit - used} of ${limit}${of} are free. Delete a deployment, ask for fewer or smaller instances, or raise the quota.`,
        { target: "instanceType" },
      );
    }
  }
}
