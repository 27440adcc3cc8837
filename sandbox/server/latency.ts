// Waiting as Azure would make one wait, scaled down by the profile.
import { setTimeout as sleep } from "node:timers/promises";

export interface Profile {
  /** `none`: nothing waits. `azure`: types and operations take the time they take in Azure, divided by `scale`. */
  readonly name: "none" | "azure";
  readonly scale: number;
}

export function profileOf(name = "none", scale = 1): Profile {
  if (name !== "none" && name !== "azure") {
    throw new Error(`Latency profile "${name}" is not known; it must be "none" or "azure".`);
  }
  if (!(scale > 0)) throw new Error(`Latency scale ${scale} must be a number above 0 (20 makes Azure 20 times faster).`);
  return { name, scale };
}

/** What a role assignment usually takes to hold. Azure promises ten minutes; see docs/decisions/sandbox.md. */
const propagationSeconds = 30;

/** Seconds until a new role assignment holds. */
export const rolesHoldAfter = ({ name, scale }: Profile): number => (name === "none" ? 0 : propagationSeconds / scale);

/** Resolves after the scaled time; rejects with the signal's reason when it is aborted. */
export async function wait(profile: Profile, seconds: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  if (profile.name === "none" || seconds <= 0) return;
  await sleep((seconds * 1000) / profile.scale, undefined, signal ? { signal } : {});
}
