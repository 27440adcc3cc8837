// `mlops check`: everything that can be said of the code without running it.
import { spawn } from "node:child_process";
import { type Call, type Command, CommandError } from "../command.ts";

interface Check {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

const checks: readonly Check[] = [
  { name: "types", command: ["tsc", "-p", "."] },
  { name: "lint and walls", command: ["oxlint", "--type-aware", "--quiet"] },
  { name: "format", command: ["oxfmt", "--check", "."] },
];

const fixes: readonly Check[] = [
  { name: "lint", command: ["oxlint", "--type-aware", "--quiet", "--fix"] },
  { name: "format", command: ["oxfmt", "."] },
];

export async function runChecks(call: Pick<Call, "repo" | "out">, list: readonly Check[] = checks): Promise<void> {
  const failed: string[] = [];
  for (const { name, command } of list) {
    const began = performance.now();
    const code = await passThrough(call.repo, command);
    call.out.progress(
      `${code === 0 ? "ok    " : "FAILED"} ${name} (${command.join(" ")}), ${((performance.now() - began) / 1000).toFixed(1)} s`,
    );
    if (code !== 0) failed.push(name);
  }
  if (failed.length > 0) throw new CommandError(`failed: ${failed.join(", ")}`, "`npm run fix` repairs format and what the linter can.");
}

/** Runs a program with this process's terminal; resolves to its exit code. */
export function passThrough(cwd: string, command: readonly [string, ...string[]], env = process.env): Promise<number> {
  return new Promise((resolve, reject) => {
    const [program, ...args] = command;
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", "inherit", "inherit"] });
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

export const check: Command = {
  name: "check",
  summary: "types, lint with the walls between the rooms, format",
  examples: ["npm run check"],
  run: (call) => runChecks(call),
};

export const fix: Command = {
  name: "fix",
  summary: "repair format and what the linter can repair",
  examples: ["npm run fix"],
  run: (call) => runChecks(call, fixes),
};
