// The client: a connection to one cloud and subscription, over which everything else in this folder speaks.
import { createPipelineFromOptions } from "@azure/core-rest-pipeline";
import type { HttpClient, Pipeline } from "@azure/core-rest-pipeline";
import type { TokenCredential } from "@azure/identity";
import { discoverCloud } from "./cloud.ts";
import type { Cloud } from "./cloud.ts";
import { credentialFor } from "./credential.ts";
import { errorFromBody, isNotFound } from "./errors.ts";
import { connectFrom, httpClient } from "./http.ts";
import { waitForEnd } from "./operations.ts";
import type { Answer, Patience } from "./operations.ts";
import { impatient, send } from "./send.ts";
import type { Method } from "./send.ts";

export type { Method };

/** What a request may say besides its path and body. */
export interface RequestOptions extends Patience {
  readonly apiVersion?: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sends a token of this scope. Default: Resource Manager's, and only to Resource Manager itself. `"none"`: no token. */
  readonly scope?: string;
  /** Do not wait for the operation that the answer names. */
  readonly noWait?: boolean;
}

/**
 * A connection. Paths are Azure resource ids (`/subscriptions/…`), or whole URLs of Azure's other services together with
 * `scope`. Every method throws AzureError for an answer ≥ 400 and for an operation that ends in `Failed`; 429, 5xx and broken
 * connections have been retried by then, as `Retry-After` asks.
 */
export interface Azure {
  readonly cloud: Cloud;
  readonly subscriptionId: string;
  readonly credential: TokenCredential;
  get<T = unknown>(path: string, options?: RequestOptions): Promise<T>;
  /** As `get`, and undefined when there is no such thing. */
  find<T = unknown>(path: string, options?: RequestOptions): Promise<T | undefined>;
  /** Waits for the end and returns the resource. */
  put<T = unknown>(path: string, body: unknown, options?: RequestOptions): Promise<T>;
  patch<T = unknown>(path: string, body: unknown, options?: RequestOptions): Promise<T>;
  /** Waits for the end and returns the result, if the action has one. */
  post<T = unknown>(path: string, body?: unknown, options?: RequestOptions): Promise<T>;
  /** Waits for the end; nothing to delete is no error. True when there was something. */
  delete(path: string, options?: RequestOptions): Promise<boolean>;
  /** Every item of every page. */
  list<T = unknown>(path: string, options?: RequestOptions): AsyncGenerator<T, void, undefined>;
  /** One request and its answer, without waiting for operations. */
  request(method: Method, path: string, body?: unknown, options?: RequestOptions): Promise<Answer>;
  /** A bearer token, from the credential's cache when it still holds. */
  token(scope: string, signal?: AbortSignal): Promise<string>;
}

/** How to connect; everything has a default. */
export interface ConnectOptions {
  readonly subscriptionId?: string;
  readonly credential?: TokenCredential;
  readonly retries?: number;
  /** First wait between retries, in milliseconds; doubles each time. */
  readonly retryDelayMs?: number;
  readonly httpClient?: HttpClient;
  readonly userAgent?: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Connects: finds the cloud, the subscription and the credential. Asks for no token before the first request.
 * @throws Error when no subscription is named, or the cloud's metadata cannot be read
 */
export async function connect(env: Env = process.env, options: ConnectOptions = {}): Promise<Azure> {
  const subscriptionId = options.subscriptionId ?? env["AZURE_SUBSCRIPTION_ID"] ?? env["ARM_SUBSCRIPTION_ID"];
  if (!subscriptionId) {
    throw new Error(
      "no Azure subscription is named; set AZURE_SUBSCRIPTION_ID, or prepare the shell for the sandbox: " +
        'eval "$(npx mlops sandbox env)"',
    );
  }
  connectFrom(env);
  const pipeline = createPipelineFromOptions({
    retryOptions: { maxRetries: options.retries ?? 6, retryDelayInMs: options.retryDelayMs ?? 500, maxRetryDelayInMs: 30_000 },
    userAgentOptions: { userAgentPrefix: options.userAgent ?? "azure-mlops" },
    // Following a redirect would carry the token to wherever it points.
    redirectOptions: { maxRetries: 0 },
  });
  const http = impatient(options.httpClient ?? httpClient());
  const cloud = await discoverCloud(env, async (url) => {
    const answer = await send(pipeline, http, "GET", url, undefined, {});
    if (answer.status !== 200) throw errorFromBody(answer.body, answer);
    return answer.body;
  });
  let credential = options.credential;
  const lazyCredential: TokenCredential = {
    async getToken(scopes, tokenOptions) {
      credential ??= await credentialFor(env, cloud);
      return credential.getToken(scopes, tokenOptions);
    },
  };
  return new Connection(cloud, subscriptionId, lazyCredential, pipeline, http);
}

class Connection implements Azure {
  readonly cloud: Cloud;
  readonly subscriptionId: string;
  readonly credential: TokenCredential;
  readonly #pipeline: Pipeline;
  readonly #http: HttpClient;
  readonly #tokens = new Map<string, { readonly token: string; readonly until: number }>();

