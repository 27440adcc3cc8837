// The sandbox from outside: start, stop, find, describe, reset; for the command line and for tests. Loads nothing heavy.
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { SandboxInfo } from "./main.ts";
import { keepFaults, keptFaults } from "./faults/plan.ts";
import type { FaultState } from "./faults/plan.ts";
import type { FaultRule } from "./faults/rule.ts";
import { alive, askSandbox, sandboxStatus } from "./status.ts";

export { sandboxEnv, unsetFor } from "./environment.ts";
export { sandboxStatus } from "./status.ts";
export type { SandboxStatus } from "./status.ts";
export type { EnvFor } from "./environment.ts";
export { keptFaults } from "./faults/plan.ts";
export type { FaultState } from "./faults/plan.ts";
export type { SandboxInfo };

export interface StartOptions {
  /** `none` (nothing waits) or `azure` (operations take Azure's time, divided by `scale`). */
  readonly profile?: "none" | "azure";
  readonly scale?: number;
  /** What shall go wrong, in place of what was set before; none given: as before. */
  readonly faults?: readonly FaultRule[];
  /** Until it answers; default 30 s. */
  readonly timeoutMs?: number;
  /** Called once when a process is really started. */
  readonly onStart?: () => void;
}

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/[/\\]$/, "");

/** The state directory of this checkout, or `MLOPS_SANDBOX_DIR`. */
export function sandboxDir(): string {
  return resolve(process.env["MLOPS_SANDBOX_DIR"] ?? join(root, ".sandbox"));
}

export function logFile(dir: string): string {
  return join(dir, "sandbox.log");
}

/**
 * Finds the running sandbox or starts one in the background, and waits until it answers. Two calls at once start one.
 * @throws Error with the end of the log when it does not come up.
 */
export async function startSandbox(dir: string, options: StartOptions = {}): Promise<SandboxInfo> {
  if (options.faults) await setFaults(dir, options.faults);
  const before = await sandboxStatus(dir);
  if (before.running) return before.info;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const deadline = Date.now() + (options.timeoutMs ?? 30_000);
  const release = await lock(join(dir, "start.lock"), deadline);
  try {
    const now = await sandboxStatus(dir);
    if (now.running) return now.info;
    options.onStart?.();
    return await launch(dir, options, deadline);
  } finally {
    release();
  }
}

async function launch(dir: string, options: StartOptions, deadline: number): Promise<SandboxInfo> {
  const log = logFile(dir);
  if (existsSync(log) && statSync(log).size > 10_000_000) renameSync(log, `${log}.1`);
  rmSync(join(dir, "sandbox.json"), { force: true });
  const output = openSync(log, "a", 0o600);
  const start = statSync(log).size;
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  const args = [
    "--disable-warning=ExperimentalWarning",
    main,
    "--dir",
    dir,
    "--profile",
    options.profile ?? "none",
    "--scale",
    String(options.scale ?? 1),
  ];
  const child = spawn(nodePath(), args, { detached: true, stdio: ["ignore", output, output], env: ownEnvironment(dir), cwd: dir });
  closeSync(output);
  let ended = false;
  child.once("exit", () => (ended = true));
  child.once("error", () => (ended = true));
  child.unref();
  while (Date.now() < deadline && !ended) {
    const status = await sandboxStatus(dir);
    if (status.running) return status.info;
    await sleep(30);
  }
  const tail = readFileSync(log).subarray(start).toString("utf8").trim().split("\n").slice(-8).join("\n");
  if (!ended && child.pid) process.kill(-child.pid, "SIGKILL");
  throw new Error(`The sandbox ${ended ? "ended while it started" : "did not answer in time"}. End of ${log}:\n${tail}`);
}

/** Keeps these faults in place of all others; a running sandbox goes by them when this resolves. */
export async function setFaults(dir: string, rules: readonly FaultRule[]): Promise<void> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  keepFaults(dir, rules);
  const status = await sandboxStatus(dir);
  if (status.running && !Array.isArray(await askSandbox(status.info, "POST", "/faults/reload")))
    throw new Error(`the faults are kept, but the running sandbox (process ${status.info.pid}) did not take them; stop and start it`);
}

