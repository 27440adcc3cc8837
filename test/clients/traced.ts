// Watches an official JavaScript client at work: which operation of which group ended well. Calls go through as they are.
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Inventory, Notes } from "./kept.ts";

type Group = Record<string, unknown>;
type Call = (...args: unknown[]) => unknown;

/** The client with its operations watched. What an operation gives (promise, poller, pages) is the client's own. */
export function traced<Client extends object>(client: Client, notes: Notes): Client {
  return new Proxy(client, {
    get: (target, name) => {
      const group = Reflect.get(target, name) as unknown;
      return typeof name === "string" && isGroup(name, group) ? watched(name, group, notes) : group;
    },
  });
}

/** Classes of a client by their names, as they are exported. */
type Classes = Readonly<Record<string, { readonly prototype: object }>>;

/** Watches the methods of a client's classes where they are: `ContainerClient.create`. */
export function watchClasses(classes: Classes, notes: Notes): void {
  for (const [name, { prototype }] of Object.entries(classes)) {
    const methods = prototype as Group;
    for (const method of methodsOf(prototype)) {
      const call = methods[method] as Call;
      methods[method] = function (this: unknown, ...args: unknown[]): unknown {
        return noted(call.apply(this, args), () => notes.works(`${name}.${short(method)}`));
      };
    }
  }
}

/** Every method of the classes, as `Class.method`. */
export const methodsIn = (classes: Classes): string[] =>
  Object.entries(classes).flatMap(([name, { prototype }]) => methodsOf(prototype).map((method) => `${name}.${short(method)}`));

/** Not what only helps inside, or does not call. */
const inside = /^_|^get\w+Client$|Segment|Items|Internal$|FromUrl$|StringToSign$|^with[A-Z]|^createBatch$|BrowserData$/;

const methodsOf = (prototype: object): string[] =>
  Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([name, { value }]) => typeof value === "function" && name !== "constructor" && !inside.test(name))
    .map(([name]) => name);

/** Every operation of a client, `group.operation`. */
export function operationsOf(client: object): string[] {
  return Object.entries(client).flatMap(([name, group]) =>
    isGroup(name, group) ? functionsOf(group).map((operation) => `${name}.${short(operation)}`) : [],
  );
}

/** Which version of a package is installed here. */
export function versionOf(name: string): string {
  const file = path.join(import.meta.dirname, "../../node_modules", name, "package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

export const inventoryOf = (name: string, version: string, client: object): Inventory => ({
  client: name,
  version,
  all: operationsOf(client),
});

function watched(name: string, group: Group, notes: Notes): Group {
  return new Proxy(group, {
    get: (target, operation) => {
      const call = Reflect.get(target, operation) as unknown;
      if (typeof call !== "function" || typeof operation !== "string") return call;
      return (...args: unknown[]) => noted((call as Call).apply(target, args), () => notes.works(`${name}.${short(operation)}`));
    },
  });
}

/** What a call gave; `works` is called once that ended well. */
function noted(given: unknown, works: () => void): unknown {
  if (given instanceof Promise) void given.then(works, () => undefined);
  else if (isPages(given)) return pages(given, works);
  else works();
  return given;
}

interface Pages {
  next(): Promise<IteratorResult<unknown>>;
  [Symbol.asyncIterator](): AsyncIterator<unknown>;
}

const isPages = (given: unknown): given is Pages =>
  typeof given === "object" && given !== null && Symbol.asyncIterator in given && "next" in given;

/** Works when its first page has come. */
function pages(given: Pages, works: () => void): Pages {
  return new Proxy(given, {
    get: (target, name) => {
      const own = Reflect.get(target, name) as unknown;
      if (name === Symbol.asyncIterator) return () => pages(target, works);
      if (typeof own !== "function") return own;
      const bound = (own as Call).bind(target);
      if (name !== "next") return bound;
      return async (...args: unknown[]) => {
        const result = await bound(...args);
        works();
        return result;
      };
    },
  });
}

const isGroup = (name: string, group: unknown): group is Group =>
  typeof group === "object" && group !== null && !name.startsWith("_") && name !== "pipeline" && functionsOf(group as Group).length > 0;

function functionsOf(group: Group): string[] {
  const prototype = Object.getPrototypeOf(group) as object | null;
  const names = [...Object.keys(group), ...(prototype === Object.prototype || !prototype ? [] : Object.getOwnPropertyNames(prototype))];
  return names.filter((name) => name !== "constructor" && !/^_|Paging(Page|All)$/.test(name) && typeof group[name] === "function");
}

/** A long operation has several names: `create`, `beginCreate`, `beginCreateAndWait`. */
const short = (operation: string): string =>
  operation.replace(/AndWait$/, "").replace(/^begin([A-Z])/, (_, letter: string) => letter.toLowerCase());
