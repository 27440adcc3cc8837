// One deployment as it runs: brings its processes to what its resource asks for, without losing a request on the way.
import { existsSync } from "node:fs";
import { appendFile, mkdir, readdir, rm, rmdir } from "node:fs/promises";
import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { ArmError } from "../core.ts";
import type { SandboxContext } from "../core.ts";
import { startCollecting } from "./collection/start.ts";
import { Generation } from "./generation.ts";
import { InstanceError } from "./instance.ts";
import { prepareLaunch } from "./launch.ts";
import { tail } from "./logs.ts";
import type { Parts } from "./parts.ts";
import { generationOf } from "./spec.ts";
import type { DeploymentSpec } from "./spec.ts";
import type { InstanceRoute } from "./table.ts";

export interface RunnerContext {
  readonly sandbox: SandboxContext;
  readonly parts: Parts;
  /** Pushes the routing table; resolves when the router goes by it. */
  readonly push: () => Promise<void>;
  /** Resolves when the router has no request at these processes any more. */
  readonly drain: (instances: readonly string[], atMostMs: number) => Promise<void>;
  /** What is served from now on, also after a restart of the sandbox. */
  readonly keep: (spec: DeploymentSpec) => void;
}

const LINES_IN_ERROR = 30;

export class DeploymentRunner {
  readonly #context: RunnerContext;
  readonly #home: string;
  #busy: Promise<void> = Promise.resolve();
  #stopped = false;
  /** What serves, and what it was made from. */
  #served: { spec: DeploymentSpec; generation: Generation } | undefined;

  /** `home` is the deployment's folder below `.sandbox/serving`. */
  constructor(context: RunnerContext, home: string) {
    this.#context = context;
    this.#home = home;
  }

  /** What serves; undefined before the first success. */
  get spec(): DeploymentSpec | undefined {
    return this.#served?.spec;
  }

  routes(): InstanceRoute[] {
    return this.#served?.generation.routes() ?? [];
  }

  pids(): number[] {
    return this.#served?.generation.pids() ?? [];
  }

  /**
   * Brings the deployment to this content and size. What served before serves until the new processes are ready, and goes on
   * serving when they never get so. Throws ArmError as Azure's operation shows it (`ResourceNotReady` with the log's tail).
   */
  async apply(spec: DeploymentSpec, signal: AbortSignal): Promise<void> {
    await this.#alone(async () => await this.#apply(spec, signal));
  }

