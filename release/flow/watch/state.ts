// What `mlops watch` remembers, in a folder: one file for each model version, and the address that it is called at.
import { randomBytes, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { WatchedModel } from "../../core/watched.ts";

interface Address {
  readonly port: number;
  /** Part of the address that nobody can guess. */
  readonly path: string;
}

export class WatchState {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(join(dir, "models"), { recursive: true, mode: 0o700 });
  }

  /** Nobody has watched here before. */
  get isNew(): boolean {
    return !existsSync(join(this.#dir, "address.json"));
  }

  /** The kept address; port 0 the first time. */
  get address(): Address {
    if (this.isNew) return { port: 0, path: randomBytes(16).toString("hex") };
    return JSON.parse(readFileSync(join(this.#dir, "address.json"), "utf8")) as Address;
  }

  keepAddress(address: Address): void {
    this.#write("address.json", address);
  }

  all(): WatchedModel[] {
    const files = readdirSync(join(this.#dir, "models")).filter((file) => file.endsWith(".json"));
    return files.map((file) => WatchedModel.parse(JSON.parse(readFileSync(join(this.#dir, "models", file), "utf8"))));
  }

  /** Notes a model version; one that is known stays as it is. True: it is new. */
  add(name: string, version: string, state: "pending" | "before"): boolean {
    if (existsSync(join(this.#dir, fileOf({ name, version })))) return false;
    this.save({ name, version, state, done: [], at: new Date().toISOString() });
    return true;
  }

  save(model: WatchedModel): void {
    this.#write(fileOf(model), model);
  }

  /** Where the release's manifest lies between the steps. */
  manifest({ name, version }: Pick<WatchedModel, "name" | "version">): string {
    return join(this.#dir, `${name}-${version}.release.json`);
  }

  #write(file: string, value: unknown): void {
    const fresh = join(this.#dir, `${randomUUID()}.new`);
    writeFileSync(fresh, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
    renameSync(fresh, join(this.#dir, file));
  }
}

const fileOf = ({ name, version }: Pick<WatchedModel, "name" | "version">): string => join("models", `${name}:${version}.json`);
