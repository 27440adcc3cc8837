// For tests: a webhook of this machine that answers as it is told to, and remembers what it was sent.
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
  readonly at: number;
}

export interface Webhook {
  readonly url: string;
  readonly received: Received[];
  /** What was sent as events, flattened; without handshakes. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  events(): any[];
  /** Status for the next events, or a function that may take its time. Handshakes are answered all the same. */
  answer: number | ((received: Received) => number | Promise<number>);
  /** How a handshake is answered; default: by sending the code back. */
  handshake: (event: { data: { validationCode: string; validationUrl: string } }) => unknown;
  /** Resolves when `enough` holds; it is looked at after each request. */
  until(enough: () => boolean, seconds?: number): Promise<void>;
  close(): Promise<void>;
}

/** Listens with the certificate of the sandbox in `dir`. */
export async function webhook(dir: string, port = 0): Promise<Webhook> {
  const received: Received[] = [];
  const watching = new Set<() => void>();
  const server = createServer(
    { cert: readFileSync(join(dir, "server.pem")), key: readFileSync(join(dir, "server.key")) },
    (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        const one: Received = {
          method: request.method ?? "",
          path: request.url ?? "",
          headers: request.headers as Record<string, string>,
          body: /json/.test(request.headers["content-type"] ?? "") ? (JSON.parse(text) as unknown) : text,
          at: Date.now(),
        };
        received.push(one);
        const reply = (status: number, body: unknown): void => {
          response.writeHead(status, { "content-type": "application/json", "webhook-allowed-origin": "*" });
          response.end(body === undefined ? "" : JSON.stringify(body));
          for (const look of watching) look();
        };
        if (one.headers["aeg-event-type"] === "SubscriptionValidation") return reply(200, own.handshake((one.body as never)[0]));
        if (one.method === "OPTIONS") return reply(200, undefined);
        const { answer } = own;
        void Promise.resolve(typeof answer === "number" ? answer : answer(one)).then((status) => reply(status, {}));
      });
    },
  );
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const own: Webhook = {
    url: `https://localhost:${(server.address() as AddressInfo).port}/hook?code=very-secret`,
    received,
    events: () =>
      received
        .filter(({ method, headers }) => method === "POST" && headers["aeg-event-type"] !== "SubscriptionValidation")
        .flatMap(({ body }) => (Array.isArray(body) ? (body as unknown[]) : [body])),
    answer: 200,
    handshake: ({ data }) => ({ validationResponse: data.validationCode }),
    async until(enough, seconds = 30) {
      if (enough()) return;
      await new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => {
          watching.delete(look);
          reject(new Error(`not within ${seconds} s; received: ${JSON.stringify(received, undefined, 1).slice(0, 3000)}`));
        }, seconds * 1000);
        const look = (): void => {
          if (!enough()) return;
          clearTimeout(late);
          watching.delete(look);
          resolve();
        };
        watching.add(look);
      });
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return own;
}
