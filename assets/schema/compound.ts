// Fields made of fields: objects, dictionaries, lists, and the choice between several.
import type { Problem } from "../problems.ts";
import { isMap, jsonKey, put, pythonString, typeName, type Yaml, type YamlMap } from "../yaml/value.ts";
import { BAD, loadValue, type At, type Bad, type Field, type Loaded } from "./field.ts";
import { nearest } from "./scalars.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- a field of any type: each keeps its own
export type AnyField = Field<any>;
export type FieldMap = Readonly<Record<string, AnyField>>;

type RequiredKeys<M> = { [K in keyof M]: M[K] extends { required: true } ? K : never }[keyof M];
type ReadOnlyKeys<M> = { [K in keyof M]: M[K] extends { readOnly: true } ? K : never }[keyof M];
type Flat<T> = { [K in keyof T]: T[K] };

/** The entity that a map of fields loads. */
export type Entity<M extends FieldMap> = Flat<
  { [K in RequiredKeys<M>]: Loaded<M[K]> } & { [K in Exclude<keyof M, RequiredKeys<M> | ReadOnlyKeys<M>>]?: Loaded<M[K]> }
>;

export interface ObjectOptions {
  /** Keys that the schema does not name: refused, kept as they are (marshmallow's INCLUDE), or dropped. */
  unknown?: "refuse" | "keep" | "drop";
  /** `$schema` is allowed at the top (the SDK's PathAwareSchema). */
  pathAware?: boolean;
  /** Runs before the fields are read; may answer a changed copy. */
  before?: (value: YamlMap, at: At) => YamlMap | Bad;
  /** Runs on what was read. */
  after?: (entity: Record<string, unknown>, at: At) => void;
  /** What it is, as the end of "must be …". */
  expects?: string;
}

export interface ObjectField<M extends FieldMap = FieldMap> extends Field<Entity<M>> {
  readonly fields: M;
  readonly options: ObjectOptions;
}

/** An object with known keys (a marshmallow schema). Reports every fault in it, not the first. */
export function object<const M extends FieldMap>(fields: M, options: ObjectOptions = {}): ObjectField<M> {
  return {
    fields,
    options,
    expects: options.expects ?? `a mapping with ${some(Object.keys(fields).filter((key) => !fields[key]!.readOnly))}`,
    load: (value, at) => loadObject(fields, options, value, at) as Entity<M> | Bad,
  };
}

/** The same object with more (or other) fields and options. */
export function extend<M extends FieldMap, const N extends FieldMap>(
  base: ObjectField<M>,
  fields: N,
  options: ObjectOptions = {},
): ObjectField<Omit<M, keyof N> & N> {
  const all: FieldMap = { ...base.fields, ...fields };
  return object(all as Omit<M, keyof N> & N, { ...base.options, ...options });
}

function loadObject(fields: FieldMap, options: ObjectOptions, value: Yaml, at: At): Record<string, unknown> | Bad {
  if (!isMap(value))
    return at.fail(`must be ${options.expects ?? "a mapping"}, not ${typeName(value)}`, "write it as `key: value` lines, indented", value);
  const start = at.problems.length;
  const map = options.before ? options.before(value, at) : value;
  if (map === BAD) return BAD;
  const entity: Record<string, unknown> = {};
  for (const [key, item] of map) {
    const name = pythonString(key);
    const field = typeof key === "string" && Object.hasOwn(fields, key) ? fields[key] : undefined;
    // Only the SDK's path-aware schemas take what Azure fills; the others do not know it.
    if (field?.readOnly && item !== null && options.pathAware) continue;
    if (field && !(field.readOnly && !options.pathAware)) {
      const loaded = loadValue(field, item, at.child(name));
      if (loaded !== BAD) put(entity, name, loaded);
    } else if (name === "$schema" && options.pathAware && item !== null) continue;
    else if (options.unknown === "keep") put(entity, name, item);
    else if (options.unknown !== "drop") at.child(name).fail("no such field here", unknownFix(name, fields), item, "key");
  }
  for (const [name, field] of Object.entries(fields)) {
    if (field.required && !map.has(name))
      at.child(name).fail(`is required; it must be ${field.expects}`, `add \`${name}:\``, undefined, "key");
  }
  if (at.problems.length > start) return BAD;
  options.after?.(entity, at);
  return at.problems.length > start ? BAD : entity;
}

function unknownFix(name: string, fields: FieldMap): string {
  const known = Object.keys(fields).filter((key) => !fields[key]!.readOnly);
  const guess = nearest(name, known);
  return guess.startsWith("did") ? guess : `remove it; the fields here are ${known.join(", ")}`;
}

/** A mapping with keys of the user's own and values of one kind. Without `values`, anything under any key (`fields.Dict()`). */
export function dict<T = Yaml>(values?: Field<T>, keys?: Field<string>): Field<Record<string, T>> & { readonly values?: Field<T> } {
  return {
    values,
    expects: "a mapping",
    load(value, at) {
      if (!isMap(value)) return at.fail(`must be a mapping, not ${typeName(value)}`, "write it as `key: value` lines, indented", value);
      const start = at.problems.length;
      const result: Record<string, unknown> = {};
      for (const [key, item] of value) {
        const place = at.child(pythonString(key));
        if ((values || keys) && typeof key !== "string")
          place.fail(`a key must be a string, not ${typeName(key)}`, "put the key in quotes", key, "key");
        else {
          const name = keys ? keys.load(key, place) : key;
          const loaded = values ? loadValue(values, item, place) : item;
          if (loaded !== BAD && name !== BAD) put(result, jsonKey(name), loaded);
        }
      }
      return at.problems.length > start ? BAD : (result as Record<string, T>);
    },
  };
}

