// One request to one inference server, over plain HTTP on loopback.
import { Agent, request } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from "node:http";

/** Headers that belong to a connection, not to the message (RFC 9110, section 7.6.1). */
const HOP_BY_HOP = new Set([
  "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
  "transfer-encoding", "upgrade",
]);

/** Never shown to a model: credentials, and what the router alone decides on. */
const KEPT_BACK = new Set([
  "authorization", "host", "content-length", "expect", "azureml-model-deployment", "x-request-id", "x-ms-request-id",
  "x-ms-client-request-id",
]);

/**
 * Connections are reused where the server allows it. The inference server's workers close after each answer; a custom
 * worker class may not.
 */
export const agent = new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 64, timeout: 0 });

export interface Outgoing {
  readonly method: string;
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer | undefined;
}

/** The client's headers as a model may see them. */
export function forwardedHeaders(headers: IncomingHttpHeaders, extra: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const kept: OutgoingHttpHeaders = {};
  for (const name in headers) {
    if (!HOP_BY_HOP.has(name) && !KEPT_BACK.has(name)) kept[name] = headers[name];
  }
  return Object.assign(kept, extra);
}

/** The model's headers as the client may see them. */
export function returnedHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const kept: OutgoingHttpHeaders = {};
  for (const name in headers) if (!HOP_BY_HOP.has(name)) kept[name] = headers[name];
  return kept;
}

/**
 * What became of it. `unsent`: no byte reached a server that would act on it, so that another may be asked. `broken`: the
 * connection ended before an answer. `late`: no answer within the time.
 */
export type Outcome =
  | { readonly kind: "answer"; readonly message: IncomingMessage }
  | { readonly kind: "unsent"; readonly reason: string }
  | { readonly kind: "broken"; readonly reason: string }
  | { readonly kind: "late" }
  | { readonly kind: "aborted" };

/**
 * Sends it and resolves with the head of the answer; the body is the caller's to read. The deadline (milliseconds from now)
 * covers the head. `onAbort` receives the way to give up, for a client that has gone.
 */
export function forward(
  port: number,
  outgoing: Outgoing,
  deadlineMs: number,
  onAbort: (abort: () => void) => void,
): Promise<Outcome> {
  return new Promise((resolve) => {
    let aborted = false;
    const upstream = request({
      host: "127.0.0.1",
      port,
      agent,
      method: outgoing.method,
      path: outgoing.path,
      headers: outgoing.headers,
    });
    const timer = setTimeout(() => {
      resolve({ kind: "late" });
      upstream.destroy();
    }, deadlineMs);
    onAbort(() => {
      aborted = true;
      upstream.destroy();
    });
    upstream.on("response", (message) => {
      clearTimeout(timer);
      resolve({ kind: "answer", message });
    });
    upstream.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      if (aborted) resolve({ kind: "aborted" });
      // A kept connection that the server closed while it was idle: it never saw the request.
      else if (error.code === "ECONNREFUSED" || (upstream.reusedSocket && error.code === "ECONNRESET")) {
        resolve({ kind: "unsent", reason: error.code });
      } else resolve({ kind: "broken", reason: error.code ?? error.message });
    });
    upstream.end(outgoing.body);
  });
}
