// Long-running operations: from an answer that says "accepted" to the end that it promised.
import { setTimeout as sleep } from "node:timers/promises";
import { AzureError, errorFromBody } from "./errors.ts";

/** An answer as the operations need it: header names in lower case. */
export interface Answer {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** What waits between two looks. */
export interface Patience {
  readonly signal?: AbortSignal | undefined;
  /** Seconds to wait when Azure does not say (`Retry-After`). */
  readonly pollSeconds?: number | undefined;
  /** Told at each look what state the operation is in. */
  readonly onProgress?: ((status: string) => void) | undefined;
}

const finished = new Set(["succeeded", "failed", "canceled", "cancelled"]);
const isFinished = (status: unknown): boolean => typeof status === "string" && finished.has(status.toLowerCase());

/**
 * Waits until what `first` began has ended, and returns the last answer: the resource for PUT and PATCH, the result for
 * POST, the end for DELETE. Answers that began nothing are returned as they are.
 * Follows https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
 * @throws AzureError when the operation ends in `Failed` or `Canceled`
 */
export async function waitForEnd(
  first: Answer,
  get: (url: string, signal?: AbortSignal) => Promise<Answer>,
  patience: Patience = {},
): Promise<Answer> {
  const operation = first.headers["azure-asyncoperation"] ?? first.headers["operation-location"];
  const location = first.headers["location"];
  const writes = first.method === "PUT" || first.method === "PATCH";

  if (operation) {
    const end = await pollStatus(first, absolute(operation, first.url), get, patience);
    if (writes) return get(first.url, patience.signal);
    if (first.method === "DELETE") return end;
    const result = resultOf(end.body);
    if (result !== undefined) return { ...end, body: result };
    return location ? get(absolute(location, first.url), patience.signal) : end;
  }
  if (first.status === 202 && location) {
    const end = await pollLocation(first, absolute(location, first.url), get, patience);
    return writes ? get(first.url, patience.signal) : end;
  }
  if (writes && provisioningState(first.body) !== undefined && !isFinished(provisioningState(first.body))) {
    return pollResource(first, get, patience);
  }
  return first;
}

async function pollStatus(
  first: Answer,
  url: string,
  get: (url: string, signal?: AbortSignal) => Promise<Answer>,
  patience: Patience,
): Promise<Answer> {
  for (let last = first; ;) {
    await pause(last, patience);
    last = await get(url, patience.signal);
    const status = (last.body as { status?: unknown } | undefined)?.status;
    if (typeof status === "string") patience.onProgress?.(status);
    // An answer without a status ended well when it is a plain 200 or 204 (older resource providers do this).
    if (status === undefined && (last.status === 200 || last.status === 204)) return last;
    if (isFinished(status)) return successOr(first, last, String(status));
  }
}

async function pollLocation(
  first: Answer,
  url: string,
  get: (url: string, signal?: AbortSignal) => Promise<Answer>,
  patience: Patience,
): Promise<Answer> {
  let next = url;
  for (let last = first; ;) {
    await pause(last, patience);
    last = await get(next, patience.signal);
    if (last.status !== 202) {
      const status = (last.body as { status?: unknown } | undefined)?.status;
      return isFinished(status) ? successOr(first, last, String(status)) : last;
    }
    next = last.headers["location"] ? absolute(last.headers["location"], next) : next;
    patience.onProgress?.("Running");
  }
}

async function pollResource(
  first: Answer,
  get: (url: string, signal?: AbortSignal) => Promise<Answer>,
  patience: Patience,
): Promise<Answer> {
  for (let last = first; ;) {
    await pause(last, patience);
    last = await get(first.url, patience.signal);
    const state = provisioningState(last.body);
    if (state) patience.onProgress?.(state);
    if (state === undefined || isFinished(state)) return successOr(first, last, state ?? "Succeeded");
  }
}

function successOr(first: Answer, last: Answer, status: string): Answer {
  if (status.toLowerCase() === "succeeded") return last;
  const request = last.headers["x-ms-request-id"];
  const facts = { method: first.method, url: first.url, status: last.status, ...(request ? { requestId: request } : {}) };
  const body = last.body as { error?: unknown } | undefined;
  if (body?.error) throw errorFromBody(body, facts);
  throw new AzureError(`the operation ended as ${status}, without a reason`, { ...facts, code: `Operation${status}` });
}

async function pause(last: Answer, patience: Patience): Promise<void> {
  await sleep(retryAfter(last.headers) ?? (patience.pollSeconds ?? 2) * 1000, undefined, {
    ...(patience.signal ? { signal: patience.signal } : {}),
  });
}

/**
 * Milliseconds that an answer asks to wait: `retry-after-ms`, else `Retry-After` in seconds or as a date; undefined when it does not
 * say. azure-core reads the same headers.
 */
export function retryAfter(headers: Readonly<Record<string, string>>): number | undefined {
  const fine = headers["retry-after-ms"] ?? headers["x-ms-retry-after-ms"];
  if (fine !== undefined && /^\d+$/.test(fine)) return Number(fine);
  const value = headers["retry-after"];
  if (value === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

function provisioningState(body: unknown): string | undefined {
  const state = (body as { properties?: { provisioningState?: unknown } } | undefined)?.properties?.provisioningState;
  return typeof state === "string" ? state : undefined;
}

/** Where a POST's result may stand in the operation's own body. */
function resultOf(body: unknown): unknown {
  const { properties, output } = (body ?? {}) as { properties?: unknown; output?: unknown };
  return (properties as { output?: unknown } | undefined)?.output ?? output ?? properties ?? undefined;
}

const absolute = (url: string, base: string): string => new URL(url, base).href;
