// The model data collector of one deployment: takes what azureml-ai-monitoring posts and keeps it as JSON lines in blobs, in Azure's layout.
// https://learn.microsoft.com/azure/machine-learning/concept-data-collection and how-to-collect-production-data
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingHttpHeaders, Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { BlobLocation, SandboxContext } from "../../core.ts";
import type { CollectorSpec } from "./settings.ts";

const FLUSH_MS = 500;
/** What Azure takes of one call's data; more is dropped there too. */
const MAX_BYTES = 4 * 1024 * 1024;
/** Lines of one file that wait to be written; with storage down longer than that, the oldest are lost. */
const MAX_WAITING = 20_000;

/** The part of a deployment that its collected lines name. */
export interface Collected {
  readonly id: string;
  readonly endpointName: string;
  readonly name: string;
}

/** Listens on loopback until it is stopped. One for a deployment's processes of one content. */
export class DataCollector {
  readonly #server: Server;
  readonly #timer: NodeJS.Timeout;
  readonly #write: (file: BlobLocation, lines: string) => Promise<void>;
  readonly #log: (message: string) => void;
  readonly #waiting = new Map<string, { readonly file: BlobLocation; readonly lines: string[] }>();
  #flushing: Promise<void> | undefined;

  private constructor(server: Server, write: (file: BlobLocation, lines: string) => Promise<void>, log: (message: string) => void) {
    this.#server = server;
    this.#write = write;
    this.#log = log;
    this.#timer = setInterval(() => void this.flush(), FLUSH_MS).unref();
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** @param places where each collection goes: a folder of the workspace's storage */
  static async start(
    sandbox: Pick<SandboxContext, "container">,
    deployment: Collected,
    spec: CollectorSpec,
    places: Readonly<Record<string, BlobLocation>>,
    log: (message: string) => void,
  ): Promise<DataCollector> {
    const instance = randomUUID();
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      request.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size <= MAX_BYTES) chunks.push(chunk);
      });
      request.on("end", () => {
        const problem = take(request.method, request.url, request.headers, size, Buffer.concat(chunks).toString("utf8"));
        response.writeHead(problem ? 400 : 200, { "content-type": "text/plain" }).end(problem ?? "ok");
      });
      request.on("error", () => response.destroy());
    });
    const take = (method = "", url = "", headers: IncomingHttpHeaders, size: number, body: string): string | undefined => {
      if (method !== "POST" || url !== "/modeldata/log") return "POST /modeldata/log";
      if (size > MAX_BYTES) return `the data has ${size} bytes; ${MAX_BYTES} are taken at most`;
      const name = /^azureml\.inference\.(.+)$/.exec(String(headers["ce-type"]))?.[1]?.toLowerCase();
      const place = name === undefined ? undefined : places[name];
      if (!name || !place) return `there is no collection "${name}"`;
      let data: unknown;
      try {
        data = JSON.parse(body);
      } catch {
        return "the data is not JSON";
      }
      const at = new Date(Number(headers["ce-time"]) * 1000 || Date.now());
      collector.#add(fileAt(place, at, instance, spec.rollingRate), lineOf(deployment, name, headers, at, data, body));
      return undefined;
    };
    const write = async ({ account, container, path }: BlobLocation, lines: string): Promise<void> => {
      const blob = (await sandbox.container(account, container)).getAppendBlobClient(path);
      await blob.createIfNotExists();
      await blob.appendBlock(lines, Buffer.byteLength(lines));
    };
    const collector = new DataCollector(server, write, log);
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
    return collector;
  }

  #add(file: BlobLocation, line: string): void {
    let waiting = this.#waiting.get(file.path);
    if (!waiting) this.#waiting.set(file.path, (waiting = { file, lines: [] }));
    waiting.lines.push(line);
    if (waiting.lines.length > MAX_WAITING) waiting.lines.shift();
  }

  /** Writes what has come in so far. What cannot be written now is tried again with the next. */
  async flush(): Promise<void> {
    await this.#flushing;
    this.#flushing = this.#flush();
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    for (const [path, { file, lines }] of this.#waiting) {
      // An append takes 4 MiB.
      let count = 0;
      for (let size = 0; count < lines.length; count++) {
        size += Buffer.byteLength(lines[count]!) + 1;
        if (size > MAX_BYTES && count > 0) break;
      }
      const batch = lines.slice(0, count);
      try {
        await this.#write(file, `${batch.join("\n")}\n`);
        lines.splice(0, batch.length);
        if (lines.length === 0) this.#waiting.delete(path);
      } catch (error) {
        this.#log(`collected data could not be written to ${path}: ${(error as Error).message}`);
      }
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.flush();
  }
}

/** `{folder}/{yyyy}/{MM}/{dd}/{HH}/{instance}.jsonl`; with rolling by the minute its number is in the name. */
function fileAt(place: BlobLocation, at: Date, instance: string, rolling: CollectorSpec["rollingRate"]): BlobLocation {
  const [day, time] = at.toISOString().split("T") as [string, string];
  const hour = rolling === "Day" ? "00" : time.slice(0, 2);
  const name = rolling === "Minute" ? `${instance}_${time.slice(3, 5)}` : instance;
  return { ...place, path: `${place.path.replace(/\/+$/, "")}/${day.replaceAll("-", "/")}/${hour}/${name}.jsonl` };
}

/** One CloudEvent (1.0), as Azure's collector writes it. */
function lineOf(deployment: Collected, collection: string, headers: IncomingHttpHeaders, at: Date, data: unknown, body: string): string {
  const text = (name: string): string | undefined => (typeof headers[name] === "string" ? headers[name] : undefined);
  const bytes = Buffer.byteLength(body);
  return JSON.stringify({
    specversion: "1.0",
    id: text("trace-id") ?? randomUUID(),
    source: deployment.id,
    type: `azureml.inference.${collection}`,
    datacontenttype: "application/json",
    time: at.toISOString().replace(".000Z", "Z"),
    data,
    correlationid: text("ce-x-request-id"),
    xrequestid: text("ce-x-request-id"),
    modelversion: text("ce-model-version") ?? "default",
    collectdatatype: text("ce-collect-data-type"),
    agent: text("ce-agent"),
    contentrange: `bytes 0-${Math.max(0, bytes - 1)}/${bytes}`,
  });
}
