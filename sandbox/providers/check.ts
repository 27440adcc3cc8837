// Says where a program's inputs differ from what the SDK's types allow, before anything is sent.
import { Asset, isObject, unknown } from "./rpc/values.ts";
import type { Value } from "./rpc/values.ts";
import type { ObjectTable, Shape } from "./table/format.ts";
import { chooseAlternative } from "./table/load.ts";
import type { TypeTables } from "./table/load.ts";

/** One wrong input: where (`properties.scaleSettings.maxNodeCount`), and why with the fix. */
export interface Failure {
  readonly property: string;
  readonly reason: string;
}

/** Inputs that the provider itself adds; no SDK type declares them. */
const OWN_INPUTS = new Set(["azureApiVersion", "__createBeforeDelete"]);

/** Every failure of `inputs` against a resource's input table. */
export function checkInputs(inputs: { readonly [key: string]: Value }, object: ObjectTable, module: string, tables: TypeTables): Failure[] {
  const failures: Failure[] = [];
  new Checker(tables, failures).object("", inputs, object, module);
  return failures;
}

class Checker {
  readonly #tables: TypeTables;
  readonly #failures: Failure[];

  constructor(tables: TypeTables, failures: Failure[]) {
    this.#tables = tables;
    this.#failures = failures;
  }

  object(path: string, value: { readonly [key: string]: Value }, object: ObjectTable, module: string): void {
    for (const name of object.r ?? []) {
      if (value[name] === undefined) {
        const location = path === "" && name === "location";
        const fix = location ? ". Either set it explicitly or configure it with 'pulumi config set azure-native:location <value>'." : "";
        this.#fail(join(path, name), `missing required property '${join(path, name)}'${fix}`);
      }
    }
    for (const [name, item] of Object.entries(value)) {
      const shape = object.p[name];
      if (shape !== undefined) this.value(join(path, name), item, shape, module);
      else if (path !== "" || !OWN_INPUTS.has(name)) {
        this.#fail(join(path, name), `unknown property '${join(path, name)}'; ${nearest(name, Object.keys(object.p))}`);
      }
    }
  }

  value(path: string, value: Value, shape: Shape, module: string): void {
    if (value === unknown || value === undefined || shape === "*") return;
    if (shape === "set") return this.value(path, value, { l: "s" }, module);
    if (typeof shape === "string") return this.#plain(path, value, shape);
    if ("c" in shape) {
      if (value !== shape.c) this.#fail(path, `'${path}' must be ${show(shape.c)} but is ${show(value)}`);
    } else if ("e" in shape) {
      if (!shape.e.includes(value as string))
        this.#fail(path, `'${path}' must be one of ${shape.e.map(show).join(", ")} but is ${show(value)}`);
    } else if ("l" in shape) {
      if (!Array.isArray(value)) return this.#fail(path, `'${path}' should be of type 'array' but is ${show(value)}`);
      value.forEach((item, i) => this.value(`${path}[${i}]`, item as Value, shape.l, module));
    } else if ("m" in shape) {
      if (!isObject(value)) return this.#fail(path, `'${path}' should be an object but is ${show(value)}`);
      for (const [key, item] of Object.entries(value)) this.value(join(path, key), item, shape.m, module);
    } else if ("o" in shape) this.#union(path, value, shape.o, module);
    else if (!isObject(value)) this.#fail(path, `'${path}' should be an object but is ${show(value)}`);
    else {
      const { table, module: home } = this.#tables.object(shape, module);
      this.object(path, value, table, home);
    }
  }

  #plain(path: string, value: Value, shape: "s" | "n" | "b" | "a"): void {
    const wanted = { s: "string", n: "number", b: "boolean", a: "asset" }[shape];
    const found = value instanceof Asset ? "asset" : typeof value;
    if (found !== wanted) this.#fail(path, `'${path}' should be of type '${wanted}' but is ${show(value)}`);
  }

  #union(path: string, value: Value, shapes: readonly Shape[], module: string): void {
    if (!isObject(value)) {
      const tries = shapes.map((shape) => {
        const failures: Failure[] = [];
        new Checker(this.#tables, failures).value(path, value, shape, module);
        return failures;
      });
      if (tries.every((failures) => failures.length > 0))
        this.#fail(path, `'${path}' has a value of no type that is allowed there: ${show(value)}`);
      return;
    }
    const chosen = chooseAlternative(shapes, value, module, this.#tables);
    if (chosen) return this.value(path, value, chosen, module);
    const map = shapes.find((s) => typeof s === "object" && "m" in s);
    if (map) return this.value(path, value, map, module);
    const discriminator = this.#discriminator(shapes, module);
    if (!discriminator) return this.#fail(path, `'${path}' should not be an object`);
    const [name, values] = discriminator;
    if (value[name] === unknown) return;
    this.#fail(join(path, name), `'${join(path, name)}' must be one of ${values.map(show).join(", ")} but is ${show(value[name])}`);
  }

  /** The constant that tells a union's alternatives apart. */
  #discriminator(shapes: readonly Shape[], module: string): readonly [string, string[]] | undefined {
    const constants = new Map<string, string[]>();
    for (const shape of shapes) {
      if (typeof shape !== "object" || !("t" in shape)) continue;
      for (const [name, inner] of Object.entries(this.#tables.object(shape, module).table.p)) {
        if (typeof inner === "object" && "c" in inner) constants.set(name, [...(constants.get(name) ?? []), String(inner.c)]);
      }
    }
    return [...constants].toSorted((a, b) => b[1].length - a[1].length)[0];
  }

  #fail(property: string, reason: string): void {
    this.#failures.push({ property, reason });
  }
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

/** Short enough for one line; objects are only named, they may hold what must not be shown. */
function show(value: unknown): string {
  if (value === undefined) return "not set";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value) ?? "a value of no JSON type";
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function nearest(name: string, known: readonly string[]): string {
  const scored = known.map((k) => [distance(name.toLowerCase(), k.toLowerCase()), k] as const).toSorted((a, b) => a[0] - b[0]);
  const best = scored[0];
  return best && best[0] <= Math.max(2, name.length / 3)
    ? `did you mean '${best[1]}'?`
    : `known here: ${known.toSorted().slice(0, 12).join(", ")}${known.length > 12 ? ", …" : ""}`;
}

/** Edits from one word to the other (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
