// Batch endpoints as a client sees them: what they are, which deployment is the default, and starting a job.
import type { Azure, RequestOptions } from "./client.ts";
import { AzureError } from "./errors.ts";
import { apiVersions } from "./ids.ts";

const options = { apiVersion: apiVersions.machineLearning } as const;

/** `BatchEndpoint` of api-version 2024-10-01, as far as this project reads and writes it. */
export interface BatchEndpoint {
  readonly id: string;
  readonly name: string;
  readonly location: string;
  readonly etag?: string;
  readonly kind?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly identity?: { readonly type?: string; readonly userAssignedIdentities?: Readonly<Record<string, unknown>> };
  readonly properties: {
    readonly authMode: string;
    readonly description?: string | null;
    readonly properties?: Readonly<Record<string, string>>;
    readonly defaults?: { readonly deploymentName?: string | null } | null;
    readonly scoringUri?: string;
    readonly provisioningState?: string;
  };
}

/** The parts of an endpoint that change while it takes jobs. `deployment: null`: no default. */
export interface BatchChange {
  readonly deployment?: string | null;
  readonly tags?: Readonly<Record<string, string>>;
  readonly description?: string;
}

/** The endpoint with its etag; undefined when there is none. */
export async function readBatchEndpoint(azure: Azure, id: string, signal?: AbortSignal): Promise<BatchEndpoint | undefined> {
  try {
    const answer = await azure.request("GET", id, undefined, { ...options, ...(signal ? { signal } : {}) });
    const endpoint = answer.body as BatchEndpoint;
    const etag = answer.headers["etag"] ?? endpoint.etag;
    return { ...endpoint, id, ...(etag ? { etag } : {}) };
  } catch (error) {
    if (error instanceof AzureError && error.status === 404) return undefined;
    throw error;
  }
}

/**
 * Writes an endpoint as a whole, on condition that it is still what was read: a PATCH takes tags and identity only
 * (BatchEndpoints Update, api-version 2024-10-01), and a PUT without the default takes it away. Waits for the end.
 */
export async function writeBatchEndpoint(
  azure: Azure,
  endpoint: BatchEndpoint,
  change: BatchChange,
  more: Pick<RequestOptions, "signal" | "onProgress"> = {},
): Promise<BatchEndpoint> {
  const { location, kind, identity, properties } = endpoint;
  const users = Object.keys(identity?.userAssignedIdentities ?? {});
  const named = change.deployment === undefined ? properties.defaults?.deploymentName : change.deployment;
  const description = change.description ?? properties.description;
  const body = {
    location,
    ...(kind ? { kind } : {}),
    ...(identity?.type
      ? {
          identity: {
            type: identity.type,
            ...(users.length > 0 ? { userAssignedIdentities: Object.fromEntries(users.map((id) => [id, {}])) } : {}),
          },
        }
      : {}),
    tags: change.tags ?? endpoint.tags ?? {},
    properties: {
      authMode: properties.authMode,
      ...(description ? { description } : {}),
      ...(properties.properties ? { properties: properties.properties } : {}),
      defaults: named ? { deploymentName: named } : {},
    },
  };
  return azure.put<BatchEndpoint>(endpoint.id, body, {
    ...options,
    ...more,
    ...(endpoint.etag ? { headers: { "if-match": endpoint.etag } } : {}),
  });
}

/** One input of a batch job, as the service's own API has it (2020-09-01-dataplanepreview, `BatchJob.inputData`). */
export type BatchInput =
  | { readonly jobInputType: "UriFile" | "UriFolder" | "MLTable"; readonly uri: string }
  | { readonly jobInputType: "Literal"; readonly value: string };

/**
 * Starts a job of the endpoint's default deployment, or of the one named. Returns the job's name.
 * https://learn.microsoft.com/azure/machine-learning/how-to-access-data-batch-endpoints-jobs
 */
export async function startBatchJob(
  azure: Azure,
  endpoint: BatchEndpoint,
  inputs: Readonly<Record<string, BatchInput>>,
  more: { readonly deployment?: string; readonly name?: string; readonly signal?: AbortSignal } = {},
): Promise<string> {
  const { deployment, name, signal } = more;
  const answer = await azure.request(
    "POST",
    endpoint.properties.scoringUri ?? "",
    { properties: { inputData: inputs, ...(name ? { name } : {}) } },
    {
      scope: azure.cloud.machineLearningScope,
      ...(deployment ? { headers: { "azureml-model-deployment": deployment } } : {}),
      ...(signal ? { signal } : {}),
    },
  );
  return (answer.body as { name: string }).name;
}
