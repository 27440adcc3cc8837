// Runs Python scripts of official clients as a user does whose shell `mlops sandbox env` prepared.
import { spawnSync } from "node:child_process";

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script with nothing of this process's Azure variables, and `env` instead. */
export function runPython(
  python: string,
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string,
  minutes = 4,
): Ran {
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AZURE|ARM)_/.test(name)));
  const done = spawnSync(python, [script, ...args], {
    env: { ...own, ...env, PYTHONDONTWRITEBYTECODE: "1" },
    cwd,
    encoding: "utf8",
    timeout: minutes * 60_000,
  });
  if (done.error) throw done.error;
  return { status: done.status, stdout: done.stdout, stderr: done.stderr };
}
