// Makes the tables: the SDK's declarations give names and types, the catalog gives paths and what REST calls things.
import type { CatalogEntry, CatalogFunction, WireType } from "../catalog/entry.ts";
import { Declarations } from "./declarations.ts";
import type { RawObject } from "./declarations.ts";
import type { FunctionTable, ModuleTable, ObjectTable, ResourceTable, Shape } from "./format.ts";

/** Catalog facts that a table is made of. */
export interface Facts {
  readonly resources: Readonly<Record<string, CatalogEntry>>;
  readonly functions: Readonly<Record<string, CatalogFunction>>;
  readonly types: Readonly<Record<string, Readonly<Record<string, WireType>>>>;
}

/** Stand beside `properties` in every ARM resource. */
const ENVELOPE = new Set([
  "id",
  "name",
  "type",
  "location",
  "tags",
  "identity",
  "sku",
  "kind",
  "plan",
  "zones",
  "extendedLocation",
  "managedBy",
  "etag",
  "systemData",
]);

/** Reads `packageDir` (@pulumi/azure-native) and returns one table a module. Takes a few seconds: done once, at installation. */
export function generate(packageDir: string, facts: Facts): Record<string, ModuleTable> {
  const declarations = new Declarations(packageDir);
  const modules: Record<string, Mutable> = {};
  const moduleOf = (name: string): Mutable => (modules[name] ??= { resources: {}, functions: {}, types: {} });

  for (const [token, entry] of Object.entries(facts.resources)) {
    const [module, type] = token.split(":") as [string, string];
    const declared = declarations.file(`${module}/${lowerFirst(type)}`);
    const input = declared.interfaces.get(`${type}Args`);
    const output = declared.classes.get(type);
    if (!input || !output) throw new Error(`the SDK has no ${token}; correct the catalog`);
    const api = entry.apiVersion ?? declared.apiVersion ?? "";
    moduleOf(module).resources[type] = { api, in: place(input, entry, module, true), out: place(output, entry, module, false) };

    const getter = optional(() => declarations.file(`${module}/get${type}`));
    const args = getter?.interfaces.get(`Get${type}Args`);
    const result = getter?.interfaces.get(`Get${type}Result`);
    if (args && result && !facts.functions[`${module}:get${type}`]) {
      const table: FunctionTable = { api, in: localize(args, module), out: place(result, entry, module, false) };
      moduleOf(module).functions[`get${type}`] = table;
    }
  }
  for (const token of Object.keys(facts.functions)) {
    const [module, name] = token.split(":") as [string, string];
    const declared = declarations.file(`${module}/${name}`);
    const title = name[0]!.toUpperCase() + name.slice(1);
    const result = declared.interfaces.get(`${title}Result`);
    if (!result) throw new Error(`the SDK has no ${token}; correct the catalog`);
    moduleOf(module).functions[name] = {
      api: declared.apiVersion ?? "",
      in: localize(declared.interfaces.get(`${title}Args`) ?? { p: {}, r: [] }, module),
      out: localize(result, module),
    };
  }
  for (const [name, module] of Object.entries(modules)) addReferencedTypes(name, module, declarations, facts, moduleOf);
  for (const module of Object.values(modules)) markSets(module);
  return modules;
}

interface Mutable {
  resources: Record<string, ResourceTable>;
  functions: Record<string, FunctionTable>;
  types: Record<string, ObjectTable>;
}

/** A resource's inputs or outputs with their places in the REST body. */
function place(raw: RawObject, entry: CatalogEntry, module: string, input: boolean): ObjectTable {
  const inPath = new Set(input ? [...entry.path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]!) : []);
  const wrapped = !entry.unwrapped && !("properties" in raw.p);
  const w: Record<string, readonly string[]> = {};
  for (const name of Object.keys(raw.p)) {
    const given = entry.wire?.[name];
    if (given !== undefined) w[name] = splitWire(given);
    else if (wrapped && !ENVELOPE.has(name) && !inPath.has(name) && !entry.query?.includes(name)) w[name] = ["properties", name];
    const same = w[name];
    if (same?.length === 1 && same[0] === name) delete w[name];
  }
  return { ...localize(raw, module), ...(Object.keys(w).length > 0 && { w }) };
}

