// From a path to an asset: parse, override, find the kind, check, build the request.
import type { Asset, Kind, Noun } from "./asset.ts";
import { finishBody, type Hashes } from "./body.ts";
import { detectKind } from "./detect.ts";
import type { Files } from "./files.ts";
import { kindOf, withKinds } from "./kinds/index.ts";
import type { AnonymousSource, Build, Draft } from "./kinds/kind.ts";
import { folderOf, joinPath } from "./paths.ts";
import { ProblemsError, type Problem } from "./problems.ts";
import { At, BAD, loadValue, type Scope } from "./schema/field.ts";
import { applySets, parseSet } from "./set.ts";
import { readSource, type Path, type Source } from "./yaml/source.ts";
import { isMap, showValue, type Yaml, type YamlMap } from "./yaml/value.ts";

export interface ReadOptions {
  /** Overrides, each `path.to.field=value`. */
  sets?: readonly string[];
  /** What the file is, when it need not be found out: a kind, or an `az ml` noun such as "job". */
  kind?: Kind | Noun;
  /** Shared by the calls of one run, so that a folder used by many files is hashed once. */
  session?: Session;
}

export type ReadResult = { ok: true; asset: Asset } | { ok: false; problems: readonly Problem[] };

/** What several reads share. Valid as long as no file changes. */
export interface Session {
  readonly hashes: Hashes;
}

export const newSession = (): Session => ({ hashes: new Map() });

/** Reads one `az ml` YAML file. Never throws for what is in the file: all its problems are in the result. */
export const readAsset = (path: string, files: Files, options: ReadOptions = {}): Promise<ReadResult> =>
  withKinds(() => readNow(path, files, options));

function readNow(path: string, files: Files, options: ReadOptions): ReadResult {
  try {
    const sets = (options.sets ?? []).map(parseSet);
    const full = files.resolve(".", path);
    const source = readSource(files, full, path);
    applySets(source, sets);
    return {
      ok: true,
      asset: readSourced(source, full, files, options.session ?? newSession(), { kind: options.kind, anonymous: null, open: [full] }),
    };
  } catch (error) {
    if (error instanceof ProblemsError) return { ok: false, problems: error.problems };
    throw error;
  }
}

interface Reading {
  kind: Kind | Noun | undefined;
  anonymous: AnonymousSource | null;
  /** Files being read, outermost first: one that comes again is a cycle. */
  open: readonly string[];
}

function readSourced(source: Source, full: string, files: Files, session: Session, reading: Reading): Asset {
  const { kind, entity, draft } = draftOf(source, full, files, session, reading);
  return finish(kind, source.file, entity, draft, files, session);
}

function draftOf(
  source: Source,
  full: string,
  files: Files,
  session: Session,
  reading: Reading,
): { kind: Kind; entity: unknown; draft: Draft } {
  const kind = detectKind(source, reading.kind);
  if (typeof kind !== "string") throw new ProblemsError([kind]);
  const definition = kindOf(kind);
  const scope: Scope = { source, base: files.folder(full), files };
  const at = new At(scope);
  const entity = loadValue((reading.anonymous && definition.anonymousField) || definition.field, source.root, at);
  if (entity === BAD || at.problems.length) throw new ProblemsError(sorted(at.problems));
  const build = new Builder(scope, session, reading);
  const draft = definition.build(entity, build);
  // Azure names stand in URLs.
  if (draft.name !== null && /^$|\/|^\.+$/.test(draft.name))
    build.problem(["name"], "must be a name: not empty, without slashes", "change the name", draft.name);
  if (draft.version === "") build.problem(["version"], "may not be empty", "give a version", "");
  if (build.problems.length) throw new ProblemsError(sorted(build.problems));
  return { kind, entity, draft };
}

