// The processes of one deployment with one content: as many as asked, each started again when it ends.
import { setTimeout as sleep } from "node:timers/promises";
import { Instance, InstanceError } from "./instance.ts";
import type { Launch, Probes } from "./instance.ts";
import { turnOver } from "./logs.ts";
import type { InstanceRoute } from "./table.ts";

/** Back-off between restarts, like Kubernetes' CrashLoopBackOff but shorter, as everything is nearer here. */
const FIRST_BACK_OFF_MS = 500;
const LONGEST_BACK_OFF_MS = 60_000;
/** Who has run this long starts with a short back-off again. */
const STEADY_MS = 60_000;
const LOG_CHECK_MS = 5_000;
const STOP_GRACE_MS = 2_000;

export interface GenerationOptions {
  readonly launch: Launch;
  probes: Probes;
  /** Log file of the replica with this number. */
  readonly logFile: (index: number) => string;
  /** The set of ready processes has changed. */
  readonly onChange: () => void;
  readonly log: (message: string) => void;
  /** Ends what serves the processes, after the last of them. */
  readonly onEnd?: () => Promise<void>;
}

interface Replica {
  readonly index: number;
  readonly controller: AbortController;
  instance: Instance | undefined;
  /** Settles at the first readiness, or when the first tries have failed. */
  readonly ready: Promise<void>;
  /** Resolves when nothing of it is left. */
  readonly over: Promise<void>;
}

/** Keeps its replicas running until it is stopped. */
export class Generation {
  readonly key: string;
  readonly options: GenerationOptions;
  #replicas: Replica[] = [];
  #next = 0;
  readonly #logTimer: NodeJS.Timeout;

  constructor(key: string, options: GenerationOptions) {
    this.key = key;
    this.options = options;
    this.#logTimer = setInterval(() => {
      for (const { index } of this.#replicas) turnOver(options.logFile(index));
    }, LOG_CHECK_MS);
    this.#logTimer.unref();
  }

  /** The ready processes. */
  routes(): InstanceRoute[] {
    return this.#replicas.flatMap(({ instance }) => (instance?.ready ? [{ id: instance.id, port: instance.port }] : []));
  }

  get size(): number {
    return this.#replicas.length;
  }

  /** Process ids of what runs, for tests and status. */
  pids(): number[] {
    return this.#replicas.flatMap(({ instance }) => (instance?.pid === undefined ? [] : [instance.pid]));
  }

  /** Starts replicas until there are `count`; resolves when all are ready, rejects with InstanceError and takes the new ones back. */
  async grow(count: number, signal: AbortSignal): Promise<void> {
    const added: Replica[] = [];
    while (this.#replicas.length < count) {
      const replica = this.#start(this.#next++);
      this.#replicas.push(replica);
      added.push(replica);
    }
    const stop = (): void => added.forEach((replica) => replica.controller.abort(signal.reason));
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    try {
      await Promise.all(this.#replicas.map(({ ready }) => ready));
    } catch (error) {
      this.#replicas = this.#replicas.filter((replica) => !added.includes(replica));
      await this.#end(added);
      throw error;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** Starts `count` replicas and lets them come up on their own: after a restart of the sandbox nobody waits for them. */
  revive(count: number): void {
    while (this.#replicas.length < count) this.#replicas.push(this.#start(this.#next++));
  }

  /** Takes replicas out until there are `count`, and gives the way to end them, once nobody uses them any more. */
  shrink(count: number): { readonly instances: string[]; readonly end: () => Promise<void> } {
    const leaving = this.#replicas.slice(count);
    this.#replicas = this.#replicas.slice(0, count);
    if (count === 0) clearInterval(this.#logTimer);
    const instances = leaving.flatMap(({ instance }) => (instance ? [instance.id] : []));
    const end = async (): Promise<void> => {
      await this.#end(leaving);
      if (count === 0) await this.options.onEnd?.();
    };
    return { instances, end };
  }

  async #end(replicas: readonly Replica[]): Promise<void> {
    for (const replica of replicas) replica.controller.abort(new Error("The deployment has no more need of it."));
    await Promise.all(replicas.map(({ over }) => over));
  }

  #start(index: number): Replica {
    const controller = new AbortController();
    const first = Promise.withResolvers<void>();
    first.promise.catch(() => undefined);
    const replica: { -readonly [K in keyof Replica]: Replica[K] } = {
      index,
      controller,
      instance: undefined,
      ready: first.promise,
      over: Promise.resolve(),
    };
    replica.over = this.#keep(replica, first);
    return replica;
  }

  /** Runs one process after another until it is told to end. */
  async #keep(replica: Replica, first: PromiseWithResolvers<void>): Promise<void> {
    const { signal } = replica.controller;
    let backOff = FIRST_BACK_OFF_MS;
    let failed = 0;
    while (!signal.aborted) {
      const began = Date.now();
      let ended: Error;
      try {
        replica.instance = await Instance.start(
          this.options.launch,
          replica.index,
          this.options.logFile(replica.index),
          this.options.onChange,
        );
        await replica.instance.untilReady(this.options.probes, signal);
        first.resolve();
        this.options.onChange();
        ended = await Promise.race([replica.instance.ended, aborted(signal)]);
      } catch (error) {
        ended = error as Error;
        failed++;
        // One more try for what may have been bad luck; a script that cannot be loaded will not get better.
        if ((ended instanceof InstanceError && ended.deterministic) || failed > 1) first.reject(ended);
      }
      await replica.instance?.stop(STOP_GRACE_MS);
      replica.instance = undefined;
      if (signal.aborted) break;
      if (Date.now() - began > STEADY_MS) backOff = FIRST_BACK_OFF_MS;
      this.options.log(`replica ${replica.index}: ${ended.message} It is started again in ${backOff / 1000} s.`);
      await sleep(backOff, undefined, { signal }).catch(() => undefined);
      backOff = Math.min(backOff * 2, LONGEST_BACK_OFF_MS);
    }
    first.reject((signal.reason as Error | undefined) ?? new Error("The deployment was stopped."));
  }
}

function aborted(signal: AbortSignal): Promise<Error> {
  return new Promise((resolve) => {
    const tell = (): void => resolve(signal.reason as Error);
    if (signal.aborted) tell();
    else signal.addEventListener("abort", tell, { once: true });
  });
}