/** A nested object with its places in the REST object. */
function placeNested(raw: RawObject, wire: WireType | undefined, module: string): ObjectTable {
  const w: Record<string, readonly string[]> = {};
  for (const name of Object.keys(raw.p)) {
    const given = wire?.wire?.[name];
    if (given !== undefined) w[name] = splitWire(given);
    else if (wire?.flat && !wire.flat.includes(name)) w[name] = ["properties", name];
  }
  return { ...localize(raw, module), ...(Object.keys(w).length > 0 && { w }) };
}

/** Type names of the same module lose its prefix. */
function localize(raw: RawObject, module: string): ObjectTable {
  const local = (shape: Shape): Shape => {
    if (typeof shape === "string" || "c" in shape || "e" in shape) return shape;
    if ("l" in shape) return { l: local(shape.l) };
    if ("m" in shape) return { m: local(shape.m) };
    if ("o" in shape) return { o: shape.o.map(local) };
    return { t: shape.t.startsWith(`${module}.`) ? shape.t.slice(module.length + 1) : shape.t };
  };
  const p = Object.fromEntries(Object.entries(raw.p).map(([name, shape]) => [name, local(shape)]));
  return raw.r.length > 0 ? { p, r: raw.r } : { p };
}

function addReferencedTypes(
  name: string,
  module: Mutable,
  declarations: Declarations,
  facts: Facts,
  moduleOf: (name: string) => Mutable,
): void {
  const queue: [string, string][] = [];
  const follow = (home: string, object: ObjectTable): void => {
    for (const shape of Object.values(object.p))
      references(shape, (t) => queue.push(t.includes(".") ? (t.split(".") as [string, string]) : [home, t]));
  };
  for (const resource of [...Object.values(module.resources), ...Object.values(module.functions)]) {
    follow(name, resource.in);
    follow(name, resource.out);
  }
  for (let next = queue.pop(); next; next = queue.pop()) {
    const [home, type] = next;
    const types = moduleOf(home).types;
    if (types[type]) continue;
    const wire = facts.types[home]?.[type.replace(/(Args|Response)$/, "")];
    types[type] = placeNested(declarations.objectType(home, type), wire, home);
    follow(home, types[type]);
  }
}

/** A list of strings on the way in that is a map on the way out is a set of names. */
function markSets(module: Mutable): void {
  const mark = (input: ObjectTable, output: ObjectTable | undefined): ObjectTable => {
    const p = Object.entries(input.p).map(([name, shape]): [string, Shape] => {
      const out = output?.p[name];
      const isSet = typeof shape === "object" && "l" in shape && shape.l === "s" && typeof out === "object" && "m" in out;
      return [name, isSet ? "set" : shape];
    });
    return { ...input, p: Object.fromEntries(p) };
  };
  for (const [name, resource] of Object.entries(module.resources))
    module.resources[name] = { ...resource, in: mark(resource.in, resource.out) };
  for (const [name, type] of Object.entries(module.types)) {
    if (name.endsWith("Args")) module.types[name] = mark(type, module.types[name.replace(/Args$/, "Response")]);
  }
}

function references(shape: Shape, visit: (type: string) => void): void {
  if (typeof shape === "string" || "c" in shape || "e" in shape) return;
  if ("l" in shape) references(shape.l, visit);
  else if ("m" in shape) references(shape.m, visit);
  else if ("o" in shape) for (const one of shape.o) references(one, visit);
  else visit(shape.t);
}

function splitWire(path: string): string[] {
  return path.split(/(?<!\\)\./).map((part) => part.replaceAll("\\.", "."));
}

function lowerFirst(text: string): string {
  return text[0]!.toLowerCase() + text.slice(1);
}

function optional<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