function finish(kind: Kind, path: string, entity: unknown, draft: Draft, files: Files, session: Session): Asset {
  const { noun } = kindOf(kind);
  const finished = finishBody(draft.body, files, session.hashes);
  const { body, uploads, references, dependencies } = finished;
  const versionGiven = typeof draft.version === "string";
  let derived: string | undefined;
  return {
    kind,
    noun,
    path,
    name: draft.name,
    versionGiven,
    body,
    uploads,
    references,
    dependencies,
    entity,
    get version() {
      return draft.version !== undefined ? draft.version : (derived ??= draft.versionOf?.(finished.hash) ?? finished.hash.slice(0, 16));
    },
  };
}

class Builder implements Build {
  readonly problems: Problem[];
  readonly scope: Scope;
  readonly files: Files;
  readonly anonymous: AnonymousSource | null;
  readonly #session: Session;
  readonly #reading: Reading;

  constructor(scope: Scope, session: Session, reading: Reading, problems: Problem[] = []) {
    this.problems = problems;
    this.scope = scope;
    this.anonymous = reading.anonymous;
    this.files = scope.files;
    this.#session = session;
    this.#reading = reading;
    for (const name of ["absolute", "shown", "problem", "read", "draft", "inFile", "inline"] as const)
      this[name] = this[name].bind(this) as never;
  }

  absolute(path: string): string {
    return this.files.resolve(this.scope.base, path);
  }

  shown(path: string): string {
    return joinPath(folderOf(this.scope.source.file), path);
  }

  problem(path: Path, rule: string, fix: string, value?: unknown): void {
    this.problems.push(this.scope.source.problem(path, rule, fix, value as Yaml | undefined));
  }

  read(path: string, options: { kind: Kind | Noun; at: Path; anonymous?: AnonymousSource }): Asset | null {
    return this.#open(path, options.at, (source, full, open) =>
      readSourced(source, full, this.files, this.#session, { kind: options.kind, anonymous: options.anonymous ?? null, open }),
    );
  }

  draft(path: string, options: { kind: Kind | Noun; at: Path; merge?: YamlMap }): Draft | null {
    return this.#open(path, options.at, (source, full, open) => {
      if (options.merge) source.root = merged(source.root, options.merge);
      return draftOf(source, full, this.files, this.#session, { kind: options.kind, anonymous: null, open }).draft;
    });
  }

  /** Another file, with its faults kept as this one's; null where it has any. */
  #open<T>(path: string, at: Path, use: (source: Source, full: string, open: readonly string[]) => T): T | null {
    const full = this.absolute(path);
    if (this.#reading.open.includes(full)) {
      this.problem(
        at,
        `is a cycle: ${[...this.#reading.open.slice(this.#reading.open.indexOf(full)), full].map(lastPart).join(" → ")}`,
        "let no file contain itself",
        path,
      );
      return null;
    }
    if (!this.files.stat(full)) {
      this.problem(at, `no such file: ${full}`, "correct the path; it is taken from the folder of this file", path);
      return null;
    }
    try {
      return use(readSource(this.files, full, this.shown(path)), full, [...this.#reading.open, full]);
    } catch (error) {
      if (!(error instanceof ProblemsError)) throw error;
      this.problems.push(...error.problems);
      return null;
    }
  }

  inFile(scope: Scope): Build {
    return new Builder(scope, this.#session, this.#reading, this.problems);
  }

  inline(kind: Kind, entity: unknown, draft: Draft): Asset {
    return finish(kind, this.scope.source.file, entity, draft, this.files, this.#session);
  }
}

/** Mappings are merged key by key; anything else is replaced. */
function merged(base: Yaml, changes: Yaml): Yaml {
  if (!isMap(base) || !isMap(changes)) return changes;
  return new Map([...base, ...[...changes].map(([key, value]) => [key, merged(base.get(key) ?? null, value)] as const)]);
}

const lastPart = (path: string): string => showValue(path.split(/[/\\]/).at(-1)).replaceAll('"', "");

function sorted(problems: readonly Problem[]): Problem[] {
  const unique = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  return [...unique.values()].toSorted((a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column);
}