/** `fields.Dict(keys=fields.Str())`: string keys, any values. */
export const namedValues: Field<Record<string, Yaml>> = dict({ expects: "any value", nullable: true, load: (value) => value });

/** A list. */
export function list<T>(items: Field<T>): Field<T[]> & { readonly items: Field<T> } {
  return {
    items,
    expects: `a list (each ${items.expects})`,
    load(value, at) {
      if (!Array.isArray(value)) return at.fail(`must be a list, not ${typeName(value)}`, "write it as `- item` lines", value);
      const start = at.problems.length;
      const result = value.map((item, index) => loadValue(items, item, at.child(index)));
      return at.problems.length > start ? BAD : (result as T[]);
    },
  };
}

/** The first of several fields that takes the value (the SDK's UnionField). Reports as the one that came nearest. */
export function union<const F extends readonly AnyField[]>(...fields: F): Field<Loaded<F[number]>> & { readonly choices: F } {
  const expects = [...new Set(fields.map((field) => field.expects))].join(", or ");
  return {
    choices: fields,
    expects,
    load(value, at) {
      const tries: Problem[][] = [];
      for (const field of fields) {
        const trial = at.trial();
        const loaded = loadValue(field, value, trial);
        if (loaded !== BAD) return loaded;
        tries.push(trial.problems);
      }
      return report(tries, value, expects, at);
    },
  };
}

/** `${{…}}` anywhere in a text (the SDK's DataBindingStr). */
export const binding: Field<string> = {
  expects: "a binding `${{…}}`",
  load: (value, at) =>
    typeof value === "string" && /\$\{\{\s*\S*?\s*\}\}/.test(value)
      ? value
      : at.fail("must be a binding `${{…}}`", "write for example ${{parent.inputs.<name>}}", value),
};

/**
 * The same field, taking a binding instead of each single value in it, as fields of pipeline nodes do. The fields named in `skip`
 * stay as they are, at every depth.
 */
export function bindable<T>(field: Field<T>, skip: readonly string[] = []): AnyField {
  const shape = field as Partial<ObjectField & { choices: readonly Field[]; values: Field; items: Field }> & Field<T>;
  const flags = { required: field.required, nullable: field.nullable, readOnly: field.readOnly };
  if (shape.fields && shape.options) return { ...object(bindableFields(shape.fields, skip), shape.options), ...flags };
  if (shape.choices)
    return { ...union(binding, ...shape.choices.map((choice) => (isCompound(choice) ? bindable(choice, skip) : choice))), ...flags };
  if (shape.values) return { ...dict(bindable(shape.values, skip)), ...flags };
  if (shape.items) return { ...list(bindable(shape.items, skip)), ...flags };
  if (field.expects === "a mapping") return field;
  return { ...union(binding, field), ...flags };
}

/** {@link bindable} for every field of a map. */
export const bindableFields = (fields: FieldMap, skip: readonly string[]): FieldMap =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, skip.includes(name) ? field : bindable(field, skip)]));

const isCompound = (field: Field): boolean => "fields" in field || "choices" in field || "values" in field || "items" in field;

/** The faults of the best of several failed tries: the one that understood most of the value. */
export function report(tries: readonly Problem[][], value: Yaml, expects: string, at: At): Bad {
  const own = at.scope.source.problem(at.path, "", "").field;
  const inside = tries.filter((problems) => problems.length > 0 && problems.every((problem) => problem.field !== own));
  const best =
    inside.toSorted((a, b) => misfit(a, own) - misfit(b, own) || a.length - b.length)[0] ?? (tries.length === 1 ? tries[0] : undefined);
  if (best) {
    at.problems.push(...best);
    return BAD;
  }
  const rules = [...new Set(tries.flat().map((problem) => problem.rule))];
  const fixes = [...new Set(tries.flat().map((problem) => problem.fix))];
  return at.fail(rules.length === 1 ? rules[0]! : `must be ${expects}`, fixes.length === 1 ? fixes[0]! : "write it as one of these", value);
}

// A try that already refuses the `type` (or another word that tells kinds apart) is not the one that was meant.
function misfit(problems: readonly Problem[], own: string): number {
  const prefix = own ? `${own}.` : "";
  const missing = problems.some((problem) => problem.rule.startsWith("is required"));
  const unknown = problems.filter((problem) => problem.rule.startsWith("no such field")).length;
  return (problems.some((problem) => problem.field === `${prefix}type`) ? 100 : 0) + (missing ? 20 : 0) + unknown * 2;
}

const some = (names: readonly string[]): string =>
  (names.length > 6 ? `${names.slice(0, 6).join(", ")}, …` : names.join(", ")) || "no fields";
