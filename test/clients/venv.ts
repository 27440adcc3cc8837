// Python environments with the official clients, made once by uv and kept under .tools.
import { spawnSync } from "node:child_process";
import { sdkPython } from "../sdk/setup.ts";

/** A Python with `azure-ai-ml` and `azure-identity`, as the differential tests of `assets/` use it. */
export function azureMlPython(): string {
  return sdkPython();
}

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
): Ran {
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AZURE|ARM)_/.test(name)));
  const done = spawnSync(python, [script, ...args], {
    env: { ...own, ...env, PYTHONDONTWRITEBYTECODE: "1" },
    cwd,
    encoding: "utf8",
    timeout: 240_000,
  });
  if (done.error) throw done.error;
  return { status: done.status, stdout: done.stdout, stderr: done.stderr };
}
