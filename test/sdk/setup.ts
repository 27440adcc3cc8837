// The Python environment of the differential tests: made once, kept under .tools/test-sdk.
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

/** The release of the official SDK that `assets/` is compared with. */
export const SDK_VERSION = "1.35.2";

const ROOT = path.resolve(import.meta.dirname, "../..");
const HOME = path.join(ROOT, ".tools/test-sdk");

/** Path of a Python with the SDK; installs it when it is not there (some 30 s). Throws with uv's words when that fails. */
export function sdkPython(): string {
  const python = path.join(HOME, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  const stamp = path.join(HOME, ".azure-ai-ml");
  // Written last, so that a setup that was killed is done again.
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === SDK_VERSION && fs.existsSync(python)) return python;
  const uv = uvProgram();
  run(uv, ["venv", "--quiet", "--allow-existing", HOME]);
  run(uv, ["pip", "install", "--quiet", "--python", python, `azure-ai-ml==${SDK_VERSION}`]);
  fs.writeFileSync(stamp, SDK_VERSION);
  return python;
}

function uvProgram(): string {
  const own = path.join(ROOT, ".tools/uv/bin/uv");
  return fs.existsSync(own) ? own : "uv";
}

function run(program: string, args: readonly string[]): void {
  const done = spawnSync(program, args, { encoding: "utf8" });
  if (done.error) throw new Error(`${program} cannot be started (${done.error.message}); npm test installs uv under .tools/uv`);
  if (done.status !== 0) throw new Error(`${program} ${args.join(" ")} failed:\n${done.stderr}`);
}

export interface Asked {
  path: string;
  /** Noun of `az ml`. */
  kind: string;
  sets?: readonly (readonly [string, string])[];
}

export interface Answer {
  path: string;
  ok: boolean;
  /** Where the SDK sent it. */
  url?: string;
  body?: Record<string, unknown>;
  /** What it registered before. */
  also?: { url: string; body: Record<string, unknown> }[];
  error?: string;
}

/** What the SDK sends for each file; one Python process for all. */
export function askSdk(asked: readonly Asked[]): Answer[] {
  const out = execFileSync(sdkPython(), [path.join(import.meta.dirname, "oracle.py")], {
    input: JSON.stringify(asked),
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["pipe", "pipe", "ignore"],
  });
  return out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Answer);
}
