// What a check of `mlops doctor` is: data and one question, asked beside all others; what it found; and how they are asked.
import { AzureError } from "../../../azure/errors.ts";
import { Blocked } from "./blocked.ts";
import type { Subject } from "./subject.ts";

export type State = "ok" | "warn" | "fail" | "skip";

export interface Finding {
  readonly state: State;
  /** One plain sentence: the value and the rule. */
  readonly found: string;
  /** What to do about it, as a command where there is one. */
  readonly fix?: string;
  /** A soft-deleted name that `--recover` or `--purge` acts on. */
  readonly deleted?: DeletedName;
}

/** Something deleted that keeps a name of the stage. */
export interface DeletedName {
  readonly kind: string;
  readonly name: string;
  /** Id that it had. */
  readonly id: string;
  /** Undefined: cannot be recovered (purged) by this stage. */
  readonly recover?: () => Promise<void>;
  readonly purge?: () => Promise<void>;
}

export interface Check {
  /** One or two words. */
  readonly name: string;
  /** Which stacks have it; default: all. */
  readonly stacks?: readonly string[];
  /** @throws Blocked when what it needs is not there; AzureError: told as a finding */
  readonly run: (subject: Subject) => Promise<Finding | readonly Finding[]>;
}

export const ok = (found: string): Finding => ({ state: "ok", found });
export const warn = (found: string, fix: string): Finding => ({ state: "warn", found, fix });
export const fail = (found: string, fix: string): Finding => ({ state: "fail", found, fix });
export const skip = (found: string): Finding => ({ state: "skip", found });

export interface Checked extends Finding {
  readonly check: string;
}

/** Asks everything at once; what cannot be asked is a finding too. In the order of the checks. */
export async function examine(subject: Subject, checks: readonly Check[]): Promise<Checked[]> {
  const mine = checks.filter(({ stacks }) => stacks === undefined || stacks.includes(subject.stage));
  const all = await Promise.all(
    mine.map(async (check) => [await answered(subject, check)].flat().map((one) => ({ check: check.name, ...one }))),
  );
  return all.flat();
}

async function answered(subject: Subject, check: Check): Promise<Finding | readonly Finding[]> {
  try {
    return await check.run(subject);
  } catch (error) {
    if (error instanceof Blocked) return skip(`not asked: ${error.message}`);
    if (error instanceof AzureError && (error.status === 401 || error.status === 403))
      return skip(`this sign-in may not ask: ${error.message}`);
    return fail(
      `could not be asked: ${error instanceof Error ? error.message : String(error)}`,
      "Run it again; a 5xx or a timeout is Azure's.",
    );
  }
}
