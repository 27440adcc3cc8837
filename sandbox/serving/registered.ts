// Which Serving belongs to which sandbox: resource types are plain data and only get the sandbox's context.
import { ArmError } from "../core.ts";
import type { SandboxContext } from "../core.ts";
import type { Serving } from "./serving.ts";

/** Rooms start after the listeners; what is asked meanwhile waits this long. */
const PATIENCE_MS = 15_000;

const known = new WeakMap<SandboxContext, PromiseWithResolvers<Serving>>();

function entryOf(sandbox: SandboxContext): PromiseWithResolvers<Serving> {
  let entry = known.get(sandbox);
  if (!entry) known.set(sandbox, (entry = Promise.withResolvers<Serving>()));
  return entry;
}

/** The sandbox's Serving, as soon as it has started; ArmError 503 when it does not. */
export async function servingOf(sandbox: SandboxContext): Promise<Serving> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new ArmError(503, "ServiceUnavailable", "The sandbox's scoring router has not started; see `mlops sandbox logs`."));
    }, PATIENCE_MS);
  });
  try {
    return await Promise.race([entryOf(sandbox).promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

export function register(sandbox: SandboxContext, serving: Serving): void {
  entryOf(sandbox).resolve(serving);
}

export function unregister(sandbox: SandboxContext): void {
  known.delete(sandbox);
}
