// From a request's body to the resource it describes: shape, location, identity, systemData, what may not change.
import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { ZodError } from "zod";
import { ArmError } from "../core.ts";
import type { ArmResource } from "../core.ts";
import { regions, region } from "./locations.ts";
import { nameOf } from "./ids.ts";
import type { AnyType } from "./registry.ts";
import { text } from "../state/values.ts";

type Json = Record<string, unknown>;

export const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

/** JSON merge patch (RFC 7396): null removes. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged: Json = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else
      Object.defineProperty(merged, key, { value: mergePatch(merged[key], value), enumerable: true, writable: true, configurable: true });
  }
  return merged;
}

/** Checks the body against the type's schema. Throws ArmError 400 with one detail for each problem. */
export function validBody(type: AnyType, body: unknown): Json {
  if (!isObject(body)) {
    throw new ArmError(
      400,
      "InvalidRequestContent",
      `The request content was invalid: a JSON object is needed, not ${body === undefined ? "nothing" : JSON.stringify(body)?.slice(0, 60)}.`,
    );
  }
  const first = type.body.safeParse(body);
  if (first.success) return first.data as Json;
  const again = type.body.safeParse(inAzuresCasing(first.error, body));
  if (again.success) return again.data as Json;
  const details = problems(again.error, body);
  throw new ArmError(400, "InvalidRequestContent", `The request content of '${type.type}' was invalid: ${details[0]!.message}`, {
    target: details[0]!.target,
    details,
  });
}

/** Azure takes the words of an enumeration in any casing, and keeps its own: `deny` in templates becomes `Deny`. */
function inAzuresCasing(error: ZodError, body: Json): Json {
  const copy = structuredClone(body);
  for (const issue of error.issues) {
    const key = issue.path.at(-1);
    if (issue.code !== "invalid_value" || typeof key !== "string") continue;
    const owner = issue.path.slice(0, -1).reduce<unknown>((at, part) => (at as Json | undefined)?.[part as string], copy);
    if (!isObject(owner)) continue;
    const given = owner[key];
    const meant = issue.values.find((value) => typeof value === "string" && value.toLowerCase() === text(given).toLowerCase());
    if (meant !== undefined) owner[key] = meant;
  }
  return copy;
}

function problems(error: ZodError, body: Json): { code: string; message: string; target: string }[] {
  return error.issues.map((issue) => {
    const target = issue.path.join(".");
    const value = issue.path.reduce<unknown>((at, key) => (at as Json | undefined)?.[key as string], body);
    const shown = /key|secret|password|token/i.test(target) || value === undefined ? "" : ` (it is ${JSON.stringify(value)?.slice(0, 80)})`;
    return { code: "InvalidRequestContent", target, message: `${target || "body"}: ${issue.message}${shown}.` };
  });
}

/** The resource as the body describes it, before the type's `fill`. */
export function describe(type: AnyType, id: string, body: Json, before: ArmResource | undefined): ArmResource {
  const location = placed(type, id, body, before);
  const resource: ArmResource = {
    id: before?.id ?? id,
    name: before?.name ?? nameOf(id),
    type: type.type,
    ...(location === undefined ? {} : { location }),
    properties: isObject(body["properties"]) ? { ...body["properties"] } : {},
  };
  for (const key of ["tags", "kind", "sku", "identity", "zones", "managedBy", "extendedLocation", "plan"] as const) {
    const value = body[key] ?? (key === "sku" || key === "kind" ? before?.[key] : undefined);
    if (value !== undefined && value !== null) (resource as unknown as Json)[key] = value;
  }
  if (resource.tags) checkTags(resource.tags);
  return resource;
}

