// Who holds a stage: written into the lock's document, so that others can say it, and know when that process is dead.
import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { z } from "zod";

const Holder = z.object({
  by: z.string(),
  host: z.string(),
  /** The machine as it has run since it was last started; absent where that cannot be told. */
  machine: z.string().optional(),
  pid: z.int(),
  since: z.iso.datetime({ offset: true }),
  /** Id of the blob lease: whoever knows that its holder is dead may end it. */
  lease: z.string(),
});
export type Holder = Readonly<z.infer<typeof Holder>>;

/** This process. */
export function holderHere(by: string, lease: string): Holder {
  const machine = machineHere();
  return { by, host: hostname(), ...(machine ? { machine } : {}), pid: process.pid, since: new Date().toISOString(), lease };
}

/** Reads a lock's document; undefined for anything else, such as one that was made a moment ago. */
export function holderIn(text: string): Holder | undefined {
  try {
    return Holder.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** True when the process ran on this very machine and is not there any more. */
export function isDead({ machine, host, pid }: Holder): boolean {
  if (machine === undefined || machine !== machineHere() || host !== hostname()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

export const nameOf = ({ by, host, pid, since }: Holder): string =>
  `${by} on ${host} (process ${pid}) since ${since.slice(0, 19).replace("T", " ")}`;

/**
 * Names of machines repeat (runners of pipelines often have the same), and so do process numbers: this is the boot of the machine, and on Linux the
 * namespace that its process numbers are of.
 */
function machineHere(): string | undefined {
  try {
    switch (process.platform) {
      case "linux":
        return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${readlinkSync("/proc/self/ns/pid")}`;
      case "darwin":
        return execFileSync("sysctl", ["-n", "kern.bootsessionuuid"], { encoding: "utf8" }).trim();
      default:
        return undefined;
    }
  } catch {
    return undefined;
  }
}
