// What a kind of file is: its schema and how its entity becomes a request. A new kind is one file that exports this, and a test.
import type { Asset, Dependency, Kind, Noun } from "../asset.ts";
import type { Files } from "../files.ts";
import type { Field, Scope } from "../schema/field.ts";
import type { Path } from "../yaml/source.ts";
import type { YamlMap } from "../yaml/value.ts";

/** A component out of a file of its own, or out of the file of its pipeline. */
export type AnonymousSource = "YAML.COMPONENT" | "YAML.JOB";

/** What a body is built with besides the entity. */
export interface Build {
  readonly scope: Scope;
  readonly files: Files;
  /** Absolute path of something the file names by a relative path. */
  absolute(path: string): string;
  /** The same path as the body shows it: relative to where the file's own path is relative to. */
  shown(path: string): string;
  /** Set when the file is read as part of another and its name does not count: how the SDK marks where it came from. */
  readonly anonymous: AnonymousSource | null;
  /** Reports a fault that only building shows. */
  problem(path: Path, rule: string, fix: string, value?: unknown): void;
  /** Reads another file as part of this one (a pipeline's component); null after its problems were reported. */
  read(path: string, options: { kind: Kind | Noun; at: Path; anonymous?: AnonymousSource }): Asset | null;
  /** Reads another file whose request stands inside this one's, with changes to its fields; null after its problems were reported. */
  draft(path: string, options: { kind: Kind | Noun; at: Path; merge?: YamlMap }): Draft | null;
  /** The same build for something that was read from another file. */
  inFile(scope: Scope): Build;
  /** Makes an asset of a part of this file (an inline environment). */
  inline(kind: Kind, entity: unknown, draft: Draft): Dependency["asset"];
}

/** What a kind makes of an entity. The body may hold marks (see body.ts). */
export interface Draft {
  name: string | null;
  /** Undefined: derived from the content. Null: none, or counted up by Azure. */
  version?: string | null;
  body: Record<string, unknown>;
  /** Makes a version of the body's hash (64 hex digits) where none is given; the first 16 digits unless it is set. */
  versionOf?: (hash: string) => string;
}

// oxlint-disable-next-line typescript/no-explicit-any -- the table of kinds holds entities of every type
export interface KindDefinition<E = any> {
  readonly kind: Kind;
  readonly noun: Noun;
  readonly field: Field<E>;
  /** How it is read as part of another file, where that differs. */
  readonly anonymousField?: Field<E>;
  build(entity: E, build: Build): Draft;
}

/** Declares a kind; only there for its types. */
export const defineKind = <E>(kind: KindDefinition<E>): KindDefinition<E> => kind;
