// Which operation of which official client works against the sandbox: files that the clients' tests keep and docs/sandbox.md shows.
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";

const folder = path.join(import.meta.dirname, "coverage");

/** What one test file saw of one client. */
export interface Coverage {
  /** As the client's users call it: `az`, `azure-ai-ml`. */
  readonly client: string;
  readonly version: string;
  /** By operation (`group create`, `data.create_or_update`): `works`, or `refused: ` and what the sandbox said. */
  readonly operations: Readonly<Record<string, string>>;
}

/** What a client could do of what concerns the sandbox, tried or not. */
export interface Inventory {
  readonly client: string;
  readonly version: string;
  readonly all: readonly string[];
}

/** The operations that a test file meets, with their outcome. */
export class Notes {
  readonly operations: Record<string, string> = {};

  /** `note` is an operation, and behind a colon what of it was tried: `data.create_or_update: 70 MB`. */
  works(note: string): void {
    this.operations[note.split(":")[0]!] ??= "works";
  }

  /** The sandbox does not model it and says so. What is refused in part has that part behind a colon. */
  refused(note: string, said: string): void {
    this.operations[note] = `refused: ${said}`;
  }
}

/**
 * What is kept under the name, and what ought to be: a test compares the two. With MLOPS_RECORD=1 the second is kept; after that
 * `npx node test/clients/table.ts` writes the table.
 */
export function kept(name: string, seen: Coverage | Inventory): [kept: unknown, seen: unknown] {
  const file = path.join(folder, `${name}.json`);
  const sorted =
    "all" in seen
      ? { ...seen, all: [...new Set(seen.all)].toSorted() }
      : { ...seen, operations: Object.fromEntries(Object.entries(seen.operations).toSorted(([a], [b]) => (a < b ? -1 : 1))) };
  if (process.env["MLOPS_RECORD"] === "1") writeFileSync(file, `${JSON.stringify(sorted, null, 2)}\n`);
  return [existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined, sorted];
}

export function readKept(): { coverage: Coverage[]; inventories: Inventory[] } {
  const all = readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .toSorted()
    .map((name) => JSON.parse(readFileSync(path.join(folder, name), "utf8")) as Coverage | Inventory);
  return {
    coverage: all.filter((one): one is Coverage => "operations" in one),
    inventories: all.filter((one): one is Inventory => "all" in one),
  };
}
