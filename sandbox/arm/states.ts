// Small steps between a request and the resource that is kept.
import { createHash } from "node:crypto";
import type { ArmResource } from "../core.ts";
import { isObject, mergePatch } from "./body.ts";
import type { AnyType } from "./registry.ts";

export function withState(type: AnyType, resource: ArmResource, state: string): ArmResource {
  if (type.provisioningState === false) return resource;
  return { ...resource, properties: { ...resource.properties, provisioningState: state } };
}

/** Tells two request bodies apart without keeping them: they may hold secrets. */
export const digest = (content: unknown): string => createHash("sha256").update(JSON.stringify(content)).digest("base64url");

export function patched(type: AnyType, before: ArmResource, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const { id: _i, name: _n, type: _t, etag: _e, systemData: _s, ...body } = before;
  return type.merge?.(before, patch) ?? mergePatch(body, patch);
}
