// What a request must hold to before anything is written: name, etag, what may not change, what has to be there.
import { ArmError } from "../core.ts";
import type { ArmResource } from "../core.ts";
import { frozenChanges } from "./body.ts";
import { groupNotFound, parentNotFound, resourceNotFound } from "./errors.ts";
import { idOf, nameOf, parentId, parsePath, typeOf } from "./ids.ts";
import type { ParsedId } from "./ids.ts";
import type { AnyType } from "./registry.ts";
import { resourceKey } from "../state/resources.ts";
import type { ResourceStore } from "../state/resources.ts";

const usualName = /^[^<>%&?/\\\u0000-\u001f]{1,260}$/;

export interface Preconditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}

type Find = (id: string) => ArmResource | undefined;

export function checkName(type: AnyType, name: string): void {
  const { pattern, rule, code } = type.names ?? { pattern: usualName, rule: "1-260 characters, none of <>%&?/\\", code: undefined };
  if (!pattern.test(name)) {
    throw new ArmError(400, code ?? "InvalidResourceName", `The name '${name}' is not one that '${type.type}' can have: ${rule}.`, {
      target: "name",
    });
  }
}

export function checkEtag(asked: Preconditions, before: ArmResource | undefined): void {
  const { ifMatch, ifNoneMatch } = asked;
  const matches = (tags: string): boolean => !!before && (tags.trim() === "*" || tags.split(",").some((tag) => tag.trim() === before.etag));
  if (ifMatch !== undefined && !matches(ifMatch)) {
    throw new ArmError(
      412,
      "PreconditionFailed",
      `The condition If-Match: ${ifMatch} is not met: ${before ? `the resource's etag is ${before.etag}` : "there is no such resource"}.`,
    );
  }
  if (ifNoneMatch !== undefined && matches(ifNoneMatch)) {
    throw new ArmError(
      412,
      "PreconditionFailed",
      `The condition If-None-Match: ${ifNoneMatch} is not met: the resource exists with etag ${before!.etag}.`,
    );
  }
}

export function checkFrozen(type: AnyType, before: ArmResource, after: ArmResource): void {
  const changes = frozenChanges(before, after);
  if (!changes.length) return;
  throw new ArmError(
    409,
    "UserError",
    `Version '${before.name}' of this ${type.type.split("/").at(-2)} exists and cannot be changed (${changes.join(", ")} would). Use another version.`,
    { target: changes[0]! },
  );
}

/** Parent, group and subscription have to be there. */
export function checkScope(id: ParsedId, type: AnyType, writing: boolean, subscriptionId: string, find: Find): void {
  checkGroup(id, subscriptionId, find);
  if (id.segments.length > 2) {
    const parent = type.makesParent ? parentId(parentId(idOf(id))) : parentId(idOf(id));
    if (!find(parent)) throw parentNotFound(id, type.type);
  } else if (type.extension && writing && id.scope.includes("/providers/")) {
    const scope = parsePath(id.scope);
    if (!find(id.scope)) throw resourceNotFound(scope, typeOf(scope));
  }
}

export function checkGroup(id: ParsedId, subscriptionId: string, find: Find): void {
  if (id.subscriptionId && id.subscriptionId.toLowerCase() !== subscriptionId.toLowerCase()) {
    throw new ArmError(404, "SubscriptionNotFound", `The subscription '${id.subscriptionId}' could not be found.`);
  }
  if (!id.resourceGroup || !id.namespace) return;
  if (!find(`/subscriptions/${id.subscriptionId}/resourceGroups/${id.resourceGroup}`)) throw groupNotFound(id.resourceGroup);
}

/** Id of the soft-deleted resource that holds the name. */
export function graveOf(store: ResourceStore, type: AnyType, id: string): string | undefined {
  const grave = store.deletedByName(type.type, nameOf(id));
  if (!grave) return undefined;
  return type.globalName || resourceKey(grave.resource.id) === resourceKey(id) ? grave.resource.id : undefined;
}

export function checkTaken(store: ResourceStore, type: AnyType, id: string, content: Record<string, unknown>): void {
  const name = nameOf(id);
  const others = (): boolean => {
    if (!type.globalName?.inRegion) return store.hasName(type.type, name);
    const region = String(content["location"]).toLowerCase();
    return store.named(type.type, name).some((one) => one.location?.toLowerCase() === region);
  };
  if (type.globalName && others()) throw takenError(type, name);
  if (type.softDelete && graveOf(store, type, id) && !type.softDelete.recovers?.(content)) throw softDeletedError(type, name);
}

/** What Azure says when another resource of the type has the name; undefined where names are not unique beyond their parent. */
export const takenError = ({ globalName }: AnyType, name: string): ArmError | undefined =>
  globalName && new ArmError(409, globalName.code, globalName.message(name));

/** What Azure says when a deleted resource still holds the name; undefined for types that are gone when they are deleted. */
export const softDeletedError = ({ softDelete }: AnyType, name: string): ArmError | undefined =>
  softDelete &&
  new ArmError(
    softDelete.code === "BadRequest" ? 400 : 409,
    softDelete.code ?? "Conflict",
    softDelete.message?.(name) ??
      `'${name}' was deleted and is kept for some days. Recover it, or purge it (DELETE with ?forceToPurge=true), or choose another name.`,
  );
