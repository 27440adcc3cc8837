// One authenticated request to the sandbox with retries; what Azure answers, or its error with code, message and request id.
import { setTimeout as sleep } from "node:timers/promises";
import type { Cloud } from "./cloud.ts";
import { exchange, retryAfter } from "./exchange.ts";

export type Json = { [key: string]: unknown };

/** What Azure answered with, when it was not what was asked for. */
export class AzureError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string, requestId: string | undefined, details: readonly string[] = []) {
    const more = details.length > 0 ? ` Details: ${details.join("; ")}` : "";
    super(`Status=${status} Code="${code}" Message="${message}"${more}${requestId ? ` RequestId=${requestId}` : ""}`);
    this.status = status;
    this.code = code;
  }
}

export interface Answer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json | undefined;
}

export interface Call {
  readonly method: string;
  readonly url: URL;
  /** Of the token. */
  readonly audience: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** How often a 409 that says when to come again is tried again; what else is worth it, `exchange` has tried. */
const RETRIES = 4;

/** The answer, whatever its status, after retries of what is worth retrying. */
export async function request(cloud: Cloud, { method, url, audience, body, signal }: Call): Promise<Answer> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  for (let attempt = 0; ; attempt++) {
    const token = await cloud.token(audience);
    const headers = {
      authorization: `Bearer ${token}`,
      accept: "application/json",
      ...(text !== undefined && { "content-type": "application/json" }),
    };
    const reply = await exchange({ method, url, headers, ...(text !== undefined && { body: text }), signal });
    const answer = { status: reply.status, headers: reply.headers, body: parseBody(reply.text) };
    const wait = retryAfter(answer.headers);
    if (answer.status !== 409 || wait === undefined || attempt >= RETRIES) return answer;
    await sleep(wait, undefined, { ...(signal && { signal }) });
  }
}

function parseBody(text: string): Json | undefined {
  if (text.trim() === "") return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return { error: { code: "NotJson", message: `unexpected answer: ${text.slice(0, 200)}` } };
  }
}

/** The answer if it is a good one; throws AzureError else. */
export function demand(answer: Answer): Answer {
  if (answer.status < 400) return answer;
  throw errorOf(answer, answer.body?.["error"]);
}

/** `error`: ARM's or Graph's error object. */
export function errorOf(answer: Answer, error: unknown): AzureError {
  const { code, message, details } = (error ?? {}) as { code?: string; message?: string; details?: { code?: string; message?: string }[] };
  const lines = (Array.isArray(details) ? details : []).map((d) => `${d.code ?? ""}: ${d.message ?? ""}`);
  const requestId = answer.headers["x-ms-request-id"] ?? answer.headers["request-id"];
  return new AzureError(answer.status, code ?? "Unknown", message ?? "no message", requestId, lines);
}
