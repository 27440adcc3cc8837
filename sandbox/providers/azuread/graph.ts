// Microsoft Graph v1.0 as far as the azuread provider needs it.
import type { Cloud } from "../http/cloud.ts";
import { demand, request } from "../http/request.ts";
import type { Json } from "../http/request.ts";

export class Graph {
  readonly #cloud: Cloud;

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
  }

  /** The object, or undefined when there is none. `path`: `applications/{id}`, with its query. */
  async get(path: string, signal: AbortSignal): Promise<Json | undefined> {
    const answer = await this.#send("GET", path, signal);
    return answer.status === 404 ? undefined : (demand(answer).body ?? {});
  }

  /** All of a collection, page by page. */
  async list(path: string, signal: AbortSignal): Promise<Json[]> {
    const found: Json[] = [];
    for (let next: string | undefined = path; next !== undefined;) {
      const { body } = demand(await this.#send("GET", next, signal));
      found.push(...((body?.["value"] as Json[] | undefined) ?? []));
      next = body?.["@odata.nextLink"] as string | undefined;
    }
    return found;
  }

  async post(path: string, body: unknown, signal: AbortSignal): Promise<Json> {
    return demand(await this.#send("POST", path, signal, body)).body ?? {};
  }

  async patch(path: string, body: unknown, signal: AbortSignal): Promise<void> {
    demand(await this.#send("PATCH", path, signal, body));
  }

  /** What is not there is deleted. */
  async delete(path: string, signal: AbortSignal): Promise<void> {
    const answer = await this.#send("DELETE", path, signal);
    if (answer.status !== 404) demand(answer);
  }

  /** Reference to a directory object, as `@odata.bind` and `$ref` take it. */
  async reference(objectId: string): Promise<string> {
    return `${await this.#cloud.graph()}/v1.0/directoryObjects/${objectId}`;
  }

  async #send(method: string, path: string, signal: AbortSignal, body?: unknown): ReturnType<typeof request> {
    const base = await this.#cloud.graph();
    const url = new URL(/^https?:/.test(path) ? path : `${base}/v1.0/${path}`);
    if (url.origin !== new URL(base).origin) throw new Error(`the sandbox's Graph pointed to ${url.origin}; it is at ${base}`);
    return request(this.#cloud, { method, url, audience: await this.#cloud.audience(), signal, ...(body !== undefined && { body }) });
  }
}
