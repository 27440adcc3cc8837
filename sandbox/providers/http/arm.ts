// Azure Resource Manager over HTTPS: requests, retries with Retry-After, long-running operations (ARM RPC "async operations").
import { setTimeout as sleep } from "node:timers/promises";
import type { Cloud } from "./cloud.ts";
import { retryAfter } from "./exchange.ts";
import { AzureError, demand, errorOf, request } from "./request.ts";
import type { Answer, Json } from "./request.ts";

export interface RequestOptions {
  readonly apiVersion: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** Called when Azure has taken the request on: from then on something exists that a failure leaves behind. */
  readonly accepted?: () => void;
}

export class ResourceManager {
  readonly #cloud: Cloud;

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
  }

  /** The resource, or undefined when there is none (404). */
  async get(id: string, options: RequestOptions): Promise<Json | undefined> {
    const answer = await this.#send("GET", id, options);
    if (answer.status === 404) return undefined;
    return demand(answer).body ?? {};
  }

  /** PUT and, if it takes long, wait for its end; then the resource as it is. */
  async put(id: string, options: RequestOptions): Promise<Json> {
    const answer = demand(await this.#send("PUT", id, options));
    options.accepted?.();
    const body = await this.#finish(answer, options, "resource");
    return body ?? (await this.get(id, { apiVersion: options.apiVersion, ...(options.signal && { signal: options.signal }) })) ?? {};
  }

  /** POST of an action; its answer, after the end of a long one. */
  async post(id: string, options: RequestOptions): Promise<Json> {
    const answer = demand(await this.#send("POST", id, { body: {}, ...options }));
    return (await this.#finish(answer, options, "result")) ?? {};
  }

  /** DELETE and wait for its end; what is not there is deleted. */
  async delete(id: string, options: RequestOptions): Promise<void> {
    const answer = await this.#send("DELETE", id, options);
    if (answer.status === 404) return;
    try {
      await this.#finish(demand(answer), options, "gone");
    } catch (error) {
      if (!(error instanceof AzureError && error.status === 404)) throw error;
    }
  }

  async #send(method: string, target: string, options: RequestOptions): Promise<Answer> {
    const base = await this.#cloud.resourceManager();
    const url = new URL(/^https?:/.test(target) ? target : base + target);
    if (url.origin !== new URL(base).origin) throw new Error(`the sandbox pointed to ${url.origin} for an operation; it is at ${base}`);
    if (!url.searchParams.has("api-version")) url.searchParams.set("api-version", options.apiVersion);
    for (const [name, value] of Object.entries(options.query ?? {})) url.searchParams.set(name, value);
    const audience = await this.#cloud.audience();
    return request(this.#cloud, {
      method,
      url,
      audience,
      ...(options.body !== undefined && { body: options.body }),
      ...(options.signal && { signal: options.signal }),
    });
  }

  /**
   * Follows Azure-AsyncOperation, else Location (after 202), else the resource's own provisioningState.
   * Gives the last body when it is the resource (or the action's result), undefined when it has to be read.
   */
  async #finish(first: Answer, options: RequestOptions, wanted: "resource" | "result" | "gone"): Promise<Json | undefined> {
    const operation = first.headers["azure-asyncoperation"];
    const location = first.headers["location"];
    const poll = { apiVersion: options.apiVersion, ...(options.signal && { signal: options.signal }) };
    if (operation) {
      const end = await this.#poll(operation, first, poll, (answer) => {
        const status = (answer.body?.["status"] ?? "Succeeded") as string;
        if (/^(failed|canceled|cancelled)$/i.test(status)) throw operationError(answer, status);
        return !/^succeeded$/i.test(status);
      });
      if (wanted !== "result") return undefined;
      const result = end.body?.["properties"];
      return location ? demand(await this.#send("GET", location, poll)).body : ((result as Json | undefined) ?? {});
    }
    if (first.status === 202 && location) {
      const end = await this.#poll(location, first, poll, (answer) => demand(answer).status === 202);
      return wanted === "resource" ? undefined : (end.body ?? {});
    }
    if (wanted === "resource") {
      const state = provisioningState(first.body);
      const id = first.body?.["id"];
      if (state !== undefined && !isTerminal(state) && typeof id === "string") {
        const end = await this.#poll(id, first, poll, (answer) => !isTerminal(provisioningState(demand(answer).body) ?? "Succeeded"));
        const ended = provisioningState(end.body);
        if (ended !== undefined && !/^succeeded$/i.test(ended)) throw operationError(end, ended);
        return end.body;
      }
    }
    return first.body;
  }

  async #poll(url: string, first: Answer, options: RequestOptions, goesOn: (answer: Answer) => boolean): Promise<Answer> {
    let wait = retryAfter(first.headers);
    for (let round = 0; ; round++) {
      await sleep(wait ?? Math.min(100 * 1.5 ** round, 2_000), undefined, { signal: options.signal });
      const answer = await this.#send("GET", url, options);
      demand(answer);
      if (!goesOn(answer)) return answer;
      wait = retryAfter(answer.headers);
    }
  }
}

function operationError(answer: Answer, status: string): AzureError {
  const error = (answer.body?.["error"] ?? (answer.body?.["properties"] as Json | undefined)?.["error"]) as Json | undefined;
  return errorOf(answer, error ?? { code: status, message: `the operation ended in state ${status}` });
}

function provisioningState(body: Json | undefined): string | undefined {
  const state = (body?.["properties"] as Json | undefined)?.["provisioningState"];
  return typeof state === "string" ? state : undefined;
}

function isTerminal(state: string): boolean {
  return /^(succeeded|failed|canceled|cancelled)$/i.test(state);
}
