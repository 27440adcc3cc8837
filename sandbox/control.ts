// The sandbox from outside: start, stop, find, describe, reset; for the command line and for tests. Loads nothing heavy.
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { request } from "node:https";
import { delimiter, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { SandboxInfo } from "./main.ts";

export type { SandboxInfo };

export interface StartOptions {
  /** `none` (nothing waits) or `azure` (operations take Azure's time, divided by `scale`). */
  readonly profile?: "none" | "azure";
  readonly scale?: number;
  /** Until it answers; default 30 s. */
  readonly timeoutMs?: number;
  /** Called once when a process is really started. */
  readonly onStart?: () => void;
}

export type SandboxStatus = { readonly running: true; readonly info: SandboxInfo } | { readonly running: false; readonly reason: string };

/** Which program the variables are for; `shell` is all of them and what Pulumi needs. */
export type EnvFor = "shell" | "python" | "node" | "az" | "proxy";

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/[/\\]$/, "");

/** The state directory of this checkout, or `MLOPS_SANDBOX_DIR`. */
export function sandboxDir(): string {
  return resolve(process.env["MLOPS_SANDBOX_DIR"] ?? join(root, ".sandbox"));
}

export function logFile(dir: string): string {
  return join(dir, "sandbox.log");
}

/** Is one running on this directory, and does it answer? Takes a few milliseconds. */
export async function sandboxStatus(dir: string): Promise<SandboxStatus> {
  const file = join(dir, "sandbox.json");
  if (!existsSync(file)) return { running: false, reason: "it was not started" };
  let info: SandboxInfo;
  try {
    info = JSON.parse(readFileSync(file, "utf8")) as SandboxInfo;
  } catch {
    return { running: false, reason: `${file} cannot be read` };
  }
  if (!alive(info.pid)) return { running: false, reason: `its process ${info.pid} has ended` };
  const health = await healthOf(info);
  if (health?.pid === info.pid) return { running: true, info };
  return { running: false, reason: health ? `port ${info.port} belongs to another process` : `process ${info.pid} does not answer on port ${info.port}` };
}

/**
 * Finds the running sandbox or starts one in the background, and waits until it answers. Two calls at once start one.
 * @throws Error with the end of the log when it does not come up.
 */
export async function startSandbox(dir: string, options: StartOptions = {}): Promise<SandboxInfo> {
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
  const args = ["--disable-warning=ExperimentalWarning", main, "--dir", dir, "--profile", options.profile ?? "none", "--scale", String(options.scale ?? 1)];
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

/** Stops it and forgets everything but its ports and certificates (clients and Pulumi settings name those). */
export async function resetSandbox(dir: string): Promise<void> {
  await stopSandbox(dir);
  if (!existsSync(dir)) return;
  for (const entry of readdirSync(dir)) {
    if (!["ports.json", "ca.pem", "ca.key"].includes(entry)) rmSync(join(dir, entry), { recursive: true, force: true });
  }
}

/**
 * Variables that point a client at the running sandbox. Secrets are among them: print them for a shell to evaluate, never log.
 * @throws Error when it is not running, or for a client the sandbox cannot serve yet.
 */
export async function sandboxEnv(dir: string, client: EnvFor = "shell", environment: NodeJS.ProcessEnv = process.env): Promise<Record<string, string>> {
  const status = await sandboxStatus(dir);
  if (!status.running) throw new Error(`The sandbox in ${dir} is not running (${status.reason}). Start it with: mlops sandbox start`);
  if (client === "proxy") throw new Error("The interception proxy is not part of the sandbox yet. Use: mlops sandbox env --for python (or node, az, shell)");
  const { info } = status;
  const secret = readFileSync(info.clientSecretFile, "utf8").trim();
  const bundle = join(dir, "ca-bundle.pem");
  const local = new Set([...(environment["NO_PROXY"] ?? environment["no_proxy"] ?? "").split(","), "localhost", "127.0.0.1"].filter((one) => one !== ""));
  const common: Record<string, string> = {
    ARM_CLOUD_METADATA_URL: info.metadataUrl,
    AZURE_AUTHORITY_HOST: info.armEndpoint,
    AZURE_TENANT_ID: info.tenantId,
    AZURE_CLIENT_ID: info.clientId,
    AZURE_CLIENT_SECRET: secret,
    AZURE_SUBSCRIPTION_ID: info.subscriptionId,
    NO_PROXY: [...local].join(","),
    no_proxy: [...local].join(","),
  };
  const python = { REQUESTS_CA_BUNDLE: bundle, SSL_CERT_FILE: bundle };
  const node = { NODE_EXTRA_CA_CERTS: info.caFile };
  if (client === "python") return { ...common, ...python };
  if (client === "node") return { ...common, ...node };
  if (client === "az") return { ...common, ...python, AZURE_CONFIG_DIR: join(dir, "az"), AZURE_CORE_COLLECT_TELEMETRY: "false" };
  const pulumiState = join(dir, "pulumi-state");
  mkdirSync(pulumiState, { recursive: true });
  const first = [join(root, "node_modules", ".bin"), join(root, ".tools", "bin")];
  const rest = (environment["PATH"] ?? "").split(delimiter).filter((one) => !first.includes(one));
  return {
    ...common,
    ...python,
    ...node,
    ARM_TENANT_ID: info.tenantId,
    ARM_CLIENT_ID: info.clientId,
    ARM_CLIENT_SECRET: secret,
    ARM_SUBSCRIPTION_ID: info.subscriptionId,
    PULUMI_HOME: join(dir, "pulumi-home"),
    PULUMI_BACKEND_URL: pathToFileURL(pulumiState).href,
    // Local state of a local cloud: the same everywhere, so that a stack file made in one checkout opens in another.
    PULUMI_CONFIG_PASSPHRASE: "sandbox",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    MLOPS_SANDBOX_DIR: dir,
    PATH: [...first, ...rest].join(delimiter),
  };
}

async function healthOf(info: SandboxInfo): Promise<{ pid: number } | undefined> {
  return await new Promise((done) => {
    const fail = (): void => done(undefined);
    let ca: Buffer;
    try {
      ca = readFileSync(info.caFile);
    } catch {
      return fail();
    }
    const asked = request({ host: "127.0.0.1", port: info.port, path: "/healthz", ca, servername: "localhost", headers: { host: `localhost:${info.port}` }, agent: false, timeout: 3000 }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString())).on("end", () => {
        try {
          done(JSON.parse(text) as { pid: number });
        } catch {
          fail();
        }
      });
    });
    asked.on("timeout", () => asked.destroy()).on("error", fail);
    asked.end();
  });
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
    else if (Date.now() > deadline) throw new Error(`Another start of the sandbox (process ${owner}) holds ${file}; if there is none, delete that file.`);
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

function alive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    // An ended process that nobody has waited for is still listed.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return process.platform !== "linux";
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
  return { ...Object.fromEntries(kept), NODE_COMPILE_CACHE: join(dir, "compile-cache") };
}