  async #apply(spec: DeploymentSpec, signal: AbortSignal): Promise<void> {
    const key = generationOf(spec);
    const before = this.#served;
    if (before?.generation.key === key) {
      before.generation.options.probes = { liveness: spec.liveness, readiness: spec.readiness };
      await this.#guarded(spec, key, async () => await before.generation.grow(spec.capacity, signal));
      before.spec = spec;
      if (before.generation.size > spec.capacity) await this.#retire(before.generation, spec.capacity);
    } else {
      const generation = await this.#guarded(spec, key, async () => {
        const made = await this.#make(spec, key, signal);
        try {
          await made.grow(spec.capacity, signal);
        } catch (error) {
          await made.shrink(0).end();
          throw error;
        }
        return made;
      });
      this.#served = { spec, generation };
      if (before) await this.#retire(before.generation, 0, before.spec.requestTimeoutMs);
    }
    this.#context.keep(spec);
    await this.#context.push();
    await this.#forgetOthers(key);
  }

  /** Starts what served before the sandbox ended, and waits for nothing. */
  async revive(spec: DeploymentSpec): Promise<void> {
    await this.#alone(async () => {
      const generation = await this.#make(spec, generationOf(spec), undefined);
      this.#served = { spec, generation };
      generation.revive(spec.capacity);
    });
  }

  /** Ends everything, after requests under way when `drain`. */
  async stop(drain: boolean): Promise<void> {
    this.#stopped = true;
    const served = this.#served;
    this.#served = undefined;
    if (!served) return;
    const { instances, end } = served.generation.shrink(0);
    if (drain) {
      await this.#context.push();
      await this.#context.drain(instances, served.spec.requestTimeoutMs);
    }
    await end();
  }

  async deleteFiles(): Promise<void> {
    await rm(this.#home, { recursive: true, force: true });
    // The endpoint's folder goes with its last deployment.
    await rmdir(dirname(this.#home)).catch(() => undefined);
  }

  /** Last lines of the newest processes' consoles, or of the download's log. */
  logs(container: "InferenceServer" | "StorageInitializer", lines: number): string {
    const files = this.#logFiles(container === "InferenceServer" ? /^(.+)-(\d+)\.log$/ : /^(.+)-storage\.log$/);
    if (files.length === 0) return "";
    const newest = files[0]!.generation;
    const same = files.filter((file) => file.generation === newest).sort((a, b) => a.index - b.index);
    if (same.length === 1) return tail(same[0]!.path, lines);
    return same.map((file) => `Instance ${file.index}:\n${tail(file.path, lines)}`).join("\n\n");
  }

  /** One change at a time: a restart's revival and the operation that it resumes come together. */
  async #alone(work: () => Promise<void>): Promise<void> {
    const before = this.#busy;
    const mine = Promise.withResolvers<void>();
    this.#busy = mine.promise;
    await before;
    try {
      if (this.#stopped) throw new Error("The deployment was stopped.");
      await work();
    } finally {
      mine.resolve();
    }
  }

  #logFiles(pattern: RegExp): { generation: string; index: number; path: string }[] {
    const dir = join(this.#home, "logs");
    if (!existsSync(dir)) return [];
    return readdirSync(dir)
      .flatMap((name) => {
        const match = pattern.exec(name);
        const path = join(dir, name);
        return match ? [{ generation: match[1]!, index: Number(match[2] ?? 0), path, at: statSync(path).mtimeMs }] : [];
      })
      .sort((a, b) => b.at - a.at);
  }

  async #make(spec: DeploymentSpec, key: string, signal: AbortSignal | undefined): Promise<Generation> {
    const { sandbox, parts } = this.#context;
    const logs = join(this.#home, "logs");
    await mkdir(logs, { recursive: true, mode: 0o700 });
    const storageLog = join(logs, `${key}-storage.log`);
    const writing: Promise<void>[] = [];
    const log = (line: string): void => {
      writing.push(appendFile(storageLog, `${new Date().toISOString()} ${line}\n`));
    };
    try {
      const launch = await prepareLaunch(sandbox, parts, spec, join(this.#home, key), log, signal);
      const { collector, env } = await startCollecting(sandbox, parts, spec, join(this.#home, key));
      return new Generation(key, {
        launch: { ...launch, env: { ...launch.env, ...env } },
        onEnd: async () => await collector?.stop(),
        probes: { liveness: spec.liveness, readiness: spec.readiness },
        logFile: (index) => join(logs, `${key}-${index}.log`),
        onChange: () => void this.#context.push(),
        log: (message) => sandbox.log("serving", `${spec.endpointName}/${spec.name}: ${message}`),
      });
    } catch (error) {
      log((error as Error).message);
      throw error;
    } finally {
      await Promise.allSettled(writing);
    }
  }

  /** Turns a process's end into what Azure's operation says. */
  async #guarded<T>(spec: DeploymentSpec, key: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof InstanceError)) throw error;
      const last = tail(this.#newestLog(key) ?? "", LINES_IN_ERROR);
      throw new ArmError(
        400,
        "ResourceNotReady",
        `User container has crashed or terminated: ${error.message} Please see troubleshooting guide, available here: https://aka.ms/oe-tsg#error-resourcenotready\n${last === "" ? "The container wrote no logs." : `Last lines of the container's log:\n${last}`}`,
        { target: spec.name },
      );
    }
  }

  #newestLog(key: string): string | undefined {
    return this.#logFiles(/^(.+)-(\d+)\.log$/).find((file) => file.generation === key)?.path;
  }

  async #retire(generation: Generation, count: number, atMostMs?: number): Promise<void> {
    const { instances, end } = generation.shrink(count);
    await this.#context.push();
    await this.#context.drain(instances, atMostMs ?? this.spec?.requestTimeoutMs ?? 5_000);
    await end();
  }

  /** Files of older contents go, their logs too except those of the last one before. */
  async #forgetOthers(key: string): Promise<void> {
    const logged = [...new Set(this.#logFiles(/^(.+)-(\d+)\.log$/).map(({ generation }) => generation))].filter((one) => one !== key);
    for (const old of logged.slice(1)) {
      for (const { path } of this.#logFiles(new RegExp(`^(${old})-.*\\.log(?:\\.1)?$`))) await rm(path, { force: true });
    }
    const entries = await readdir(this.#home, { withFileTypes: true });
    for (const entry of entries) {
      if (entry.isDirectory() && entry.name !== "logs" && entry.name !== key) {
        await rm(join(this.#home, entry.name), { recursive: true, force: true });
      }
    }
  }
}
