// Looks up the generated tables at run time: one JSON file a module of azure-native, read when its first resource comes.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FunctionTable, ModuleTable, ObjectTable, ResourceTable, Shape } from "./format.ts";

/** An object type together with the module that its references are relative to. */
export interface Scoped<T = ObjectTable> {
  readonly table: T;
  readonly module: string;
}

/** Where a conversion looks up the types inside a resource. */
export interface TypeTables {
  object(shape: { readonly t: string }, module: string): Scoped;
}

export class Tables implements TypeTables {
  readonly #dir: string;
  readonly #modules = new Map<string, ModuleTable | undefined>();

  /** `dir` holds `<module>.json`. */
  constructor(dir: string) {
    this.#dir = dir;
  }

  resource(module: string, type: string): Scoped<ResourceTable> | undefined {
    const table = this.#module(module)?.resources[type];
    return table && { table, module };
  }

  fn(module: string, name: string): Scoped<FunctionTable> | undefined {
    const table = this.#module(module)?.functions[name];
    return table && { table, module };
  }

  /** A module's object type by its full name, if the table has it. */
  has(module: string, type: string): ObjectTable | undefined {
    return this.#module(module)?.types[type];
  }

  /** The object behind `{t}`; throws when the table lacks it, which is an error of the generator. */
  object(shape: { readonly t: string }, module: string): Scoped {
    const dot = shape.t.indexOf(".");
    const home = dot < 0 ? module : shape.t.slice(0, dot);
    const table = this.#module(home)?.types[shape.t.slice(dot + 1)];
    if (!table) throw new Error(`no table for type ${home}.${shape.t}`);
    return { table, module: home };
  }

  #module(name: string): ModuleTable | undefined {
    if (!this.#modules.has(name)) {
      let text: string | undefined;
      try {
        text = /^\w+$/.test(name) ? readFileSync(join(this.#dir, `${name}.json`), "utf8") : undefined;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
      this.#modules.set(name, text === undefined ? undefined : (JSON.parse(text) as ModuleTable));
    }
    return this.#modules.get(name);
  }
}

/** Which alternative of a union a value takes: the one whose constants it carries, else the only object among them. */
export function chooseAlternative(
  shapes: readonly Shape[],
  value: { readonly [key: string]: unknown },
  module: string,
  tables: TypeTables,
  at: (object: ObjectTable, name: string) => unknown = (_, name) => value[name],
): { readonly t: string } | undefined {
  const objects = shapes.filter((s): s is { readonly t: string } => typeof s === "object" && "t" in s);
  let open: { readonly t: string } | undefined;
  for (const shape of objects) {
    const { table } = tables.object(shape, module);
    const constants = Object.entries(table.p).filter((e): e is [string, { readonly c: string }] => typeof e[1] === "object" && "c" in e[1]);
    if (constants.length === 0) open ??= shape;
    else if (constants.every(([name, constant]) => at(table, name) === constant.c)) return shape;
  }
  return open ?? (objects.length === 1 ? objects[0] : undefined);
}
