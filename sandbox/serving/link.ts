// The main thread's side of the router: starts its thread, pushes tables, waits for what they ask of each other.
import { Worker } from "node:worker_threads";
import type { FaultCount } from "../faults/faults.ts";
import type { Verify } from "./router/auth.ts";
import type { FromRouter, MetricsQuery, RouteTable, RouterOptions, ToRouter } from "./table.ts";
import type { WindowSummary } from "./router/window.ts";

type Answer = Extract<FromRouter, { call: number }>;

interface Call {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** A running router. */
export class RouterLink {
  readonly #worker: Worker;
  readonly #calls = new Map<number, Call>();
  #ended = false;
  readonly #versions = new Map<number, () => void>();
  #next = 0;
  #version = 0;
  /** The port it listens on. */
  readonly port: number;

  private constructor(worker: Worker, port: number, verify: Verify) {
    this.#worker = worker;
    this.port = port;
    worker.on("message", (message: FromRouter) => {
      switch (message.type) {
        case "applied":
          for (const [version, done] of this.#versions) {
            if (version > message.version) continue;
            this.#versions.delete(version);
            done();
          }
          return;
        case "verify":
          return void verify(message.token, message.endpoint).then((expires) =>
            this.#send({ type: "verified", call: message.call, expires }),
          );
        case "listening":
          return;
        default:
          this.#calls.get(message.call)?.resolve(message);
          this.#calls.delete(message.call);
      }
    });
    worker.on("exit", () => {
      this.#ended = true;
      // A thread that takes its place gets the newest table before its first request.
      for (const done of this.#versions.values()) done();
      this.#versions.clear();
      for (const { reject } of this.#calls.values()) reject(new Error("The scoring router has ended."));
      this.#calls.clear();
    });
  }

  /**
   * Starts the thread and resolves when it listens; rejects when it cannot (port taken). `verify` tells when an Entra token
   * ends, or undefined for one that is not good for that endpoint. `onError` hears of a thread that died later.
   */
  static async start(options: RouterOptions, verify: Verify, onError: (error: Error) => void): Promise<RouterLink> {
    const worker = new Worker(new URL("./router/worker.ts", import.meta.url), {
      workerData: options,
      name: "scoring-router",
      // Test runners pass flags of their own (VM modules) that a plain thread neither needs nor knows.
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
    const port = await new Promise<number>((resolve, reject) => {
      worker.once("error", reject);
      worker.once("message", (message: FromRouter) => {
        if (message.type === "listening") resolve(message.port);
      });
    });
    worker.removeAllListeners("error");
    worker.on("error", onError);
    return new RouterLink(worker, port, verify);
  }

  /** Pushes a table; resolves when every new request goes by it. */
  async push(endpoints: RouteTable["endpoints"]): Promise<void> {
    if (this.#ended) return;
    const version = ++this.#version;
    await new Promise<void>((done) => {
      this.#versions.set(version, done);
      this.#send({ type: "table", table: { version, endpoints } });
    });
  }

  /** Resolves when the processes, which a pushed table no longer holds, have nothing to do any more, or after `atMostMs`. */
  async drain(instances: readonly string[], atMostMs: number): Promise<void> {
    if (instances.length === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, atMostMs);
    });
    // A router that ended serves nobody.
    const drained = this.#call((call) => ({ type: "drain", call, instances })).catch(() => undefined);
    await Promise.race([drained, late]);
    clearTimeout(timer);
  }

  async metrics(query: MetricsQuery): Promise<readonly WindowSummary[]> {
    const answer = await this.#call((call) => ({ type: "metrics", call, query }));
    return answer.type === "metrics" ? answer.summaries : [];
  }

  /** Has the thread read its fault rules again, or only say what they have done. */
  async faults(reload: boolean): Promise<readonly FaultCount[]> {
    const answer = await this.#call((call) => ({ type: "faults", call, reload }));
    return answer.type === "faults" ? answer.counts : [];
  }

  async stop(): Promise<void> {
    this.#worker.removeAllListeners("error");
    await this.#worker.terminate();
  }

  #send(message: ToRouter): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#worker.postMessage(message);
  }

  async #call(make: (call: number) => ToRouter): Promise<Answer> {
    if (this.#ended) throw new Error("The scoring router has ended.");
    const call = ++this.#next;
    return await new Promise((resolve, reject) => {
      this.#calls.set(call, { resolve, reject });
      this.#send(make(call));
    });
  }
}
