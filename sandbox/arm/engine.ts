// What Resource Manager does to a resource of any type: read, list, write, delete, act. Knows nothing of HTTP.
import { ArmError } from "../core.ts";
import type { ArmResource, SandboxContext } from "../core.ts";
import { transaction } from "../state/database.ts";
import type { ResourceStore } from "../state/resources.ts";
import { resourceKey } from "../state/resources.ts";
import { describe, validBody, withIdentity, withSystemData } from "./body.ts";
import { withConnections } from "../network/groups.ts";
import { groupNotFound, parentNotFound, resourceNotFound } from "./errors.ts";
import { checkEtag, checkFrozen, checkGroup, checkName, checkScope, checkTaken, graveOf } from "./guards.ts";
import { erase } from "./erase.ts";
import type { ErrorBody } from "./errors.ts";
import { Locks } from "./locks.ts";
import { checkLocked } from "./locked.ts";
import { checkRegistered } from "./registrations.ts";
import { digest, patched, withState } from "./states.ts";
import { failed, failureOf, observedWrite, refuseName } from "../faults/writes.ts";
import { canonicalId, idOf, nameOf, parentId, parsePath, typeOf } from "./ids.ts";
import type { ParsedId } from "./ids.ts";
import type { Operation, Operations } from "./operations.ts";
import type { AnyType, Registry } from "./registry.ts";

export interface Asked {
  readonly id: ParsedId;
  /** Which service's fault rules hold; default: Resource Manager's. */
  readonly service?: "management" | "machinelearning";
  readonly apiVersion: string;
  readonly principalId: string;
  readonly query: URLSearchParams;
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}

export interface Written {
  readonly resource: ArmResource;
  readonly created: boolean;
  readonly operation: Operation | undefined;
}

/** Seconds that types without a latency of their own take in the Azure profile. */
export const usualLatency = 3;

export class Engine {
  readonly registry: Registry;
  readonly operations: Operations;
  readonly store: ResourceStore;
  readonly #sandbox: SandboxContext;
  readonly #slow: boolean;
  readonly #locks = new Locks();

  constructor(registry: Registry, operations: Operations, store: ResourceStore, sandbox: SandboxContext, slow: boolean) {
    this.registry = registry;
    this.operations = operations;
    this.store = store;
    this.#sandbox = sandbox;
    this.#slow = slow;
  }

