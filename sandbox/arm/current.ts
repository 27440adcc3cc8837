// The engine of a running sandbox, for types whose work is to write other resources (deployments).
import type { SandboxContext } from "../core.ts";
import type { Engine } from "./engine.ts";

const engines = new WeakMap<SandboxContext, Engine>();

export function setEngine(sandbox: SandboxContext, engine: Engine): void {
  engines.set(sandbox, engine);
}

export function engineOf(sandbox: SandboxContext): Engine {
  const engine = engines.get(sandbox);
  if (!engine) throw new Error("The sandbox has no engine yet.");
  return engine;
}
