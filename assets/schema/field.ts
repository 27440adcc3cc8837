// What a field of a schema is, and the place at which one is read. Follows marshmallow, the schema library of the SDK.
import type { Files } from "../files.ts";
import type { Problem } from "../problems.ts";
import type { Path, Source } from "../yaml/source.ts";
import type { Yaml } from "../yaml/value.ts";

/** Said by a field that refused its value; the reason is in the problems of its place. */
export const BAD: unique symbol = Symbol("bad");
export type Bad = typeof BAD;

/** Reads one value. Never throws for what a user wrote: it reports at the place and answers {@link BAD}. */
export interface Field<T = unknown> {
  /** What it takes, as the end of "must be …". */
  readonly expects: string;
  /** Must be there. */
  readonly required?: boolean;
  /** May be null. Without it `key:` with nothing behind is refused, as by the SDK. */
  readonly nullable?: boolean;
  /** Filled by Azure: accepted and dropped. */
  readonly readOnly?: boolean;
  load(value: Yaml, at: At): T | Bad;
}

export type Loaded<F> = F extends Field<infer T> ? T : never;

/** Everything that stays the same while one file is read. */
export interface Scope {
  readonly source: Source;
  /** Folder that relative paths of the file are taken from. */
  readonly base: string;
  readonly files: Files;
}

/** A place in a file: where a field reports what is wrong with its value. */
export class At {
  readonly scope: Scope;
  readonly path: Path;
  readonly problems: Problem[];

  constructor(scope: Scope, path: Path = [], problems: Problem[] = []) {
    this.scope = scope;
    this.path = path;
    this.problems = problems;
  }

  /** The place of a value inside this one. */
  child(step: string | number): At {
    return new At(this.scope, [...this.path, step], this.problems);
  }

  /** The same place with problems of its own, to try something. */
  trial(): At {
    return new At(this.scope, this.path, []);
  }

  fail(rule: string, fix: string, value?: Yaml, part: "key" | "value" = "value"): Bad {
    this.problems.push(this.scope.source.problem(this.path, rule, fix, value, part));
    return BAD;
  }
}

/** Makes a field required. */
export const required = <F extends Field>(field: F): F & { readonly required: true } => ({ ...field, required: true });
/** Lets a field be null. */
export const nullable = <T>(field: Field<T>): Field<T | null> => ({ ...field, nullable: true });
/** A field that Azure fills: accepted in the file, never sent. */
export const readOnly = <T>(field: Field<T>): Field<T> & { readonly readOnly: true } => ({ ...field, readOnly: true });

/** Reads a value with marshmallow's rule for null. */
export function loadValue<T>(field: Field<T>, value: Yaml, at: At): T | Bad {
  if (value === null) {
    if (field.nullable) return null as T;
    return at.fail(`may not be null; it must be ${field.expects}`, "give a value, or remove the line", value, "key");
  }
  return field.load(value, at);
}