/** The faults that are set, with what they have done since then (or since the sandbox's start). */
export async function listFaults(dir: string): Promise<FaultState[]> {
  const status = await sandboxStatus(dir);
  const states = status.running ? await askSandbox(status.info, "GET", "/faults") : undefined;
  return (states as FaultState[] | undefined) ?? keptFaults(dir).map((rule) => ({ rule, met: 0, played: 0 }));
}

/** Ends the sandbox and what it started. False when none was running. */
export async function stopSandbox(dir: string, timeoutMs = 10_000): Promise<boolean> {
  const status = await sandboxStatus(dir);
  if (!status.running) {
    rmSync(join(dir, "sandbox.json"), { force: true });
    return false;
  }
  const { pid } = status.info;
  process.kill(pid, "SIGTERM");
  const deadline = Date.now() + timeoutMs;
  while (alive(pid) && Date.now() < deadline) await sleep(20);
  // Started detached, its process group has its own id and holds the blob service too.
  if (alive(pid)) process.kill(-pid, "SIGKILL");
  while (alive(pid)) await sleep(20);
  rmSync(join(dir, "sandbox.json"), { force: true });
  return true;
}

/**
 * Stops it and forgets everything but its ports and certificates (clients and Pulumi settings name those) and the Python
 * environments, which are named by their content and take long to build.
 */
export async function resetSandbox(dir: string): Promise<void> {
  await stopSandbox(dir);
  if (!existsSync(dir)) return;
  for (const entry of readdirSync(dir)) {
    if (!["ports.json", "ca.pem", "ca.key", "environments"].includes(entry)) rmSync(join(dir, entry), { recursive: true, force: true });
  }
}

/** One start at a time; a lock whose owner is gone is taken over. */
async function lock(file: string, deadline: number): Promise<() => void> {
  for (;;) {
    try {
      const handle = openSync(file, "wx");
      writeSync(handle, String(process.pid));
      closeSync(handle);
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const owner = owned(file);
    if (owner !== undefined && !alive(owner)) rmSync(file, { force: true });
    else if (Date.now() > deadline)
      throw new Error(`Another start of the sandbox (process ${owner}) holds ${file}; if there is none, delete that file.`);
    else await sleep(50);
  }
}

function owned(file: string): number | undefined {
  try {
    const text = readFileSync(file, "utf8");
    // Written right after it was made; an empty one is young, unless it stays so.
    if (text === "") return Date.now() - statSync(file).mtimeMs > 2000 ? 0 : undefined;
    return Number(text);
  } catch {
    return undefined;
  }
}

/** This Node if it can strip types, else the project's own. */
function nodePath(): string {
  const own = join(root, "node_modules", ".bin", "node");
  return Number(process.versions.node.split(".")[0]) >= 24 || !existsSync(own) ? process.execPath : own;
}

/** No credentials of the host, and no trust in a sandbox's own CA, reach the sandbox's processes. */
function ownEnvironment(dir: string): NodeJS.ProcessEnv {
  const foreign = /^(ARM|AZURE|AWS|GOOGLE|GCP|PULUMI|GITHUB|GH|NPM)_|TOKEN|SECRET|PASSWORD|PASSPHRASE|CREDENTIAL|API_?KEY/i;
  const kept = Object.entries(process.env).filter(([name, value]) => {
    if (foreign.test(name)) return false;
    if (/^(NODE_EXTRA_CA_CERTS|REQUESTS_CA_BUNDLE|SSL_CERT_FILE)$/.test(name)) return !value?.includes(dir);
    return name !== "NODE_OPTIONS";
  });
  return { ...Object.fromEntries(kept), NODE_COMPILE_CACHE: join(root, ".tools", "compile-cache") };
}