  constructor(cloud: Cloud, subscriptionId: string, credential: TokenCredential, pipeline: Pipeline, http: HttpClient) {
    this.cloud = cloud;
    this.subscriptionId = subscriptionId;
    this.credential = credential;
    this.#pipeline = pipeline;
    this.#http = http;
  }

  async get<T>(path: string, options?: RequestOptions): Promise<T> {
    return (await this.request("GET", path, undefined, options)).body as T;
  }

  async find<T>(path: string, options?: RequestOptions): Promise<T | undefined> {
    try {
      return await this.get<T>(path, options);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async put<T>(path: string, body: unknown, options?: RequestOptions): Promise<T> {
    return (await this.#complete("PUT", path, body, options)).body as T;
  }

  async patch<T>(path: string, body: unknown, options?: RequestOptions): Promise<T> {
    return (await this.#complete("PATCH", path, body, options)).body as T;
  }

  async post<T>(path: string, body?: unknown, options?: RequestOptions): Promise<T> {
    return (await this.#complete("POST", path, body, options)).body as T;
  }

  async delete(path: string, options?: RequestOptions): Promise<boolean> {
    try {
      return (await this.#complete("DELETE", path, undefined, options)).status !== 204;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  async *list<T>(path: string, options: RequestOptions = {}): AsyncGenerator<T, void, undefined> {
    type Page = { value?: T[]; nextLink?: string };
    let page = await this.get<Page>(path, options);
    for (;;) {
      yield* page.value ?? [];
      if (!page.nextLink) return;
      const { scope, headers, signal } = options;
      page = await this.get<Page>(page.nextLink, { scope, headers, signal });
    }
  }

  async token(scope: string, signal?: AbortSignal): Promise<string> {
    const kept = this.#tokens.get(scope);
    if (kept && kept.until > Date.now()) return kept.token;
    const token = await this.credential.getToken(scope, signal ? { abortSignal: signal } : {});
    if (!token) throw new Error(`no credential gives a token for ${scope}; log in with "az login"`);
    // Five minutes early, so that a token does not end while a request with it is under way.
    this.#tokens.set(scope, { token: token.token, until: token.expiresOnTimestamp - 300_000 });
    return token.token;
  }

  async request(method: Method, path: string, body?: unknown, options: RequestOptions = {}): Promise<Answer> {
    const url = this.#url(path, options);
    const scope = options.scope ?? (this.#isResourceManager(url) ? this.cloud.resourceManagerScope : undefined);
    if (scope === undefined) throw new Error(`${new URL(url).origin} is not Resource Manager; say which token it gets (scope)`);
    const headers: Record<string, string> = { accept: "application/json", ...options.headers };
    if (scope !== "none" && !headers["authorization"]) {
      headers["authorization"] = `Bearer ${await this.token(scope, options.signal)}`;
    }
    const answer = await send(this.#pipeline, this.#http, method, url, body, headers, options.signal);
    if (answer.status >= 400) throw errorFromBody(answer.body, factsOf(answer));
    return answer;
  }

  async #complete(method: Method, path: string, body: unknown, options: RequestOptions = {}): Promise<Answer> {
    const first = await this.request(method, path, body, options);
    if (options.noWait) return first;
    const { scope } = options;
    return waitForEnd(first, (url, signal) => this.request("GET", url, undefined, { scope, signal }), options);
  }

  #url(path: string, options: RequestOptions): string {
    const url = new URL(path.startsWith("/") ? this.cloud.resourceManager + path : path);
    if (options.apiVersion) url.searchParams.set("api-version", options.apiVersion);
    for (const [name, value] of Object.entries(options.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    return url.href;
  }

  #isResourceManager(url: string): boolean {
    return new URL(url).origin === new URL(this.cloud.resourceManager).origin;
  }
}

function factsOf(answer: Answer): { method: string; url: string; status: number; requestId?: string } {
  const requestId = answer.headers["x-ms-request-id"] ?? answer.headers["x-request-id"];
  return { method: answer.method, url: answer.url, status: answer.status, ...(requestId ? { requestId } : {}) };
}
