// Finds uv and runs it, with an environment that carries what reaches a package index and no credential of any cloud.
import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** What uv said; `code` is 0 when it did what it was asked. */
export interface UvResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The uv to use: `MLOPS_UV`, else the checkout's own, else the one on PATH. Throws with the fix when there is none. */
export function findUv(): string {
  const own = fileURLToPath(new URL("../../.tools/uv/bin/uv", import.meta.url));
  const candidates = [process.env.MLOPS_UV, own, ...(process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "uv"))];
  for (const candidate of candidates) {
    if (!candidate) continue;
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      continue;
    }
  }
  throw new Error("uv is not there: run the project's setup (npm start), install uv, or set MLOPS_UV to its path");
}

/** Runs uv to its end; throws unless `accept` says that a failure is the caller's to read. */
export async function runUv(
  args: readonly string[],
  options: { cwd?: string; accept?: boolean; onLine?: (line: string) => void; signal?: AbortSignal; without?: string },
): Promise<UvResult> {
  const child = spawn(findUv(), args, {
    cwd: options.cwd,
    env: uvEnvironment(options.without),
    stdio: ["ignore", "pipe", "pipe"],
    signal: options.signal,
    killSignal: "SIGKILL",
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    for (const line of text.split("\n")) if (line.trim() !== "") options.onLine?.(line.trimEnd());
  });
  const code = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve(status ?? 137));
  });
  if (code !== 0 && !options.accept) throw new Error(`uv ${args.slice(0, 2).join(" ")} failed (${code}): ${stderr.trim().slice(-2000)}`);
  return { code, stdout, stderr };
}

const kept =
  /^(PATH|HOME|TMPDIR|LANG|LC_\w+|UV_\w+|https?_proxy|no_proxy|all_proxy|HTTPS?_PROXY|NO_PROXY|ALL_PROXY|SSL_CERT_(FILE|DIR)|XDG_CACHE_HOME|USERPROFILE|SYSTEMROOT)$/;

/** @param without a certificate file that uv must not trust alone (the sandbox's own CA reaches no package index) */
function uvEnvironment(without: string | undefined): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined && kept.test(name)) environment[name] = value;
  if (without && environment.SSL_CERT_FILE === without) delete environment.SSL_CERT_FILE;
  const { PIP_INDEX_URL, PIP_EXTRA_INDEX_URL } = process.env;
  if (PIP_INDEX_URL) environment.UV_DEFAULT_INDEX ??= PIP_INDEX_URL;
  if (PIP_EXTRA_INDEX_URL) environment.UV_INDEX ??= PIP_EXTRA_INDEX_URL;
  return { ...environment, UV_PYTHON_DOWNLOADS: "never", UV_NO_PROGRESS: "1", UV_NO_CONFIG: "1", NO_COLOR: "1" };
}