  /** The kept or implied resource; undefined when there is none. */
  find(id: string, type: AnyType = this.registry.get(typeOf(parsePath(id)))): ArmResource | undefined {
    return this.store.get(id) ?? type.find?.(id, this.#sandbox);
  }

  read({ id }: Asked): ArmResource {
    const type = this.registry.get(typeOf(id));
    const found = this.find(idOf(id), type);
    if (found) return this.shown(found, type);
    this.checkScope(id, type, false);
    if (!id.namespace && id.resourceGroup) throw groupNotFound(id.resourceGroup);
    throw resourceNotFound(id, type.type);
  }

  shown(resource: ArmResource, type: AnyType = this.registry.get(resource.type)): ArmResource {
    return withConnections(type.show?.(resource, this.#sandbox) ?? resource, type.type, this.#sandbox.links);
  }

  /** Up to `count` of the type below the scope from `offset` on, in order of their ids. */
  list({ id, query }: Asked, offset = 0, count = Number.MAX_SAFE_INTEGER): ArmResource[] {
    const type = this.registry.get(typeOf(id));
    const scope = id.segments.length > 1 ? idOf(id) : id.scope;
    if (id.segments.length > 1 && !type.makesParent && !this.find(scope)) throw parentNotFound(id, type.type);
    checkGroup(id, this.#sandbox.subscriptionId, (one) => this.find(one));
    const found =
      type.list?.(scope, query, this.#sandbox).slice(offset, offset + count) ?? this.store.slice(scope, type.type, offset, count);
    return found.map((resource) => this.shown(resource, type));
  }

  async write(asked: Asked, body: unknown, method: "PUT" | "PATCH"): Promise<Written> {
    return await this.#locks.alone(resourceKey(idOf(asked.id)), async () => await this.#write(asked, body, method));
  }

  async #write(asked: Asked, body: unknown, method: "PUT" | "PATCH"): Promise<Written> {
    const type = this.registry.get(typeOf(asked.id));
    const id = idOf(asked.id);
    checkName(type, nameOf(id));
    const before = this.find(id, type);
    checkRegistered(this.#sandbox, type.type.split("/")[0]!);
    checkLocked(this.store, id, type.type, "write");
    checkEtag(asked, before);
    if (method === "PATCH" && !before) throw resourceNotFound(asked.id, type.type);
    const content = validBody(type, method === "PATCH" ? patched(type, before!, body) : body);
    this.checkScope(asked.id, type, true);
    const call = observedWrite(method, asked, id, type);
    if (!before) {
      checkTaken(this.store, type, id, content);
      refuseName(this.#sandbox.faults.own, call, type);
    }
    const back = !before && type.softDelete?.recovers?.(content) ? this.store.recover(graveOf(this.store, type, id) ?? id) : undefined;
    const old = before ?? back;

    const described = withIdentity(describe(type, canonicalId(asked.id, type.type), content, old), old, this.#sandbox.tenantId, (user) =>
      this.store.get(user),
    );
    const base = { before: old, apiVersion: asked.apiVersion, principalId: asked.principalId };
    const filled = (await type.fill?.({ ...base, after: described }, this.#sandbox)) ?? described;
    // An anonymous version (azure-ai-ml's components of a pipeline) is named by its content: sent again, it is the one that is there.
    if (old && type.immutable && old.properties["isAnonymous"] === true && filled.properties["isAnonymous"] === true) {
      return { resource: this.shown(old, type), created: false, operation: undefined };
    }
    if (old && type.immutable) checkFrozen(type, old, filled);
    const active = this.operations.activeOn(id);
    if (active) return this.#join(active, digest(content), id);
    await type.check?.({ ...base, after: filled }, this.#sandbox);

    const fails = failureOf(this.#sandbox.faults.own, call, type, filled);
    const long = type.provision !== undefined || this.#slow || fails !== undefined;
    const after = withState(type, withSystemData(filled, old, asked.principalId), long ? (old ? "Updating" : "Creating") : "Succeeded");
    if (type.makesParent) this.#makeParent(asked, id);
    const kept = long ? this.store.put(after) : this.#succeed(type, after, !old);
    const operation = long
      ? this.operations.start(
          { resourceId: id, type: type.type, kind: "put", input: { content: digest(content), ...(fails && { fails }) } },
          async (signal) => await this.provision(id, signal, fails),
        )
      : undefined;
    return { resource: this.shown(kept, type), created: !before, operation };
  }

  /** The same body while the first one is still being worked on joins its operation; another one has to wait. */
  #join(active: Operation, content: string, id: string): Written {
    const kept = this.store.get(id);
    if (active.kind === "put" && kept && active.input["content"] === content) {
      return { resource: this.shown(kept), created: false, operation: active };
    }
    throw new ArmError(
      409,
      "Conflict",
      `The resource '${nameOf(id)}' is busy (${active.kind} since ${active.startTime}). Wait until its provisioningState is Succeeded or Failed, then try again.`,
    );
  }

  /** Body of a write's long operation; also what a restart runs again. */
  async provision(id: string, signal: AbortSignal, fails?: ErrorBody): Promise<void> {
    const resource = this.store.get(id);
    if (!resource) return;
    const type = this.registry.get(resource.type);
    const created = resource.properties["provisioningState"] === "Creating";
    try {
      // Azure's time covers the work itself: what really happens here happens within it.
      const [result] = await Promise.all([
        fails ? undefined : type.provision?.(resource, this.#sandbox, signal),
        this.#sandbox.latency(type.latencySeconds ?? usualLatency, signal),
      ]);
      if (fails) throw failed(fails);
      const latest = this.#unlessGone(id, signal) && (result ?? this.store.get(id));
      if (latest) this.#succeed(type, withState(type, latest, "Succeeded"), created);
    } catch (error) {
      const latest = this.#unlessGone(id, signal);
      if (latest) this.store.put(withState(type, latest, "Failed"));
      throw error;
    }
  }

  /** Keeps what a write came to, and tells the world in the same transaction. */
  #succeed(type: AnyType, resource: ArmResource, created: boolean): ArmResource {
    return transaction(this.#sandbox.db, () => {
      const kept = this.store.put(resource);
      type.done?.(kept, this.#sandbox, created);
      return kept;
    });
  }

  /** The resource as it is now; undefined when it was deleted while it was being worked on. */
  #unlessGone(id: string, signal: AbortSignal): ArmResource | undefined {
    return signal.aborted ? undefined : this.store.get(id);
  }

  /** Undefined when there was nothing to delete; an operation when the deletion takes time. */
  async remove(asked: Asked): Promise<{ operation: Operation | undefined; resource?: ArmResource } | undefined> {
    const type = this.registry.get(typeOf(asked.id));
    const id = idOf(asked.id);
    return await this.#locks.alone(resourceKey(id), async () => {
      const resource = this.store.get(id) ?? (type.remove ? type.find?.(id, this.#sandbox) : undefined);
      const forGood = asked.query.get(type.softDelete?.purgeFlag ?? "forceToPurge")?.toLowerCase() === "true";
      if (!resource) {
        if (forGood && type.softDelete && this.store.purge(id)) return { operation: undefined };
        return undefined;
      }
      checkEtag(asked, resource);
      checkLocked(this.store, id, type.type, "delete");
      const active = this.operations.activeOn(id);
      if (active?.kind === "delete") return { operation: active };
      await this.operations.cancelBelow(id);
      const latest = this.store.get(id) ?? resource;
      const fails = failureOf(this.#sandbox.faults.own, observedWrite("DELETE", asked, id, type), type, latest);
      if (!fails) await type.remove?.(latest, this.#sandbox, false);
      if ((type.deletesAtOnce || (type.provision === undefined && !this.#slow)) && !fails) {
        if (type.deletesAtOnce) await this.#sandbox.latency((type.latencySeconds ?? usualLatency) / 2);
        await this.erase(latest, forGood);
        return { operation: undefined, resource: latest };
      }
      this.store.put(withState(type, latest, "Deleting"));
      const input = { forGood, ...(fails && { fails }) };
      const work = async (signal: AbortSignal): Promise<void> => await this.eraseSlowly(id, forGood, signal, fails);
      return { operation: this.operations.start({ resourceId: id, type: type.type, kind: "delete", input }, work) };
    });
  }

  async eraseSlowly(id: string, forGood: boolean, signal: AbortSignal, fails?: ErrorBody): Promise<void> {
    const resource = this.store.get(id);
    if (!resource) return;
    const type = this.registry.get(resource.type);
    await this.#sandbox.latency((type.latencySeconds ?? usualLatency) / 2, signal);
    if (fails) {
      this.store.put(withState(type, resource, "Failed"));
      throw failed(fails);
    }
    await this.erase(resource, forGood);
  }

  /** Cleans up below the resource, deepest first, and takes all of it away in one transaction. */
  async erase(resource: ArmResource, forGood: boolean): Promise<void> {
    await erase(this.registry, this.store, this.#sandbox, resource, forGood);
  }

  #makeParent(asked: Asked, id: string): void {
    const parent = parentId(id);
    if (this.store.get(parent)) return;
    const type = this.registry.get(typeOf(parsePath(parent)));
    const made = withState(type, describe(type, canonicalId(parsePath(parent), type.type), { properties: {} }, undefined), "Succeeded");
    this.store.put(withSystemData(made, undefined, asked.principalId));
  }

  /** Throws ArmError 404 for what would lie in something that is not there. */
  checkScope(id: ParsedId, type: AnyType, writing: boolean): void {
    checkScope(id, type, writing, this.#sandbox.subscriptionId, (one) => this.find(one));
  }
}
