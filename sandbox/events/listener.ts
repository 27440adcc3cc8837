// A webhook of this machine for programs that want the sandbox's events: its certificate, the handshake, and an answer only once they are kept.
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

const bodyLimit = 1024 * 1024;

/**
 * Listens on loopback at `/{path}`; `keep` is given each request's events and has to keep them before it returns: when it throws, Event
 * Grid is told to come again. @throws Error when the port is taken
 */
export async function listenForEvents(
  dir: string,
  { port, path }: { readonly port: number; readonly path: string },
  keep: (events: readonly unknown[]) => void,
): Promise<Listener> {
  const tls = { cert: readFileSync(join(dir, "server.pem")), key: readFileSync(join(dir, "server.key")) };
  const server = createServer(tls, (request, response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const answer = (status: number, body?: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(body === undefined ? "" : JSON.stringify(body));
    };
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= bodyLimit) chunks.push(chunk);
    });
    request.on("end", () => {
      if (request.url !== `/${path}` || request.method !== "POST") return answer(404);
      if (size > bodyLimit) return answer(413);
      try {
        const events = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { data?: { validationCode?: string } }[];
        if (!Array.isArray(events)) return answer(400);
        if (request.headers["aeg-event-type"] === "SubscriptionValidation")
          return answer(200, { validationResponse: events[0]?.data?.validationCode });
        keep(events);
        answer(200);
      } catch (error) {
        answer(error instanceof SyntaxError ? 400 : 500);
      }
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
