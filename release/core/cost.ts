// What deployments cost in a month, by the price table in release/prices.json.
import { z } from "zod";

export const PriceTable = z.strictObject({
  currency: z.string(),
  /** When and from where the numbers are. */
  asOf: z.string(),
  hoursPerMonth: z.number().positive(),
  /** Region → VM size → price of an hour. */
  perHour: z.record(z.string(), z.record(z.string(), z.number().min(0))),
});
export type PriceTable = z.infer<typeof PriceTable>;

export interface Running {
  readonly name: string;
  readonly instanceType: string;
  readonly instances: number;
}

export interface MonthlyCost {
  readonly currency: string;
  readonly total: number;
  /** What is running in a size or region that the table does not have: its cost is not in the total. */
  readonly unknown: readonly string[];
}

type Inputs = Readonly<Record<string, unknown>>;

/** What of a resource (by its type's last word) runs all the time: a managed deployment's instances, a Kubernetes cluster's least nodes. */
export function runningOf(type: string, inputs: Inputs): Running[] {
  if (type === "ManagedCluster") {
    const pools = (inputs["agentPoolProfiles"] ?? []) as { name?: string; vmSize?: string; count?: number; minCount?: number }[];
    return pools.map(({ name, vmSize, count, minCount }) => ({
      name: name ?? "pool",
      instanceType: vmSize ?? "unknown",
      instances: minCount ?? count ?? 1,
    }));
  }
  const { endpointComputeType, instanceType } = (inputs["properties"] ?? {}) as Record<string, unknown>;
  // On Kubernetes the nodes are paid for, not what runs on them.
  if (type !== "OnlineDeployment" || endpointComputeType === "Kubernetes") return [];
  const { capacity = 1 } = (inputs["sku"] ?? {}) as { capacity?: number };
  return [
    {
      name: text(inputs["deploymentName"], "deployment"),
      instanceType: text(instanceType, "unknown"),
      instances: capacity,
    },
  ];
}

const text = (value: unknown, otherwise: string): string => (typeof value === "string" ? value : otherwise);

/** Cost of a month with all of them running all the time. */
export function monthlyCost(running: readonly Running[], location: string, prices: PriceTable): MonthlyCost {
  const region = prices.perHour[location] ?? {};
  const unknown = running
    .filter(({ instanceType }) => region[instanceType] === undefined)
    .map(({ instanceType }) => `${instanceType} in ${location}`);
  const total = running.reduce(
    (sum, { instanceType, instances }) => sum + (region[instanceType] ?? 0) * instances * prices.hoursPerMonth,
    0,
  );
  return { currency: prices.currency, total: Math.round(total * 100) / 100, unknown: [...new Set(unknown)] };
}

/** `USD 213.16`, with a word on what the table does not have. */
export function formatCost({ currency, total, unknown }: MonthlyCost): string {
  return `${currency} ${total.toFixed(2)}${unknown.length > 0 ? ` and ${unknown.join(", ")}, of which the price table has no price` : ""}`;
}
