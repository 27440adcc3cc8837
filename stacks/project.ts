// Reads the project folder: the YAML files that a stack needs, with all their problems told at once.
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { RunError } from "@pulumi/pulumi/errors.js";
import { contentHash, findAll, findFile, formatProblem, newSession, readAsset, uploadFiles } from "../assets/index.ts";
import type { Asset, Collection, Noun, Role, Upload } from "../assets/index.ts";
import { diskFiles } from "../release/files.ts";

/** What of an upload there is to know before anything is sent. */
export type LocalData = Pick<Upload, "localPath" | "hash" | "files">;

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
  async read(path: string, noun: Noun, sets: readonly string[] = []): Promise<Asset | undefined> {
    const result = await readAsset(join(this.folder, path), this.#files, { kind: noun, sets: [...sets], session: this.#session });
    if (result.ok) return result.asset;
    this.#problems.push(...result.problems.map(formatProblem));
    return undefined;
  }

  /** Every file of a collection, in order of the paths. */
  async readAll(collection: Collection, noun: Noun): Promise<Asset[]> {
    const assets: Asset[] = [];
    for (const path of findAll(collection, this.#files.resolve(".", this.folder), this.#files)) {
      const asset = await this.read(path, noun);
      if (asset) assets.push(asset);
    }
    return assets;
  }

  /** The file of a role; undefined where there is none, and that is a problem unless the project may do without. */
  find(role: Role, { optional = false } = {}): string | undefined {
    const found = findFile(role, this.#files.resolve(".", this.folder), this.#files);
    if ("path" in found) return found.path;
    if (!optional || found.several) this.#problems.push(`${this.folder}: ${found.none}`);
    return undefined;
  }

  has(path: string): boolean {
    return existsSync(join(this.#root, this.folder, path));
  }

  /** A file that goes to Azure as data. */
  data(path: string): LocalData {
    const localPath = join(this.#root, this.folder, path);
    const files = uploadFiles(this.#files, localPath);
    return { localPath, files, hash: contentHash(this.#files, files) };
  }

  /** The text of a file that is no asset. */
  text(path: string): string {
    return readFileSync(join(this.#root, this.folder, path), "utf8");
  }

  /** What is wrong with the files besides what reading them tells. */
  refuse(problem: string): void {
    this.#problems.push(problem);
  }

  /** @throws RunError with every problem of the files read so far */
  check(): void {
    if (this.#problems.length > 0)
      throw new RunError(`${this.#problems.length === 1 ? "A file is" : "Files are"} wrong\n${[...new Set(this.#problems)].join("\n")}`);
  }
}
