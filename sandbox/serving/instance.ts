// One inference server process: started as a process group of its own, probed, and ended with everything it made.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { get } from "node:http";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Probe } from "./spec.ts";

/** What a process is started with. Nothing of the sandbox's own environment reaches it. */
export interface Launch {
  /** Executable and arguments; `{port}` in an argument becomes the port. */
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Each process gets a folder of its own below it as HOME and TMPDIR, empty at each start like a container's. */
  readonly scratch: string;
}

export interface Probes {
  readonly liveness: Probe;
  readonly readiness: Probe;
}

/** The process ended or never got ready; `deterministic` means that another try would end the same way. */
export class InstanceError extends Error {
  readonly deterministic: boolean;

  constructor(message: string, deterministic: boolean) {
    super(message);
    this.deterministic = deterministic;
  }
}

/** gunicorn's exit code when the application could not be loaded: the scoring script's import or init() failed. */
const BOOT_ERROR = 3;
const STARTUP_PROBE_MS = 100;

// The process shares its group with a watcher that reads a pipe held by the sandbox alone. When the sandbox ends, however
// it ends, the pipe closes and the watcher kills the whole group, workers and their children included.
const WITH_WATCHER = '{ read -r _ <&3; kill -KILL 0; } & exec "$@" 3<&-';

let started = 0;

/** A process and its probes. `onChange` is called when it becomes ready, unready, or ends. */
export class Instance {
  readonly id: string;
  readonly port: number;
  /** Resolves when the process has ended, with a sentence that says how. */
  readonly ended: Promise<InstanceError>;
  #ready = false;
  #dead = false;
  #stopping = false;
  readonly #child: ChildProcess;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #onChange: () => void;

  private constructor(child: ChildProcess, port: number, onChange: () => void) {
    this.id = `${process.pid}-${++started}`;
    this.port = port;
    this.#child = child;
    this.#onChange = onChange;
    this.ended = new Promise((resolve) => {
      const end = (error: InstanceError): void => {
        this.#dead = true;
        for (const timer of this.#timers.splice(0)) clearInterval(timer);
        this.#killGroup();
        resolve(error);
        if (this.#ready) {
          this.#ready = false;
          this.#onChange();
        }
      };
      child.once("error", (error) => end(new InstanceError(`The process could not be started: ${error.message}`, true)));
      child.once("exit", (code, signal) =>
        end(new InstanceError(`The process ended with ${signal ?? `exit code ${code}`}.`, code === BOOT_ERROR)),
      );
    });
  }

  /** Starts the process with this number; its output is appended to `logFile`. */
  static async start(launch: Launch, index: number, logFile: string, onChange: () => void): Promise<Instance> {
    const port = await freePort();
    const own = join(launch.scratch, String(index));
    rmSync(own, { recursive: true, force: true });
    for (const folder of ["home", "tmp"]) mkdirSync(join(own, folder), { recursive: true });
    mkdirSync(dirname(logFile), { recursive: true });
    const log = openSync(logFile, "a");
    try {
      const command = launch.command.map((part) => part.replaceAll("{port}", String(port)));
      const child = spawn("/bin/sh", ["-c", WITH_WATCHER, "watcher", ...command], {
        cwd: launch.cwd,
        env: { ...launch.env, HOME: join(own, "home"), TMPDIR: join(own, "tmp") },
        stdio: ["ignore", log, log, "pipe"],
        detached: true,
      });
      // The pipe only has to stay open; it must not keep the sandbox alive.
      child.stdio[3]?.on("error", () => undefined);
      return new Instance(child, port, onChange);
    } finally {
      closeSync(log);
    }
  }

  get ready(): boolean {
    return this.#ready;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Resolves when the readiness probe has succeeded and goes on probing then. Rejects with InstanceError when the process
   * ends, or has not become ready when the probes give up (initial delay, then period times failure threshold).
   *
   * A probe is tried from the start, ten times a second: the initial delay only says from when failures count.
   */
  async untilReady(probes: Probes, signal: AbortSignal): Promise<void> {
    const patience = Math.min(...[probes.readiness, probes.liveness].map((p) => p.initialDelayMs + p.periodMs * p.failureThreshold));
    const deadline = Date.now() + patience;
    let successes = 0;
    const over = this.ended.then((error) => {
      throw error;
    });
    over.catch(() => undefined);
    while (successes < probes.readiness.successThreshold) {
      signal.throwIfAborted();
      if (Date.now() > deadline) {
        throw new InstanceError(`The readiness probe (GET /) did not succeed within ${Math.round(patience / 1000)} s.`, false);
      }
      successes = (await probe(this.port, probes.readiness.timeoutMs)) === undefined ? successes + 1 : 0;
      if (successes < probes.readiness.successThreshold) await Promise.race([over, sleep(STARTUP_PROBE_MS, undefined, { signal })]);
    }
    if (this.#dead) throw await this.ended;
    this.#ready = true;
    this.#watch(probes);
  }

  #watch(probes: Probes): void {
    this.#repeat(probes.readiness, (failures, successes) => {
      const ready = this.#ready ? failures < probes.readiness.failureThreshold : successes >= probes.readiness.successThreshold;
      if (ready === this.#ready || this.#dead) return;
      this.#ready = ready;
      this.#onChange();
    });
    this.#repeat(probes.liveness, (failures) => {
      // Giving up on liveness means a restart, which is the business of whoever waits for the end.
      if (failures >= probes.liveness.failureThreshold) this.#killGroup();
    });
  }

  #repeat(settings: Probe, judge: (failures: number, successes: number) => void): void {
    let failures = 0;
    let successes = 0;
    let busy = false;
    const ask = async (): Promise<void> => {
      if (busy || this.#dead || this.#stopping) return;
      busy = true;
      const problem = await probe(this.port, settings.timeoutMs);
      busy = false;
      failures = problem === undefined ? 0 : failures + 1;
      successes = problem === undefined ? successes + 1 : 0;
      if (!this.#dead) judge(failures, successes);
    };
    this.#timers.push(setInterval(() => void ask(), settings.periodMs));
  }

  /** Asks the server to end, kills what is left after the grace time, and resolves when nothing is. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    if (!this.#dead && this.#child.pid !== undefined) {
      try {
        process.kill(this.#child.pid, "SIGTERM");
      } catch {
        // It has just ended.
      }
      const timer = setTimeout(() => this.#killGroup(), graceMs);
      await this.ended;
      clearTimeout(timer);
    }
    this.#killGroup();
  }

  #killGroup(): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, "SIGKILL");
    } catch {
      // Nothing is left of it.
    }
  }
}

/** Undefined when GET / answers 200 to 399 in time; else why not. */
function probe(port: number, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get({ host: "127.0.0.1", port, path: "/", agent: false, timeout: timeoutMs }, (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      resolve(status >= 200 && status < 400 ? undefined : `HTTP probe failed with statuscode: ${status}`);
    });
    request.on("timeout", () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    request.on("error", (error) => resolve(error.message));
  });
}

/** Ports given out a moment ago and perhaps not yet taken by their process. */
const recent: number[] = [];

async function freePort(): Promise<number> {
  for (;;) {
    const port = await new Promise<number>((resolve, reject) => {
      const server = createServer();
      server.on("error", reject);
      server.listen(0, "127.0.0.1", () => {
        const { port: found } = server.address() as AddressInfo;
        server.close(() => resolve(found));
      });
    });
    if (recent.includes(port)) continue;
    recent.push(port);
    if (recent.length > 64) recent.shift();
    return port;
  }
}
