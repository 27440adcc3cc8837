// The main thread's side of the router: starts its thread, pushes tables, waits for what they ask of each other.
import { Worker } from "node:worker_threads";
import type { FromRouter, MetricsQuery, RouteTable, RouterOptions, ToRouter } from "./table.ts";
import type { WindowSummary } from "./router/window.ts";

type Answer = Extract<FromRouter, { call: number }>;

/** A running router. */
export class RouterLink {
  readonly #worker: Worker;
  readonly #calls = new Map<number, (answer: Answer) => void>();
  readonly #versions = new Map<number, () => void>();
  #next = 0;
  #version = 0;
  /** The port it listens on. */
  readonly port: number;

  private constructor(worker: Worker, port: number, verify: (token: string) => Promise<number | undefined>) {
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
          return void verify(message.token).then((expires) => this.#send({ type: "verified", call: message.call, expires }));
        case "listening":
          return;
        default:
          this.#calls.get(message.call)?.(message);
          this.#calls.delete(message.call);
      }
    });
  }

  /**
   * Starts the thread and resolves when it listens; rejects when it cannot (port taken). `verify` tells when an Entra token
   * ends, or undefined for one that is not good. `onError` hears of a thread that died later.
   */
  static async start(
    options: RouterOptions,
    verify: (token: string) => Promise<number | undefined>,
    onError: (error: Error) => void,
  ): Promise<RouterLink> {
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
    await Promise.race([this.#call((call) => ({ type: "drain", call, instances })), late]);
    clearTimeout(timer);
  }

  async metrics(query: MetricsQuery): Promise<readonly WindowSummary[]> {
    const answer = await this.#call((call) => ({ type: "metrics", call, query }));
    return answer.type === "metrics" ? answer.summaries : [];
  }

  async stop(): Promise<void> {
    this.#worker.removeAllListeners("error");
    await this.#worker.terminate();
  }

  #send(message: ToRouter): void {
    this.#worker.postMessage(message);
  }

  async #call(make: (call: number) => ToRouter): Promise<Answer> {
    const call = ++this.#next;
    return await new Promise((resolve) => {
      this.#calls.set(call, resolve);
      this.#send(make(call));
    });
  }
}