function checkTags(tags: unknown): void {
  if (!isObject(tags)) throw new ArmError(400, "InvalidRequestContent", "tags: must be an object of strings.", { target: "tags" });
  const entries = Object.entries(tags);
  if (entries.length > 50) throw new ArmError(400, "TooManyTags", `A resource has at most 50 tags; this one has ${entries.length}.`);
  for (const [key, value] of entries) {
    if (typeof value !== "string") {
      throw new ArmError(400, "InvalidRequestContent", `tags.${key}: must be a string (it is ${JSON.stringify(value)}).`, {
        target: `tags.${key}`,
      });
    }
  }
}

function placed(type: AnyType, id: string, body: Json, before: ArmResource | undefined): string | undefined {
  const given = body["location"];
  if (given === undefined || given === null || given === "") {
    if (type.tracked && !before?.location) {
      throw new ArmError(400, "LocationRequired", "The location property is required for this definition.");
    }
    return before?.location;
  }
  const found = typeof given === "string" ? region(given) : undefined;
  if (!found) {
    throw new ArmError(
      400,
      "LocationNotAvailableForResourceType",
      `The provided location '${text(given)}' is not available for resource type '${type.type}'. List of available regions for the resource type is '${Object.keys(regions).join(",")}'.`,
    );
  }
  if (before?.location && region(before.location) !== found) {
    throw new ArmError(
      409,
      "InvalidResourceLocation",
      `The resource '${nameOf(id)}' already exists in location '${before.location}'. A resource with the same name cannot be created in location '${found}'. Please select a new resource name.`,
    );
  }
  return found;
}

/** Principal ids of the identities a body asks for; kept from before where they were there. `users` finds assigned ones. */
export function withIdentity(
  resource: ArmResource,
  before: ArmResource | undefined,
  tenantId: string,
  users: (id: string) => ArmResource | undefined,
): ArmResource {
  const asked = resource.identity;
  if (!asked) return resource;
  const kind = text(asked["type"] ?? "None");
  const identity: Json = { type: kind };
  if (/SystemAssigned/i.test(kind)) {
    identity["principalId"] = before?.identity?.["principalId"] ?? randomUUID();
    identity["tenantId"] = tenantId;
  }
  if (/UserAssigned/i.test(kind)) {
    const given = asked["userAssignedIdentities"];
    const ids = Array.isArray(given) ? given.map(String) : Object.keys(isObject(given) ? given : {});
    identity["userAssignedIdentities"] = Object.fromEntries(
      ids.map((id) => {
        const user = users(id);
        if (!user) throw new ArmError(400, "FailedIdentityOperation", `The user-assigned identity '${id}' was not found; create it first.`);
        return [id, { principalId: user.properties["principalId"], clientId: user.properties["clientId"] }];
      }),
    );
  }
  return { ...resource, identity };
}

export function withSystemData(resource: ArmResource, before: ArmResource | undefined, principalId: string): ArmResource {
  const now = new Date().toISOString();
  const who = { lastModifiedBy: principalId, lastModifiedByType: "Application", lastModifiedAt: now };
  const made = before?.systemData ?? { createdBy: principalId, createdByType: "Application", createdAt: now };
  return { ...resource, systemData: { ...made, ...who } };
}

const mayChange = new Set(["description", "tags", "properties", "isArchived", "stage", "provisioningState", "autoDeleteSetting"]);

/** Names of the properties in which two versions of an immutable asset differ. */
export function frozenChanges(before: ArmResource, after: ArmResource): string[] {
  const keys = new Set([...Object.keys(before.properties), ...Object.keys(after.properties)]);
  return [...keys].filter((key) => !mayChange.has(key) && !isDeepStrictEqual(plain(before.properties[key]), plain(after.properties[key])));
}

/** Null, undefined, empty object and empty array say the same in an asset's body. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.length ? value.map(plain) : undefined;
  if (!isObject(value)) return value ?? undefined;
  const entries = Object.entries(value)
    .map(([key, one]) => [key, plain(one)] as const)
    .filter(([, one]) => one !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length ? Object.fromEntries(entries) : undefined;
}
