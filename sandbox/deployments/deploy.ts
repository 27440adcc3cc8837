// Carries a deployment out: each resource of its template is written when what it depends on is there.
import { ArmError } from "../core.ts";
import type { ArmResource, SandboxContext } from "../core.ts";
import { engineOf } from "../arm/current.ts";
import { act } from "../arm/act.ts";
import { authorize, authorizeBody } from "../rbac/arm.ts";
import { errorBody } from "../arm/errors.ts";
import { nameOf, parentId, parsePath, sameId } from "../arm/ids.ts";
import { Template } from "./template.ts";
import type { Described } from "./template.ts";
import { text } from "../state/values.ts";

export interface Progress {
  readonly operationId: string;
  readonly id: string;
  readonly type: string;
  readonly startTime: string;
  state: "Running" | "Succeeded" | "Failed";
  endTime?: string;
  error?: unknown;
}

/** Reads the template without writing anything. Throws ArmError 400 for a bad template, 501 for types not modelled. */
export async function plan(
  deployment: ArmResource,
  sandbox: SandboxContext,
  deployed: (id: string) => Promise<void> = async () => undefined,
): Promise<{ template: Template; resources: Described[] }> {
  const engine = engineOf(sandbox);
  const { template: text, parameters } = deployment.properties as { template?: unknown; parameters?: unknown };
  const scope = parentId(deployment.id);
  const template = new Template(text, parameters, {
    scope,
    deployment,
    tenantId: sandbox.tenantId,
    deployed,
    find: (id) => {
      const found = engine.find(id);
      return found && engine.shown(found);
    },
    async act(id, action, body) {
      const target = parsePath(`${id}/${action}`);
      return (await act(engine, { id: target, apiVersion: "", principalId: deployment.id, query: new URLSearchParams() }, body, sandbox))
        .body;
    },
  });
  const resources = await template.resources();
  for (const { type } of resources) engine.registry.get(type);
  const cycle = cycleIn(resources);
  if (cycle)
    throw new ArmError(
      400,
      "InvalidTemplate",
      `Deployment template validation failed: 'Circular dependency detected on resource: '${cycle}'.'`,
    );
  return { template, resources };
}

export async function deploy(
  deployment: ArmResource,
  sandbox: SandboxContext,
  signal: AbortSignal,
  report: (all: readonly Progress[]) => void,
): Promise<{ outputs: object; outputResources: { id: string }[] }> {
  const engine = engineOf(sandbox);
  const done = new Map<string, Promise<void>>();
  const progress: Progress[] = [];
  const wait = async (id: string): Promise<void> => await [...done].find(([one]) => sameId(one, id))?.[1];
  const { template, resources } = await plan(deployment, sandbox, wait);

  const one = async (resource: Described): Promise<void> => {
    await Promise.all(needs(resource, resources).map(async (id) => await wait(id)));
    signal.throwIfAborted();
    const state: Progress = {
      operationId: operationId(resource.id),
      id: resource.id,
      type: resource.type,
      startTime: new Date().toISOString(),
      state: "Running",
    };
    progress.push(state);
    report(progress);
    try {
      const body = await resource.body();
      const asked = {
        id: parsePath(resource.id),
        apiVersion: resource.apiVersion,
        principalId: text(deployment.systemData?.["createdBy"]),
        query: new URLSearchParams(),
      };
      // Each resource is written in the name of who sent the template.
      const caller = { principalId: asked.principalId, clientId: undefined };
      authorize("PUT", asked.id, caller, sandbox);
      authorizeBody("PUT", asked.id, body, caller, sandbox);
      const written = await engine.write(asked, body, "PUT");
      const ended = written.operation && (await engine.operations.settled(written.operation.id));
      if (ended?.status === "Failed") throw failed(ended.error);
      state.state = "Succeeded";
    } catch (error) {
      state.state = "Failed";
      state.error = errorBody(error);
      throw error;
    } finally {
      state.endTime = new Date().toISOString();
      report(progress);
    }
  };
  // Each waits for a turn, so that all are in the map before one looks there for what it needs.
  for (const resource of resources)
    done.set(
      resource.id,
      Promise.resolve().then(async () => await one(resource)),
    );
  const ends = await Promise.allSettled(done.values());
  signal.throwIfAborted();
  const errors = [...new Set(ends.flatMap((end) => (end.status === "rejected" ? [end.reason as Error] : [])))];
  if (errors.length) {
    const details = errors
      .map((error) => errorBody(error))
      .map(({ code, message, target }) => ({ code, message, ...(target ? { target } : {}) }));
    throw new ArmError(
      400,
      "DeploymentFailed",
      "At least one resource deployment operation failed. Please list deployment operations for details. Please see https://aka.ms/arm-deployment-operations for usage details.",
      { details },
    );
  }
  return { outputs: await template.outputs(), outputResources: resources.map(({ id }) => ({ id })) };
}

function failed(error: unknown): ArmError {
  const { code = "ResourceDeploymentFailure", message = "The resource operation completed with terminal provisioning state 'Failed'." } =
    (error ?? {}) as { code?: string; message?: string };
  return new ArmError(400, code, message);
}

/** Ids from `dependsOn`, which may be short names. What the template does not describe is there already, or never. */
function needs(resource: Described, all: readonly Described[]): string[] {
  return resource.dependsOn.flatMap((need) =>
    all
      .filter(
        (one) =>
          !sameId(one.id, resource.id) &&
          (sameId(one.id, need) || sameId(nameOf(one.id), need) || one.id.toLowerCase().endsWith(`/providers/${need.toLowerCase()}`)),
      )
      .map((one) => one.id),
  );
}

function cycleIn(all: readonly Described[]): string | undefined {
  const state = new Map<string, "open" | "done">();
  const visit = (one: Described): string | undefined => {
    if (state.get(one.id) === "done") return undefined;
    if (state.get(one.id) === "open") return one.id;
    state.set(one.id, "open");
    for (const id of needs(one, all)) {
      const found = visit(all.find((other) => other.id === id)!);
      if (found) return found;
    }
    state.set(one.id, "done");
    return undefined;
  };
  for (const one of all) {
    const found = visit(one);
    if (found) return found;
  }
  return undefined;
}

const operationId = (id: string): string => Buffer.from(id.toLowerCase()).toString("base64url").slice(-24);
