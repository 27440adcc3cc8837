// Python environments of tests: made once by uv, kept under .tools, named by what is in them.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "..");

/**
 * Path of a Python in `.tools/{name}` with these packages; installs them when they are not there. Throws with uv's words when
 * that fails.
 */
export function pythonWith(name: string, packages: readonly string[], options: readonly string[] = []): string {
  const home = path.join(root, ".tools", name);
  const python = path.join(home, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  const stamp = path.join(home, "made-from");
  const wanted = packages.join("\n");
  // Written last, so that a setup that was killed is done again.
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted && existsSync(python)) return python;
  const own = path.join(root, ".tools/uv/bin/uv");
  const uv = existsSync(own) ? own : "uv";
  run(uv, ["venv", "--quiet", "--clear", home]);
  run(uv, ["pip", "install", "--quiet", "--python", python, ...options, ...packages]);
  writeFileSync(stamp, wanted);
  return python;
}

function run(program: string, args: readonly string[]): void {
  const done = spawnSync(program, args, { encoding: "utf8" });
  if (done.error) throw new Error(`${program} cannot be started (${done.error.message}); npm test installs uv under .tools/uv`);
  if (done.status !== 0) throw new Error(`${program} ${args.join(" ")} failed:\n${done.stderr}`);
}
