// A resource type at work: what the catalog and the SDK's table say, joined.
import { resources } from "./catalog/index.ts";
import type { CatalogEntry } from "./catalog/entry.ts";
import { isObject } from "./rpc/values.ts";
import type { Properties, Value } from "./rpc/values.ts";
import type { ResourceTable } from "./table/format.ts";
import type { Tables } from "./table/load.ts";

export interface Resource {
  readonly token: string;
  readonly module: string;
  readonly entry: CatalogEntry;
  readonly table: ResourceTable;
  /** SDK inputs that stand in the path, in its order, without subscriptionId. */
  readonly pathParameters: readonly string[];
  /** Path and query parameters, and what only the provider itself uses. */
  readonly notInBody: ReadonlySet<string>;
  readonly replaceKeys: ReadonlySet<string>;
}

const known = new Map<string, Resource>();

/** By token `azure-native:module:Type`; throws, by name, for what the sandbox does not model. */
export function resourceOf(token: string, tables: Tables): Resource {
  let resource = known.get(token);
  if (!resource) {
    resource = find(token, tables);
    known.set(token, resource);
  }
  return resource;
}

function find(token: string, tables: Tables): Resource {
  const [, module = "", type = ""] = token.split(":");
  const entry = resources[`${module}:${type}`];
  const table = entry && tables.resource(module, type)?.table;
  if (!entry || !table) {
    const older = module.includes("/") ? "; only default API versions are, write it without the version" : "";
    throw new Error(
      `NotModeledInSandbox: resource type ${token} is not modeled in the sandbox${older}. It works against real Azure; here it needs an entry in sandbox/providers/catalog/`,
    );
  }
  const pathParameters = [...entry.path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]!).filter((p) => p !== "subscriptionId");
  return {
    token,
    module,
    entry,
    table,
    pathParameters,
    notInBody: new Set([...pathParameters, ...(entry.query ?? []), "azureApiVersion"]),
    replaceKeys: new Set([...pathParameters, "location", ...(entry.replaces ?? [])]),
  };
}

/** A path with its parameters filled in. Scopes are paths themselves and stay as they are. */
export function fillPath(path: string, inputs: Properties, subscriptionId: string): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = name === "subscriptionId" ? subscriptionId : inputs[name];
    if (typeof value !== "string") throw new Error(`'${name}' must be a string that is known by now, but is ${typeof value}`);
    return name === "scope" || name === "resourceUri" || name === "clusterRp" ? value : encodeURIComponent(value);
  });
  return filled.replace(/\/{2,}/g, "/");
}

/** Path parameters read back out of a resource's id (for an import). */
export function parseId(id: string, path: string): Properties {
  const pattern = path
    .split("/")
    .map((part) => part.replace(/^\{(scope|resourceUri)\}$/, "(?<$1>.+)").replace(/\{(\w+)\}/, "(?<$1>[^/]+)"))
    .join("/");
  const match = new RegExp(`^${pattern}$`, "i").exec(id.startsWith("/") ? id : `/${id}`);
  if (!match) throw new Error(`'${id}' is not an id of the form ${path}`);
  const { subscriptionId: _, ...values } = match.groups ?? {};
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, /^(scope|resourceUri)$/.test(name) ? value : decodeURIComponent(value)]),
  );
}

/** Without what says nothing (empty strings, lists, objects, false): an import should not fill a program with them. */
export function withoutTrivial(value: Value): Value {
  if (value === false || value === "" || value === null) return undefined;
  if (Array.isArray(value)) {
    const items = value.map((item) => withoutTrivial(item as Value)).filter((item) => item !== undefined);
    return items.length > 0 ? items : undefined;
  }
  if (!isObject(value)) return value;
  const entries = Object.entries(value).flatMap(([key, item]) => {
    const kept = withoutTrivial(item);
    return kept === undefined ? [] : [[key, kept] as const];
  });
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}
