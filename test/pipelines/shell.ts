// Runs a command as a pipeline's shell would, to its end.
import { spawn } from "node:child_process";
import type { Ran } from "../checkout.ts";

/** @param command a line for `sh -c`, or a program with its arguments */
export function shell(cwd: string, command: string | readonly [string, ...string[]], env: NodeJS.ProcessEnv): Promise<Ran> {
  const [program, ...args] = typeof command === "string" ? (["/bin/sh", "-c", command] as const) : command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString("utf8")));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString("utf8")));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, stdout, stderr }));
  });
}
