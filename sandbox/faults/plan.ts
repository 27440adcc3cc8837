// The faults of a sandbox as a whole: kept in its directory, played by each process that answers calls.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Faults } from "./faults.ts";
import type { FaultCount } from "./faults.ts";
import { FaultList } from "./rule.ts";
import type { FaultRule } from "./rule.ts";

/** A rule and what it has done since the rules were set or the sandbox started. */
export interface FaultState extends FaultCount {
  readonly rule: FaultRule;
}

/** Another process or thread with faults of its own. */
export interface FaultPart {
  /** Reads the rules again. Resolves when every new call goes by them. */
  reload(): Promise<void>;
  counts(): Promise<readonly FaultCount[]>;
}

const file = (dir: string): string => join(dir, "faults.json");

/** The rules kept in a sandbox's directory. What a newer version has left and this one cannot read is no rule. */
export function keptFaults(dir: string): FaultRule[] {
  if (!existsSync(file(dir))) return [];
  return FaultList.safeParse(JSON.parse(readFileSync(file(dir), "utf8"))).data ?? [];
}

/** Keeps the rules; they hold from the next start or reload on. */
export function keepFaults(dir: string, rules: readonly FaultRule[]): void {
  if (rules.length === 0) return rmSync(file(dir), { force: true });
  writeFileSync(`${file(dir)}.new`, JSON.stringify(rules), { mode: 0o600 });
  renameSync(`${file(dir)}.new`, file(dir));
}

/** The faults that one process plays, from the sandbox's directory. */
export class KeptFaults extends Faults {
  readonly #dir: string;

  constructor(dir: string) {
    super();
    this.#dir = dir;
    this.reload();
  }

  reload(): void {
    this.set(keptFaults(this.#dir));
  }
}

export class FaultPlan {
  /** Those of this process. */
  readonly own: KeptFaults;
  readonly #dir: string;
  readonly #parts = new Set<FaultPart>();

  constructor(dir: string) {
    this.#dir = dir;
    this.own = new KeptFaults(dir);
  }

  /** Adds a part for as long as it runs; returns the way to take it out. */
  join(part: FaultPart): () => void {
    this.#parts.add(part);
    return () => this.#parts.delete(part);
  }

  async reload(): Promise<void> {
    this.own.reload();
    await Promise.all([...this.#parts].map((part) => part.reload()));
  }

  async states(): Promise<FaultState[]> {
    const counts = [this.own.counts(), ...(await Promise.all([...this.#parts].map((part) => part.counts())))];
    const sum = (index: number, name: keyof FaultCount): number => counts.reduce((total, one) => total + (one[index]?.[name] ?? 0), 0);
    return keptFaults(this.#dir).map((rule, index) => ({ rule, met: sum(index, "met"), played: sum(index, "played") }));
  }
}
