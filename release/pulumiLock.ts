// The lock that a Pulumi run has on its stack: whose it is, and what may be done about one that is in the way.
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { hostname } from "node:os";
import { fileURLToPath } from "node:url";
import { CommandError } from "./command.ts";

/** Another run has the stack, and it cannot be told from here whether that run still goes on. Nothing was changed. */
export class StackLocked extends CommandError {}

/** A lock of the backends that keep state in files or blobs, as Pulumi prints it. */
export interface StackLock {
  /** Address of the lock itself, such as `file:///…/prod/….json`. */
  readonly address: string;
  readonly user: string;
  readonly host: string;
  readonly pid: number;
  readonly since: string;
}

/** The locks that Pulumi names when it refuses; none when it refused for another reason. */
export function locksIn(said: string): StackLock[] {
  if (!/currently locked by/.test(said)) return [];
  const found = [...said.matchAll(/^\s*(\S+): created by (\S+)@(\S+) \(pid (\d+)\) at (\S+)/gm)];
  return found.map(([, address, user, host, pid, since]) => ({
    address: address!,
    user: user!,
    host: host!,
    pid: Number(pid),
    since: since!,
  }));
}

/**
 * What to do about locks. `waits`: a run of this machine goes on. `dead`: it was killed here, so the lock means nothing. `elsewhere`: the run is
 * or was on another machine, about which nothing is known.
 */
export function standing(locks: readonly StackLock[]): "waits" | "dead" | "elsewhere" {
  if (locks.some(({ host }) => host !== hostname())) return "elsewhere";
  return locks.some(({ pid }) => isPulumi(pid)) ? "waits" : "dead";
}

/** Takes away the locks of runs that were killed here. False where only `pulumi cancel` can do that. */
export function removed(locks: readonly StackLock[]): boolean {
  if (!locks.every(({ address }) => address.startsWith("file://"))) return false;
  // Each by its own name: another run may have taken the stack meanwhile, and its lock must stay.
  for (const { address } of locks) rmSync(fileURLToPath(address), { force: true });
  return true;
}

/** Tells the runs of this machine to stop, as Ctrl-C would: Pulumi ends what is under way and keeps its state. */
export function interrupt(locks: readonly StackLock[]): void {
  for (const { pid } of locks) if (isPulumi(pid)) process.kill(pid, "SIGINT");
}

export function lockedElsewhere(stack: string, locks: readonly StackLock[]): StackLocked {
  const who = locks.map(({ user, host, pid, since }) => `${user}@${host} (process ${pid}) since ${since}`).join(", ");
  return new StackLocked(
    `stack ${stack} is locked by ${who}`,
    `Look whether that run still goes on. If it was killed: pulumi cancel --stack ${stack}, then the same command again. Nothing was changed.`,
  );
}

/** Is this process there, and is it Pulumi? The number of one that ended may belong to another program by now. */
function isPulumi(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  try {
    return /pulumi/.test(execFileSync("ps", ["-p", String(pid), "-o", "comm="], { encoding: "utf8" }));
  } catch {
    // A zombie has no name; a machine without ps leaves it at the number.
    return process.platform === "win32";
  }
}
