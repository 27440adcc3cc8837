// What a template would change, without changing it: the answer of `whatIf` (Microsoft.Resources, API 2022-09-01, WhatIfChange).
import { isDeepStrictEqual } from "node:util";
import { isObject } from "../arm/body.ts";
import { sameId } from "../arm/ids.ts";
import { ArmError } from "../core.ts";
import type { Described } from "./template.ts";

type Json = Record<string, unknown>;

export interface WhatIfChange {
  readonly resourceId: string;
  readonly changeType: "Create" | "Modify" | "NoChange" | "Ignore" | "Deploy";
  readonly before?: unknown;
  readonly after?: unknown;
  readonly delta?: readonly PropertyChange[];
}

interface PropertyChange {
  readonly path: string;
  readonly propertyChangeType: "Create" | "Modify" | "Array";
  readonly before: unknown;
  readonly after: unknown;
  readonly children: readonly PropertyChange[] | null;
}

export interface Present {
  /** The resource as GET shows it. */
  readonly find: (id: string) => object | undefined;
  /** Ids of what is in the deployment's scope. */
  readonly all: readonly string[];
  /** `ResourceIdOnly` says no more than which resources would be written. */
  readonly payloads: boolean;
}

/**
 * One change for each resource of the template, and `Ignore` for what is there besides. Compared is what the template names: what it
 * leaves out Azure compares with its defaults, which the sandbox does not know.
 */
export async function whatIf(resources: readonly Described[], present: Present): Promise<WhatIfChange[]> {
  const changes = await Promise.all(resources.map(async (resource) => await change(resource, present)));
  const others = present.all.filter((id) => !resources.some((one) => sameId(one.id, id)));
  const ignored = others.map((id): WhatIfChange => {
    const shown = present.payloads ? { before: present.find(id), after: present.find(id) } : {};
    return { resourceId: id, changeType: "Ignore", ...shown };
  });
  return [...changes, ...ignored].sort((a, b) => (a.resourceId.toLowerCase() < b.resourceId.toLowerCase() ? -1 : 1));
}

async function change(resource: Described, { find, payloads }: Present): Promise<WhatIfChange> {
  const { id, type, apiVersion } = resource;
  const before = find(id);
  if (!payloads) return { resourceId: id, changeType: before ? "Deploy" : "Create" };
  const body = await resource.body().catch((error: unknown) => {
    // It refers to what is only there once the template is deployed.
    if (error instanceof ArmError && error.status === 404) return undefined;
    throw error;
  });
  const after = { apiVersion, id, name: id.split("/").at(-1), type, ...body };
  if (!before) return { resourceId: id, changeType: "Create", after };
  if (!body) return { resourceId: id, changeType: "Deploy" };
  const delta = differences(before as Json, body);
  return { resourceId: id, changeType: delta.length > 0 ? "Modify" : "NoChange", before, after, delta };
}

function differences(before: Json, after: Json, at = ""): PropertyChange[] {
  return Object.entries(after).flatMap(([name, value]): PropertyChange[] => {
    const path = at === "" ? name : `${at}.${name}`;
    const old = before[name];
    if (value === null || sameValue(name, old, value)) return [];
    if (isObject(value) && isObject(old)) return differences(old, value, path);
    if (Array.isArray(value) && Array.isArray(old)) {
      return [{ path, propertyChangeType: "Array", before: old, after: value, children: items(old, value) }];
    }
    return [{ path, propertyChangeType: old === undefined ? "Create" : "Modify", before: old ?? null, after: value, children: null }];
  });
}

const items = (before: readonly unknown[], after: readonly unknown[]): PropertyChange[] =>
  after.flatMap((value, index): PropertyChange[] =>
    isDeepStrictEqual(before[index], value)
      ? []
      : [
          {
            path: String(index),
            propertyChangeType: index < before.length ? "Modify" : "Create",
            before: before[index] ?? null,
            after: value,
            children: null,
          },
        ],
  );

/** Regions are the same in either spelling, `West Europe` and `westeurope`. */
function sameValue(name: string, old: unknown, value: unknown): boolean {
  if (name === "location" && typeof old === "string" && typeof value === "string") {
    return old.replaceAll(" ", "").toLowerCase() === value.replaceAll(" ", "").toLowerCase();
  }
  return isDeepStrictEqual(old, value);
}
