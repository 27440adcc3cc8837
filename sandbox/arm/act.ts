// POST …/{action} on a resource of any type.
import { ArmError } from "../core.ts";
import type { ActionResult, ArmResource, SandboxContext } from "../core.ts";
import { failed, failureOf, observedWrite } from "../faults/writes.ts";
import type { Asked, Engine } from "./engine.ts";
import { resourceNotFound } from "./errors.ts";
import { canonicalId, idOf, nameOf, typeOf } from "./ids.ts";
import type { ParsedId } from "./ids.ts";
import type { Operation } from "./operations.ts";
import type { AnyType } from "./registry.ts";

export async function act(
  engine: Engine,
  asked: Asked,
  body: unknown,
  sandbox: SandboxContext,
): Promise<ActionResult & { kept?: Operation }> {
  const segments = asked.id.segments;
  const target: ParsedId = { ...asked.id, segments: segments.slice(0, -1) };
  const type = engine.registry.get(typeOf(target));
  const name = segments.at(-1)!;
  const entry = Object.entries(type.actions ?? {}).find(([key]) => key.toLowerCase() === name.toLowerCase());
  if (!entry) {
    throw new ArmError(
      501,
      "NotModeledInSandbox",
      `The sandbox does not model action '${name}' of '${type.type}'. It has: ${Object.keys(type.actions ?? {}).join(", ") || "none"}.`,
    );
  }
  const resource = engine.find(idOf(target), type) ?? (type.actionsBefore?.includes(entry[0]) ? unborn(engine, target, type) : undefined);
  if (!resource) throw resourceNotFound(target, type.type);
  const fails = failureOf(sandbox.faults.own, observedWrite("POST", asked, `${idOf(target)}/${name}`, type), type, resource);
  const result: ActionResult = fails ? { status: 202, operation: Promise.reject(failed(fails)) } : await entry[1](resource, body, sandbox);
  if (!result.operation) return result;
  const work = result.operation;
  work.catch(() => undefined);
  const kept = engine.operations.start(
    {
      resourceId: `${resource.id}/${name}`,
      type: type.type,
      kind: "action",
      input: { resource: resource.id, action: entry[0], body, ...(fails && { fails }) },
    },
    async () => await work,
  );
  return { ...result, kept };
}

function unborn(engine: Engine, id: ParsedId, type: AnyType): ArmResource {
  engine.checkScope(id, type, true);
  return { id: canonicalId(id, type.type), name: nameOf(idOf(id)), type: type.type, properties: {} };
}
