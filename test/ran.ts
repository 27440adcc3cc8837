// What tests of whole commands share: how a command ended, what it said, and moments in what it says meanwhile.
import { expect } from "@jest/globals";
import { execFileSync } from "node:child_process";
import type { Ran } from "./checkout.ts";

export const minutes = 60_000;

/** The run, which has to have ended well. */
export function succeeded(ran: Ran): Ran {
  if (ran.code !== 0) throw new Error(`exit code ${ran.code}\n${ran.stderr.slice(-6000)}\n${ran.stdout.slice(-2000)}`);
  return ran;
}

/** The command ended with this code and said why. */
export function refused(ran: Ran, reason: RegExp, code = 1): void {
  expect({ code: ran.code, said: ran.stdout + ran.stderr }).toEqual({ code, said: expect.stringMatching(reason) });
}

/** What a command printed under `--json`. */
export const json = (ran: Ran): unknown => JSON.parse(succeeded(ran).stdout);

/** Looks until it has happened; fails after three minutes. */
export async function until(what: string, happened: () => boolean): Promise<void> {
  const deadline = Date.now() + 3 * minutes;
  while (!happened()) {
    if (Date.now() > deadline) throw new Error(`never seen: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Ends a command at once: the launcher, and the process that it waits for. What that one has started goes on by itself. */
export function killed(pid: number): void {
  const children = execFileSync("pgrep", ["-P", String(pid)], { encoding: "utf8" })
    .trim()
    .split("\n");
  for (const one of [...children, String(pid)]) process.kill(Number(one), "SIGKILL");
}
