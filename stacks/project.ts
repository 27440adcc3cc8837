// Reads the project folder: the YAML files that a stack needs, with all their problems told at once.
import { existsSync, globSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { RunError } from "@pulumi/pulumi/errors.js";
import { formatProblem, newSession, readAsset } from "../assets/index.ts";
import type { Asset, Noun } from "../assets/index.ts";
import { diskFiles } from "../release/files.ts";

/** A project folder (`project/` unless the stack's config names another). */
export class Project {
  readonly folder: string;
  readonly #root = resolve(import.meta.dirname, "..");
  readonly #files = diskFiles(this.#root);
  readonly #session = newSession();
  readonly #problems: string[] = [];

  constructor(folder: string) {
    this.folder = folder;
    if (!existsSync(join(this.#root, folder))) {
      throw new RunError(`azure-mlops:project is "${folder}": there is no such folder in ${this.#root}; create it, or name another`);
    }
  }

  /** A file that has to be there and be right; undefined when it is not (`check` tells). */
  read(path: string, noun: Noun, sets: readonly string[] = []): Asset | undefined {
    const result = readAsset(join(this.folder, path), this.#files, { kind: noun, sets: [...sets], session: this.#session });
    if (result.ok) return result.asset;
    this.#problems.push(...result.problems.map(formatProblem));
    return undefined;
  }

  /** A file that a project may have or not. */
  readIfThere(path: string, noun: Noun): Asset | undefined {
    return this.paths(path).length > 0 ? this.read(path, noun) : undefined;
  }

  /** Every file that fits a pattern, in order of the paths; `where` looks at the path and the text of each. */
  readAll(pattern: string, noun: Noun, where: (path: string, text: string) => boolean = () => true): Asset[] {
    return this.paths(pattern)
      .filter((path) => where(path, this.text(path)))
      .flatMap((path) => this.read(path, noun) ?? []);
  }

  /** Paths below the folder that fit a pattern. */
  paths(pattern: string): string[] {
    const folder = join(this.#root, this.folder);
    return globSync(pattern, { cwd: folder })
      .toSorted()
      .map((path) => relative(folder, join(folder, path)).replaceAll("\\", "/"));
  }

  /** The text of a file that is no asset. */
  text(path: string): string {
    const full = join(this.#root, this.folder, path);
    if (existsSync(full)) return readFileSync(full, "utf8");
    this.#problems.push(`${join(this.folder, path)}:1:1: no such file. Fix: add it`);
    return "";
  }

  /** @throws RunError with every problem of the files read so far */
  check(): void {
    if (this.#problems.length > 0)
      throw new RunError(`${this.#problems.length === 1 ? "A file is" : "Files are"} wrong\n${[...new Set(this.#problems)].join("\n")}`);
  }
}
