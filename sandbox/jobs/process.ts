// Starts a command as a process group of its own that ends with the sandbox: no child outlives a step, a cancel, or a kill -9 of the sandbox.
import { spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";

/** How a group ended: an exit code, or the signal that ended it. */
export interface Ending {
  readonly code: number;
  readonly signal: string | undefined;
}

export interface Group {
  readonly pid: number;
  /** Resolves when the command has ended and nothing of its group is left. */
  readonly ended: Promise<Ending>;
  /** Asks the group to end (SIGTERM), and ends it (SIGKILL) after the grace time. */
  stop(graceMilliseconds: number): void;
}

/** Names the step in its processes' environment, so that those which left the group are found too (Linux). */
export const stepMark = "MLOPS_SANDBOX_STEP";

// The command runs below a shell that also holds one end of a pipe: when the sandbox dies, however it dies, the pipe
// closes and the shell's watcher kills the group. The loop keeps the command's own exit code through a SIGTERM.
const guard = `
exec 3<&0 </dev/null
( trap '' TERM INT HUP; read -r _ <&3; kill -KILL 0 ) >/dev/null 2>&1 &
bash -c "$1" 3<&- &
child=$!
trap : TERM INT HUP
while :; do wait "$child"; code=$?; kill -0 "$child" 2>/dev/null || break; done
exit $code
`;

/**
 * Runs `command` by bash, as Azure ML does.
 * @param output file descriptor that gets stdout and stderr
 * @param mark value of {@link stepMark} for the command's environment
 */
export function startGroup(command: string, options: { cwd: string; env: Record<string, string>; output: number; mark: string }): Group {
  const child = spawn("bash", ["-c", guard, "step", command], {
    cwd: options.cwd,
    env: { ...options.env, [stepMark]: options.mark },
    stdio: ["pipe", options.output, options.output],
    detached: true,
  });
  child.stdin?.on("error", () => {});
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<Ending>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      signalGroup(child.pid, "SIGKILL");
      endMarked(options.mark);
      resolve({ code: code ?? 128 + 9, signal: signal ?? (code !== null && code > 128 ? `signal ${code - 128}` : undefined) });
    });
  });
  return {
    pid: child.pid ?? 0,
    ended,
    stop(grace) {
      signalGroup(child.pid, "SIGTERM");
      timer ??= setTimeout(() => {
        signalGroup(child.pid, "SIGKILL");
        endMarked(options.mark);
      }, grace);
    },
  };
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (!pid) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // nothing of the group is left
  }
}

/**
 * Ends every process of this machine that carries the mark in its environment: those that made a session of their own,
 * and those of a step whose sandbox died. Only where /proc exists; elsewhere the group and the pipe have to do.
 */
export function endMarked(mark: string): number {
  const wanted = `${stepMark}=${mark}`;
  let count = 0;
  let entries: string[];
  try {
    entries = readdirSync("/proc");
  } catch {
    return 0;
  }
  for (const entry of entries) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    try {
      if (!readFileSync(`/proc/${entry}/environ`, "latin1").split("\0").includes(wanted)) continue;
      process.kill(Number(entry), "SIGKILL");
      count++;
    } catch {
      // ended meanwhile, or not ours to read
    }
  }
  return count;
}
