// Managed online endpoints as a client sees them: what they are, who may call them, and calling them.
import type { Azure, RequestOptions } from "./client.ts";
import { AzureError } from "./errors.ts";
import { apiVersions } from "./ids.ts";
import { httpClient } from "./http.ts";
import { createHttpHeaders, createPipelineRequest, RestError } from "@azure/core-rest-pipeline";

const options = { apiVersion: apiVersions.machineLearning } as const;

/** `OnlineEndpoint` of api-version 2024-10-01, as far as this project reads and writes it. */
export interface OnlineEndpoint {
  readonly id: string;
  readonly name: string;
  readonly location: string;
  readonly etag?: string;
  readonly kind?: string;
  readonly sku?: unknown;
  readonly tags?: Readonly<Record<string, string>>;
  readonly identity?: { readonly type?: string; readonly userAssignedIdentities?: Readonly<Record<string, unknown>> };
  readonly properties: {
    readonly authMode: "Key" | "AMLToken" | "AADToken";
    readonly compute?: string;
    readonly description?: string;
    readonly properties?: Readonly<Record<string, string>>;
    readonly publicNetworkAccess?: "Enabled" | "Disabled";
    readonly traffic?: Readonly<Record<string, number>>;
    readonly mirrorTraffic?: Readonly<Record<string, number>>;
    readonly scoringUri?: string;
    readonly provisioningState?: string;
  };
}

/** The parts of an endpoint that change while it serves. */
export interface EndpointChange {
  readonly traffic?: Readonly<Record<string, number>>;
  readonly mirrorTraffic?: Readonly<Record<string, number>>;
  readonly tags?: Readonly<Record<string, string>>;
  readonly description?: string;
  readonly publicNetworkAccess?: "Enabled" | "Disabled";
}

/**
 * The body of a PUT that changes only what it should: Azure takes a PUT as the whole endpoint, and one without its
 * traffic may reset it. What the service fills in by itself is left out.
 */
export function endpointBody(endpoint: OnlineEndpoint, change: EndpointChange): Record<string, unknown> {
  const { location, kind, sku, identity, properties } = endpoint;
  const { authMode, compute, properties: more } = properties;
  const users = Object.keys(identity?.userAssignedIdentities ?? {});
  return {
    location,
    ...(kind ? { kind } : {}),
    ...(sku ? { sku } : {}),
    ...(identity?.type
      ? {
          identity: {
            type: identity.type,
            ...(users.length ? { userAssignedIdentities: Object.fromEntries(users.map((id) => [id, {}])) } : {}),
          },
        }
      : {}),
    tags: change.tags ?? endpoint.tags ?? {},
    properties: {
      authMode,
      ...(compute ? { compute } : {}),
      ...defined("description", change.description ?? properties.description),
      ...(more ? { properties: more } : {}),
      ...defined("publicNetworkAccess", change.publicNetworkAccess ?? properties.publicNetworkAccess),
      traffic: change.traffic ?? properties.traffic ?? {},
      mirrorTraffic: change.mirrorTraffic ?? properties.mirrorTraffic ?? {},
    },
  };
}

/**
 * Writes an endpoint as a whole, on condition that it is still what was read. Waits for the end.
 * @throws AzureError 409 while something else changes it, 412 when it changed since it was read
 */
export async function writeEndpoint(
  azure: Azure,
  endpoint: OnlineEndpoint,
  change: EndpointChange,
  more: Pick<RequestOptions, "signal" | "onProgress"> = {},
): Promise<OnlineEndpoint> {
  return azure.put<OnlineEndpoint>(endpoint.id, endpointBody(endpoint, change), {
    ...options,
    ...more,
    ...(endpoint.etag ? { headers: { "if-match": endpoint.etag } } : {}),
  });
}

/** The endpoint with its etag, wherever the answer has it; undefined when there is none. */
export async function readEndpoint(azure: Azure, id: string, signal?: AbortSignal): Promise<OnlineEndpoint | undefined> {
  try {
    const answer = await azure.request("GET", id, undefined, { ...options, ...(signal ? { signal } : {}) });
    const endpoint = answer.body as OnlineEndpoint;
    const etag = answer.headers["etag"] ?? endpoint.etag;
    return { ...endpoint, id, ...(etag ? { etag } : {}) };
  } catch (error) {
    if (error instanceof AzureError && error.status === 404) return undefined;
    throw error;
  }
}

