// Resource ids taken apart and put together, as Azure Resource Manager reads them (case of type and group does not count).
import { ArmError } from "../core.ts";

/** What a path below `/subscriptions` or `/providers` points at. */
export interface ParsedId {
  readonly subscriptionId: string | undefined;
  readonly resourceGroup: string | undefined;
  /** Provider namespace of the last `providers/` segment, e.g. `Microsoft.Storage`; undefined for groups and subscriptions. */
  readonly namespace: string | undefined;
  /** Type and name segments after the namespace, alternating. */
  readonly segments: readonly string[];
  /** Everything before the last `/providers/` ("" for tenant level). */
  readonly scope: string;
}

/** The path's parts, decoded. Throws ArmError 400 for broken percent-encoding and for names that would leave their place. */
export function parsePath(path: string): ParsedId {
  const decoded = pathParts(path);
  let subscriptionId: string | undefined;
  let resourceGroup: string | undefined;
  let index = 0;
  if (decoded[0]?.toLowerCase() === "subscriptions") {
    subscriptionId = decoded[1];
    index = 2;
    if (decoded[2]?.toLowerCase() === "resourcegroups" && decoded[3] !== undefined) {
      resourceGroup = decoded[3];
      index = 4;
    }
  }
  // Deployments are at home in Resource Manager itself and have an address without a provider.
  if (decoded[index]?.toLowerCase() === "deployments") decoded.splice(index, 0, "providers", "Microsoft.Resources");
  const last = decoded.findLastIndex((part, at) => at >= index && part.toLowerCase() === "providers");
  if (last < 0) {
    return { subscriptionId, resourceGroup, namespace: undefined, segments: decoded.slice(index), scope: join(decoded.slice(0, index)) };
  }
  return {
    subscriptionId,
    resourceGroup,
    namespace: decoded[last + 1],
    segments: decoded.slice(last + 2),
    scope: join(decoded.slice(0, last)),
  };
}

/** Segments of a path, decoded. Throws ArmError 400 as {@link parsePath} does. */
export const pathParts = (path: string): string[] =>
  path
    .split("/")
    .filter((part) => part !== "")
    .map(decodeSegment);

function decodeSegment(part: string): string {
  let text: string;
  try {
    text = decodeURIComponent(part);
  } catch {
    throw new ArmError(400, "InvalidRequestUri", `The request path has a broken percent-encoding in '${part}'.`);
  }
  if (text === "." || text === ".." || /[/\\\u0000-\u001f]/.test(text)) {
    throw new ArmError(400, "InvalidRequestUri", `The request path has a segment that no resource can have: '${part}'.`);
  }
  return text;
}

const join = (parts: readonly string[]): string => (parts.length ? `/${parts.join("/")}` : "");

/** `/subscriptions/{s}/resourceGroups`, the list. */
export function isGroups(id: ParsedId): boolean {
  return !id.namespace && !id.resourceGroup && id.segments.length === 1 && id.segments[0]!.toLowerCase() === "resourcegroups";
}

/** Full type of a parsed path: `Ns/type/child`; groups and subscriptions have one too. Odd segments are type names. */
export function typeOf(id: ParsedId): string {
  if (!id.namespace) return isGroups(id) || id.resourceGroup ? "Microsoft.Resources/resourceGroups" : "Microsoft.Resources/subscriptions";
  return [id.namespace, ...id.segments.filter((_, index) => index % 2 === 0)].join("/");
}

/** The id with the type's own casing in its fixed segments; names stay as they were written. */
export function canonicalId(id: ParsedId, type: string): string {
  const [namespace, ...kinds] = type.split("/");
  const scope = id.scope
    .replace(/^\/subscriptions/i, "/subscriptions")
    .replace(/\/resourceGroups\//i, "/resourceGroups/")
    .replaceAll(/\/providers\//gi, "/providers/");
  if (!id.namespace) return scope;
  const segments = id.segments.map((one, index) => (index % 2 === 0 ? (kinds[index / 2] ?? one) : one));
  return `${scope}/providers/${[namespace, ...segments].join("/")}`;
}

/** Id of the parsed path's first `pairs` type/name pairs (all by default). */
export function idOf(id: ParsedId, pairs = Math.floor(id.segments.length / 2)): string {
  if (!id.namespace) return id.scope;
  return `${id.scope}/providers/${[id.namespace, ...id.segments.slice(0, pairs * 2)].join("/")}`;
}

/** `/a/providers/N/t/x/c/y` → `/a/providers/N/t/x`; a top-level resource's parent is its scope. */
export function parentId(id: string): string {
  const parts = id.split("/");
  const last = parts.findLastIndex((part) => part.toLowerCase() === "providers");
  return parts.length - last > 4 ? parts.slice(0, -2).join("/") : parts.slice(0, last).join("/");
}

/** Value after a segment, whatever its case: `segment(id, "workspaces")`. */
export function segment(id: string, name: string): string | undefined {
  const parts = id.split("/");
  const at = parts.findIndex((part) => part.toLowerCase() === name.toLowerCase());
  return at < 0 ? undefined : parts[at + 1];
}

/** The resource group's id, or undefined for what is not in one. */
export function groupId(id: string): string | undefined {
  return /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+/i.exec(id)?.[0];
}

/** Last segment. */
export function nameOf(id: string): string {
  return id.slice(id.lastIndexOf("/") + 1);
}

/** Are these two ids the same resource? */
export function sameId(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && a.toLowerCase() === b.toLowerCase();
}
