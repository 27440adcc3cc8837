// One request to one inference server, over plain HTTP on loopback, each on a connection of its own.
import type { IncomingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { AnswerReader } from "./answer.ts";
import type { AnswerHead } from "./answer.ts";

/** Headers that belong to a connection, not to the message (RFC 9110, section 7.6.1). */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Never shown to a model: credentials, and what the router alone decides on. */
const KEPT_BACK = new Set([
  "authorization",
  "host",
  "content-length",
  "expect",
  "azureml-model-deployment",
  "x-request-id",
  "x-ms-request-id",
  "x-ms-client-request-id",
]);

/** What is sent, ready to be written. */
export interface Outgoing {
  readonly method: string;
  /** Request line and headers without the last empty line, so that a header can be added. */
  readonly head: string;
  readonly body: Buffer | undefined;
}

/**
 * The request as a model sees it. Connections are not kept: the inference server's workers (gunicorn's synchronous ones)
 * close after each answer, and one that waited for another request would block the worker.
 */
export function outgoing(
  method: string,
  path: string,
  headers: IncomingHttpHeaders,
  body: Buffer | undefined,
  clientRequestId: string | undefined,
): Outgoing {
  let head = `${method} ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n`;
  for (const name in headers) {
    if (HOP_BY_HOP.has(name) || KEPT_BACK.has(name)) continue;
    const value = headers[name];
    if (typeof value === "string") head += `${name}: ${value}\r\n`;
    else for (const one of value ?? []) head += `${name}: ${one}\r\n`;
  }
  if (clientRequestId !== undefined) head += `x-ms-client-request-id: ${clientRequestId}\r\n`;
  if (body !== undefined) head += `content-length: ${body.length}\r\n`;
  return { method, head, body };
}

/** Takes the answer. `body` gives false when it wants no more until `resume` is called. */
export interface Receiver {
  head(head: AnswerHead, resume: () => void): void;
  body(part: Buffer): boolean;
}

/**
 * What became of it. `unsent`: no byte reached a server that would act on it, so that another may be asked. `broken`: the
 * connection ended before the answer did. `late`: no answer within the time.
 */
export type Outcome =
  | { readonly kind: "answered" }
  | { readonly kind: "unsent" }
  | { readonly kind: "broken"; readonly reason: string }
  | { readonly kind: "late" }
  | { readonly kind: "aborted" };

/**
 * Sends it and resolves when the answer has come to its end. `deadlineMs` (from now) covers the answer's head. `onAbort`
 * receives the way to give up, for a client that has gone.
 */
export function forward(
  port: number,
  request: Outgoing,
  requestId: string,
  deadlineMs: number,
  receiver: Receiver,
  onAbort: (abort: () => void) => void,
): Promise<Outcome> {
  return new Promise((resolve) => {
    let settled = false;
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    const settle = (outcome: Outcome): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      socket.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(() => settle({ kind: "late" }), deadlineMs);
    onAbort(() => settle({ kind: "aborted" }));
    const reader = new AnswerReader(request.method, {
      head(head) {
        clearTimeout(timer);
        receiver.head(head, () => socket.resume());
      },
      body(part) {
        if (!receiver.body(part)) socket.pause();
      },
      end: () => settle({ kind: "answered" }),
    });
    const guarded = (work: () => void): void => {
      if (settled) return;
      try {
        work();
      } catch (error) {
        settle({ kind: "broken", reason: (error as Error).message });
      }
    };
    socket.on("data", (part: Buffer) => guarded(() => reader.push(part)));
    socket.on("end", () => guarded(() => reader.finish()));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") settle({ kind: "unsent" });
      else settle({ kind: "broken", reason: error.code ?? error.message });
    });
    socket.on("close", () => settle({ kind: "broken", reason: "ECONNRESET" }));
    const head = `${request.head}x-request-id: ${requestId}\r\n\r\n`;
    socket.write(request.body === undefined ? Buffer.from(head, "latin1") : Buffer.concat([Buffer.from(head, "latin1"), request.body]));
  });
}