/** Names of the endpoint's deployments and what state each is in (`Succeeded`, `Failed`, `Creating`, …). */
export async function deploymentStates(azure: Azure, id: string, signal?: AbortSignal): Promise<Map<string, string>> {
  const states = new Map<string, string>();
  type Deployment = { name: string; properties?: { provisioningState?: string } };
  for await (const d of azure.list<Deployment>(`${id}/deployments`, { ...options, ...(signal ? { signal } : {}) })) {
    states.set(d.name, d.properties?.provisioningState ?? "Unknown");
  }
  return states;
}

/** What a caller of the endpoint has to send as bearer token. Never kept anywhere. */
export async function scoringToken(azure: Azure, endpoint: OnlineEndpoint, signal?: AbortSignal): Promise<string> {
  const more = { ...options, ...(signal ? { signal } : {}) };
  switch (endpoint.properties.authMode) {
    case "AADToken":
      return azure.token(azure.cloud.machineLearningScope, signal);
    case "AMLToken":
      return (await azure.post<{ accessToken: string }>(`${endpoint.id}/token`, undefined, more)).accessToken;
    case "Key":
      return (await azure.post<{ primaryKey: string }>(`${endpoint.id}/listKeys`, undefined, more)).primaryKey;
  }
}

/** One scoring call and what came of it; a refusal is a result here, not an exception. */
export interface Scored {
  readonly status: number;
  /**
   * What the model itself answered, when that was an error: managed endpoints pass it on as 424 with this header.
   * https://learn.microsoft.com/azure/machine-learning/how-to-troubleshoot-online-endpoints#http-status-codes
   */
  readonly modelStatus: number | undefined;
  readonly body: string;
  readonly milliseconds: number;
  readonly requestId: string | undefined;
  /** The deployment that answered, as the answer's own header says. */
  readonly deployment: string | undefined;
}

/**
 * Calls a scoring URI once, without retries: an answer is measured here, not hidden. With `deployment` the call goes to
 * that deployment whatever the traffic (header `azureml-model-deployment`).
 * https://learn.microsoft.com/azure/machine-learning/how-to-authenticate-online-endpoint
 * @returns status 0 with the reason as body when no answer came within the timeout
 */
export async function score(
  scoringUri: string,
  request: { readonly token: string; readonly body: string; readonly deployment?: string },
  limits: { readonly signal?: AbortSignal; readonly timeoutMs?: number } = {},
): Promise<Scored> {
  const timeout = AbortSignal.timeout(limits.timeoutMs ?? 90_000);
  const start = performance.now();
  const took = (): number => performance.now() - start;
  try {
    const answer = await httpClient().sendRequest(
      createPipelineRequest({
        url: scoringUri,
        method: "POST",
        headers: createHttpHeaders({
          "content-type": "application/json",
          authorization: `Bearer ${request.token}`,
          ...(request.deployment ? { "azureml-model-deployment": request.deployment } : {}),
        }),
        body: request.body,
        abortSignal: limits.signal ? AbortSignal.any([limits.signal, timeout]) : timeout,
        allowInsecureConnection: new URL(scoringUri).hostname === "127.0.0.1",
      }),
    );
    const modelStatus = Number(answer.headers.get("ms-azureml-model-error-statuscode") ?? "");
    return {
      status: answer.status,
      modelStatus: modelStatus || undefined,
      body: answer.bodyAsText ?? "",
      milliseconds: took(),
      requestId: answer.headers.get("x-ms-request-id") ?? answer.headers.get("x-request-id"),
      deployment: answer.headers.get("azureml-model-deployment"),
    };
  } catch (error) {
    limits.signal?.throwIfAborted();
    const reason = timeout.aborted
      ? `no answer within ${limits.timeoutMs ?? 90_000} ms`
      : error instanceof RestError || error instanceof Error
        ? error.message
        : String(error);
    return { status: 0, modelStatus: undefined, body: reason, milliseconds: took(), requestId: undefined, deployment: undefined };
  }
}

function defined<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, V>);
}
