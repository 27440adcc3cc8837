// Small steps between a request and the resource that is kept.
import type { ArmResource } from "../core.ts";
import { isObject, mergePatch } from "./body.ts";
import type { AnyType } from "./registry.ts";

export function withState(type: AnyType, resource: ArmResource, state: string): ArmResource {
  if (type.provisioningState === false) return resource;
  return { ...resource, properties: { ...resource.properties, provisioningState: state } };
}

/** What two writes have in common when they ask for the same. */
export const essence = ({ properties, tags, sku, kind, location }: ArmResource): unknown => {
  const { provisioningState: _, ...rest } = properties;
  return JSON.parse(JSON.stringify({ rest, tags, sku, kind, location }));
};

export function patched(type: AnyType, before: ArmResource, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const { id: _i, name: _n, type: _t, etag: _e, systemData: _s, ...body } = before;
  return type.merge?.(before, patch) ?? mergePatch(body, patch);
}
