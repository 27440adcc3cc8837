// Azure's latencies as the sandbox's profile `azure` has them, at the scale that the benchmarks run them.
import { importSeconds } from "../sandbox/assets/import.ts";
import { usualLatency } from "../sandbox/arm/engine.ts";
import { types } from "../sandbox/types/index.ts";

/** How many times faster than Azure. */
export const SCALE = 20;

const machineLearning = "Microsoft.MachineLearningServices";

/** Seconds that one write of a resource of this full type takes, scaled. */
export function latency(type: string): number {
  return (types.find((known) => known.type.toLowerCase() === type.toLowerCase())?.latencySeconds ?? usualLatency) / SCALE;
}

/** Seconds of what a release needs, scaled. */
export const seconds = {
  /** One write of an endpoint: its traffic, or all of it. */
  endpoint: latency(`${machineLearning}/workspaces/onlineEndpoints`),
  deployment: latency(`${machineLearning}/workspaces/onlineEndpoints/deployments`),
  /** A version in the registry, its tags too. */
  registryVersion: latency(`${machineLearning}/registries/models/versions`),
  /** One asset on its way from a workspace to the registry. */
  share: importSeconds / SCALE,
} as const;
