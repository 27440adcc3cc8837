// The Python environment of the differential tests: made once, kept under .tools/test-sdk.
import { execFileSync } from "node:child_process";
import path from "node:path";
import { pythonWith } from "../python.ts";

/** The release of the official SDK that `assets/` is compared with. */
export const SDK_VERSION = "1.35.2";

/** Path of a Python with the SDK; installs it when it is not there (some 30 s). Throws with uv's words when that fails. */
export const sdkPython = (): string => pythonWith("test-sdk", [`azure-ai-ml==${SDK_VERSION}`]);

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
