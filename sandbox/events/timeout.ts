// Time-outs on a scaled clock: a program of this machine still needs its real seconds to answer.
import type { SandboxContext } from "../core.ts";

const leastMs = 3000;

/** Milliseconds for what may take `seconds` in Azure. */
export const timeout = (sandbox: Pick<SandboxContext, "scale">, seconds: number): number =>
  Math.max(leastMs, (seconds * 1000) / sandbox.scale);
