// Makes faults happen to an exchange of Node's HTTP servers, before (or after) the service itself sees it.
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { formed, usual } from "./answers.ts";
import type { Faults, ObservedCall } from "./faults.ts";
import type { FaultRule, Service } from "./rule.ts";

/**
 * Serves the exchange, unless a fault comes before.
 * @param observe what the rules look at; not asked while there are none
 */
export function withFaults(
  faults: Faults,
  observe: (request: IncomingMessage) => ObservedCall | undefined,
  serve: (request: IncomingMessage, response: ServerResponse) => void,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const call = faults.idle ? undefined : observe(request);
    const due = call ? faults.due(call, ["answer", "drop", "slow"]) : [];
    if (due.length === 0) return serve(request, response);
    void play(due, call!.service, request, response).then((goesOn) => {
      if (goesOn) serve(request, response);
    });
  };
}

/** Resolves with true when the service is still to see the request. */
async function play(due: readonly FaultRule[], service: Service, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const seconds = due.reduce((sum, { slow = 0 }) => sum + slow, 0);
  if (seconds > 0) await sleep(seconds * 1000);
  for (const { answer, drop } of due) {
    if (answer) {
      refuse(answer, service, request, response);
      return false;
    }
    if (drop === "before") {
      request.socket.destroy();
      return false;
    }
    if (drop === "after") dropAnswer(request, response);
    if (drop === "midway") breakAnswer(request, response);
  }
  // Who has gone meanwhile gets nothing done, as in Azure behind its gateway.
  return !request.socket.destroyed;
}

function refuse(answer: NonNullable<FaultRule["answer"]>, service: Service, request: IncomingMessage, response: ServerResponse): void {
  const said = usual(service, answer.status);
  const { body, headers } = formed(service, {
    code: answer.code ?? said?.code ?? `Status${answer.status}`,
    message: answer.message ?? said?.message ?? "A fault that the sandbox plays (mlops sandbox faults).",
  });
  const retryAfter = answer.retryAfter ?? (answer.status === 429 ? 5 : undefined);
  request.resume();
  const id = randomUUID();
  response.writeHead(answer.status, {
    "x-ms-request-id": id,
    "x-ms-correlation-request-id": id,
    ...headers,
    ...(retryAfter === undefined ? {} : { "retry-after": String(Math.ceil(retryAfter)) }),
    "content-length": Buffer.byteLength(body),
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

/** Lets the service do its work; the answer then finds the connection broken. */
function dropAnswer(request: IncomingMessage, response: ServerResponse): void {
  const broken = (): ServerResponse => {
    request.socket.destroy();
    return response;
  };
  Object.assign(response, { writeHead: broken, end: broken, write: () => broken() === undefined });
}

/** Lets half of the answer's first piece through, its length promised whole. */
function breakAnswer(request: IncomingMessage, response: ServerResponse): void {
  const write = response.write.bind(response) as (chunk: Buffer, done: () => void) => boolean;
  const half = (chunk: unknown): ServerResponse => {
    const bytes = typeof chunk === "string" || chunk instanceof Uint8Array ? Buffer.from(chunk as string) : Buffer.alloc(0);
    // An answer without a body is kept back whole.
    if (bytes.length === 0 || request.method === "HEAD") request.socket.destroy();
    else write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => request.socket.destroy());
    return response;
  };
  Object.assign(response, { end: half, write: (chunk: unknown) => half(chunk) === undefined });
}
