// A sandbox of a benchmark's own, and a client that can keep it busy: many requests at once over kept connections, token in hand.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type SandboxInfo, type StartOptions, startSandbox, stopSandbox } from "../../sandbox/control.ts";

export interface Reply {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
  readonly milliseconds: number;
}

export class Target {
  readonly dir: string;
  info: SandboxInfo;
  /** The sandbox's own authority (PEM). */
  readonly ca: Buffer;
  readonly #agent: Agent;
  #token = "";

  private constructor(dir: string, info: SandboxInfo, connections: number) {
    this.dir = dir;
    this.info = info;
    this.ca = readFileSync(info.caFile);
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, ca: this.ca });
  }

  static async start(connections: number, options: StartOptions = {}): Promise<Target> {
    const dir = mkdtempSync(join(tmpdir(), "mlops-load-"));
    const target = new Target(dir, await startSandbox(dir, options), connections);
    await target.signIn();
    return target;
  }

  get subscription(): string {
    return `/subscriptions/${this.info.subscriptionId}`;
  }

  async signIn(): Promise<void> {
    this.#token = await this.tokenFor(this.info.armEndpoint);
  }

  async tokenFor(audience: string): Promise<string> {
    const form = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: this.info.clientId,
      client_secret: readFileSync(this.info.clientSecretFile, "utf8"),
      scope: `${audience.replace(/\/?$/, "/")}.default`,
    });
    const reply = await this.send("POST", this.info.port, `/${this.info.tenantId}/oauth2/v2.0/token`, form.toString(), {
      "content-type": "application/x-www-form-urlencoded",
    });
    return (JSON.parse(reply.text) as { access_token: string }).access_token;
  }

  /** A call of Resource Manager. Rejects when the connection breaks. */
  async call(method: string, path: string, body?: unknown): Promise<Reply> {
    const versioned = path.includes("api-version=") ? path : `${path}${path.includes("?") ? "&" : "?"}api-version=2024-10-01`;
    return await this.send(method, this.info.port, versioned, body === undefined ? undefined : JSON.stringify(body), {
      authorization: `Bearer ${this.#token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    });
  }

  /** As `call`, and throws for an answer of 400 or more. */
  async must(method: string, path: string, body?: unknown): Promise<Reply> {
    const reply = await this.call(method, path, body);
    if (reply.status >= 400) throw new Error(`${method} ${path}: ${reply.status} ${reply.text.slice(0, 400)}`);
    return reply;
  }

  /** Waits for the end of the operation that an answer names. */
  async ended(reply: Reply): Promise<{ status: string; error?: { code: string; message: string } }> {
    const url = reply.headers["azure-asyncoperation"];
    if (typeof url !== "string") return { status: "Succeeded" };
    for (;;) {
      const state = JSON.parse((await this.must("GET", new URL(url).pathname + new URL(url).search)).text) as { status: string };
      if (state.status !== "InProgress") return state;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async send(
    method: string,
    port: number,
    path: string,
    body: string | Buffer | undefined,
    headers: Record<string, string>,
  ): Promise<Reply> {
    const began = performance.now();
    return await new Promise((resolve, reject) => {
      const sent = request(
        {
          method,
          host: "127.0.0.1",
          servername: "localhost",
          port,
          path,
          agent: this.#agent,
          headers: { host: `localhost:${port}`, ...headers, ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }) },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            const text = Buffer.concat(chunks).toString("utf8");
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text, milliseconds: performance.now() - began });
          });
          response.on("close", () => response.complete || reject(new Error("the answer broke off")));
        },
      );
      sent.on("error", reject);
      sent.end(body);
    });
  }

  kill(): void {
    process.kill(this.info.pid, "SIGKILL");
  }

  async restart(options: StartOptions = {}): Promise<void> {
    this.info = await startSandbox(this.dir, options);
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    await stopSandbox(this.dir);
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Runs `work` for each number below `count`, `width` of them at a time. */
export async function inParallel(count: number, width: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, worker));
}

/** Milliseconds and result. */
export async function timed<T>(work: () => Promise<T>): Promise<[number, T]> {
  const began = performance.now();
  const result = await work();
  return [performance.now() - began, result];
}

/** Resident memory of a process and of those it started, in MB (Linux). */
export function residentMegabytes(pid: number): { main: number; blobs: number } {
  const rss = (one: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${one}/status`, "utf8"))?.[1] ?? 0) / 1024;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  const blob = children.find((one) => readFileSync(`/proc/${one}/cmdline`, "utf8").includes("blob/process.ts"));
  return { main: rss(pid), blobs: blob === undefined ? 0 : rss(blob) };
}
