// Commands that a benchmark cannot go on without.
import type { Ran } from "../test/checkout.ts";

/** The run, which has to have ended well. @throws Error with the end of what it said */
export function must(ran: Ran): Ran {
  if (ran.code !== 0) throw new Error(`exit code ${ran.code}\n${ran.stderr.slice(-3000)}\n${ran.stdout.slice(-2000)}`);
  return ran;
}

/** What it printed under `--json`. */
export const json = (ran: Ran): unknown => JSON.parse(must(ran).stdout);
