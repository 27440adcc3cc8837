// What the comparisons of the seeds have in common: a checkout with a sandbox for both sides, and how a comparison is told.
import { join } from "node:path";
import { connect } from "../../azure/client.ts";
import { apiVersions, resourceGroupId } from "../../azure/ids.ts";
import { sandboxTarget } from "../../release/target.ts";
import { installProviders } from "../../sandbox/providers/install.ts";
import { type Checkout, copyCheckout } from "../../test/checkout.ts";
import type { Figure } from "../figures.ts";
import { SCALE } from "../latencies.ts";
import { must } from "../must.ts";
import { preparePython } from "./theirs.ts";

export const location = "westeurope";

export interface Sides {
  readonly copy: Checkout;
  /** Starts the sandbox, anew where it runs: with Azure's latencies, scaled, or without any. */
  readonly start: (latencies: "azure" | "none") => Promise<void>;
  /** `az group create`, which is no part of azure-ai-ml and is not counted. */
  readonly makeGroup: (name: string) => Promise<void>;
}

export async function withSides<T>(work: (sides: Sides) => Promise<T>): Promise<T> {
  preparePython();
  const copy = copyCheckout();
  try {
    const sides: Sides = {
      copy,
      async start(latencies) {
        must(await copy.mlops("sandbox", "stop"));
        must(await copy.mlops("sandbox", "start", ...(latencies === "azure" ? ["--profile", "azure", "--scale", String(SCALE)] : [])));
        await installProviders(join(copy.dir, ".sandbox", "pulumi-home"), copy.dir);
      },
      async makeGroup(name) {
        const azure = await connect((await sandboxTarget(copy.dir)).env);
        await azure.put(resourceGroupId(azure.subscriptionId, name), { location }, { apiVersion: apiVersions.resources });
      },
    };
    return await work(sides);
  } finally {
    await copy.dispose();
  }
}

export const s = (seconds: number): string => `${seconds.toFixed(1)} s`;

/** @param atMost share of the seeds' time that ours may take */
export function against(what: string, ours: number, theirs: number, atMost: number, more: string): Figure {
  return {
    name: `${what}: ours against the seeds' script`,
    value: ours / theirs,
    unit: "×",
    atMost: Number(atMost.toFixed(2)),
    how: `${s(ours)} against ${s(theirs)} (${(theirs / ours).toFixed(1)} × as fast), latencies scaled ${SCALE}×${more}`,
  };
}
