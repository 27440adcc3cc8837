// Operations that a killed sandbox left unfinished are taken up again, from what they kept of themselves.
import type { SandboxContext } from "../core.ts";
import { failed } from "../faults/writes.ts";
import type { Engine } from "./engine.ts";
import type { ErrorBody } from "./errors.ts";
import type { Operation } from "./operations.ts";

export function resumeUnfinished(engine: Engine, sandbox: SandboxContext): void {
  for (const operation of engine.operations.unfinished())
    engine.operations.resume(operation, async (signal) => await again(engine, sandbox, operation, signal));
}

async function again(
  engine: Engine,
  sandbox: SandboxContext,
  { kind, resourceId, input }: Operation,
  signal: AbortSignal,
): Promise<unknown> {
  const fails = input["fails"] as ErrorBody | undefined;
  if (kind === "put") return await engine.provision(resourceId, signal, fails);
  if (kind === "delete") return await engine.eraseSlowly(resourceId, input["forGood"] === true, signal, fails);
  if (fails) throw failed(fails);
  const resource = engine.store.get(String(input["resource"]));
  if (!resource) return undefined;
  const result = await engine.registry.get(resource.type).actions?.[String(input["action"])]?.(resource, input["body"], sandbox);
  return await result?.operation;
}
