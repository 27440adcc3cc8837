// Kills a command at a moment: the command alone, as `kill -9` does, or with all that it has started, as a machine that dies.
import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Ran } from "../checkout.ts";
import { killed, minutes } from "../ran.ts";
import type { Scene } from "./scene.ts";

/** The command alone: its `pulumi` goes on without it. All: nothing of it is left. */
export type Extent = "alone" | "all";

/** A text of the command, or something to see elsewhere. */
export type Moment = RegExp | (() => boolean | Promise<boolean>);

/** Runs `mlops …args` and kills it once the moment has come. @throws when it ended before */
export async function killedAt(scene: Pick<Scene, "begin">, extent: Extent, moment: Moment, ...args: string[]): Promise<Ran> {
  const run = scene.begin(...args);
  let ended = false;
  void run.done.then(() => (ended = true));
  const deadline = Date.now() + 3 * minutes;
  while (!(moment instanceof RegExp ? moment.test(run.said()) : await moment())) {
    if (ended || Date.now() > deadline)
      throw new Error(`${args.join(" ")} ${ended ? "ended" : "went on"} before ${String(moment)}\n${run.said().slice(-6000)}`);
    await sleep(20);
  }
  if (extent === "alone") killed(run.pid!);
  else killAll(run.pid!);
  return run.done;
}

/** A process and everything below it; again, for what was being started at that moment. */
function killAll(pid: number): void {
  let known = descendants(pid);
  for (let found = [pid, ...known]; found.length > 0;) {
    for (const one of found) kill(one);
    const now = known.flatMap((one) => descendants(one));
    found = now.filter((one) => !known.includes(one));
    known = [...known, ...found];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has just ended.
  }
}

function descendants(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const line of execFileSync("ps", ["-eo", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n")) {
    const [child, parent] = line.trim().split(/\s+/).map(Number) as [number, number];
    children.set(parent, [...(children.get(parent) ?? []), child]);
  }
  const below = (one: number): number[] => (children.get(one) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(pid);
}
