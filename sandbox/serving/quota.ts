// Cores that managed deployments may use in a region: checked when a deployment is provisioned, not when it is asked for.
import type { DatabaseSync } from "node:sqlite";
import { ArmError } from "../core.ts";
import { coresOf } from "./sizes.ts";
import type { DeploymentSpec } from "./spec.ts";

/** Azure's own default differs by subscription (24 to 300 for clusters); this one is generous. */
export const DEFAULT_CORES = 500;

/** What counts against the quota: `ceil(1.2 * instances)`, as Azure holds 20 % ready for upgrades ("Manage quotas", note 2). */
export function reservedCores(spec: Pick<DeploymentSpec, "kind" | "instanceType" | "capacity">): number {
  if (spec.kind !== "Managed") return 0;
  return Math.ceil(1.2 * spec.capacity) * (coresOf(spec.instanceType ?? "Standard_DS3_v2") ?? 0);
}

/** Core limits by subscription and region, in the sandbox's database. */
export class CoreQuota {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    db.exec(
      "CREATE TABLE IF NOT EXISTS serving_quota (subscription TEXT, location TEXT, cores INTEGER NOT NULL, PRIMARY KEY (subscription, location)) WITHOUT ROWID",
    );
  }

  limit(subscriptionId: string, location: string): number {
    const row = this.#db
      .prepare("SELECT cores FROM serving_quota WHERE subscription = ? AND location = ?")
      .get(subscriptionId.toLowerCase(), location.toLowerCase());
    return (row?.["cores"] as number | undefined) ?? DEFAULT_CORES;
  }

  setLimit(subscriptionId: string, location: string, cores: number): void {
    this.#db
      .prepare("INSERT INTO serving_quota VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET cores = excluded.cores")
      .run(subscriptionId.toLowerCase(), location.toLowerCase(), cores);
  }

  /** Throws ArmError 400 `OutOfQuota` when the deployment does not fit beside the others of its region. */
  check(subscriptionId: string, spec: DeploymentSpec, others: readonly DeploymentSpec[]): void {
    const wanted = reservedCores(spec);
    const used = others
      .filter((other) => other.id.toLowerCase() !== spec.id.toLowerCase() && other.location.toLowerCase() === spec.location.toLowerCase())
      .reduce((sum, other) => sum + reservedCores(other), 0);
    const limit = this.limit(subscriptionId, spec.location);
    if (used + wanted <= limit) return;
    throw new ArmError(
      400,
      "OutOfQuota",
      `Not enough quota available for ${spec.instanceType ?? "the instance type"} in region ${spec.location}: ${wanted} cores are needed (ceil(1.2 * ${spec.capacity}) instances, of which 20 % are held for upgrades), ${limit - used} of ${limit} are free. Delete a deployment, ask for fewer or smaller instances, or raise the quota.`,
      { target: "instanceType" },
    );
  }
}
