// Model versions and their bytes, in workspaces and in registries, and the way from one to the other.
import { below, downloadFile, listFiles, openContainer } from "./blobs.ts";
import type { BlobPlace } from "./blobs.ts";
import type { Azure } from "./client.ts";
import { isNotFound } from "./errors.ts";
import { apiVersions, scopeOf } from "./ids.ts";
import { openDatastore } from "./uploads.ts";

const arm = { apiVersion: apiVersions.machineLearning } as const;
/** The asset service's own version; registries' imports and data references are only there (azure-ai-ml's `v2021_10_01_dataplanepreview`). */
const assetService = "2021-10-01-dataplanepreview";

/** `ModelVersion` of api-version 2024-10-01, as far as this project reads it. */
export interface ModelVersionResource {
  readonly id: string;
  readonly name: string;
  readonly systemData?: { readonly createdBy?: string; readonly createdAt?: string };
  readonly properties: {
    readonly modelUri: string;
    readonly modelType?: string;
    readonly description?: string | null;
    readonly jobName?: string | null;
    readonly flavors?: unknown;
    readonly tags?: Readonly<Record<string, string>> | null;
    readonly properties?: Readonly<Record<string, string>> | null;
    readonly isArchived?: boolean;
  };
}

/** A model version of a workspace or registry; undefined when there is none. */
export const findModel = (azure: Azure, id: string, signal?: AbortSignal): Promise<ModelVersionResource | undefined> =>
  azure.find<ModelVersionResource>(id, { ...arm, ...(signal ? { signal } : {}) });

/** The place of a URI within a workspace: `azureml://…/datastores/{d}/paths/{p}`. */
export async function openUri(azure: Azure, workspaceId: string, uri: string, signal?: AbortSignal): Promise<BlobPlace> {
  const match = /^azureml:\/\/(?:subscriptions\/.+\/workspaces\/[^/]+\/)?datastores\/([^/]+)(?:\/paths)?\/(.*)$/i.exec(uri);
  if (!match) throw new Error(`${uri} is not a path in a datastore of ${workspaceId}`);
  const place = await openDatastore(azure, workspaceId, match[1]!, signal ? { signal } : {});
  const path = decodeURIComponent(match[2]!).replace(/\/+$/, "");
  return path ? below(place, path) : place;
}

/** The files of a model version, wherever it is kept. A model that is one file has one, under its own name. */
export async function openModel(azure: Azure, model: ModelVersionResource, signal?: AbortSignal): Promise<ModelBytes> {
  const home = scopeOf(model.id);
  const uri = model.properties.modelUri;
  const place = /\/registries\//i.test(home)
    ? await openRegistryBlob(azure, home, model.id, uri, signal)
    : await openUri(azure, home, uri, signal);
  const files = await listFiles(place, signal);
  if (files.length > 0) return { paths: files.map(({ path }) => path), read: (path) => downloadFile(place, path, signal) };
  const name = place.prefix.split("/").at(-1)!;
  return { paths: [name], read: () => downloadFile(place, "", signal) };
}

export interface ModelBytes {
  readonly paths: readonly string[];
  read(path: string): Promise<Buffer>;
}

interface DataReference {
  readonly blobReferenceForConsumption: { readonly blobUri: string; readonly credential?: { readonly sasUri?: string } };
}

/** A registry's storage is nobody's own: the asset service gives a signature for the container (`datarefs`). */
async function openRegistryBlob(
  azure: Azure,
  registryId: string,
  versionId: string,
  blobUri: string,
  signal?: AbortSignal,
): Promise<BlobPlace> {
  const { base, name } = await assetServiceOf(azure, registryId, signal);
  const [collection, asset, , version] = versionId.slice(scopeOf(versionId).length + 1).split("/");
  const assetId = `azureml://registries/${name}/${collection}/${asset}/versions/${version}`;
  const { blobReferenceForConsumption: reference } = await azure.post<DataReference>(
    `${base}/datarefs/${asset}/versions/${version}`,
    { assetId, blobUri },
    { apiVersion: assetService, scope: azure.cloud.resourceManagerScope, ...(signal ? { signal } : {}) },
  );
  const sas = reference.credential?.sasUri;
  if (!sas) throw new Error(`registry ${name} gave no signature for ${assetId}`);
  const place = await openContainer(azure, sas);
  // The container is in the signature's URL; the path is what the blob's URL has below it.
  const path = decodeURIComponent(new URL(blobUri).pathname).split("/").slice(2).join("/").replace(/\/+$/, "");
  return path ? below(place, path) : place;
}

interface Discovery {
  readonly primaryRegionResourceProviderUri: string;
}

/** Where a registry's assets are served: the address of its primary region, by its discovery document. */
async function assetServiceOf(azure: Azure, registryId: string, signal?: AbortSignal): Promise<{ base: string; name: string }> {
  const more = signal ? { signal } : {};
  const registry = await azure.get<{ name: string; properties: { discoveryUrl: string } }>(registryId, { ...arm, ...more });
  const found = await azure.get<Discovery>(registry.properties.discoveryUrl, { scope: azure.cloud.resourceManagerScope, ...more });
  return {
    base: `${found.primaryRegionResourceProviderUri.replace(/\/+$/, "")}/mferp/managementfrontend${registryId}`,
    name: registry.name,
  };
}

/** Asks a registry where it is served, which only one that can be reached answers. @throws AzureError */
export async function connectRegistry(azure: Azure, registryId: string, signal?: AbortSignal): Promise<void> {
  await assetServiceOf(azure, registryId, signal);
}

/** What can be shared with a registry. */
export type Shareable = "models" | "components" | "environments" | "data";

/**
 * Copies a version of a workspace to a registry under the same name and version, as `az ml {model|component|…} share` does. Waits for the
 * end. @throws AzureError 409 when the registry has that version already
 */
export async function importAsset(
  azure: Azure,
  source: {
    readonly location: string;
    readonly workspaceGuid: string;
    readonly collection: Shareable;
    readonly name: string;
    readonly version: string;
  },
  registryId: string,
  signal?: AbortSignal,
): Promise<void> {
  const { base } = await assetServiceOf(azure, registryId, signal);
  const { location, workspaceGuid, collection, name, version } = source;
  const sourceAssetId = `azureml://locations/${location}/workspaces/${workspaceGuid}/${collection}/${name}/versions/${version}`;
  await azure.post(
    `${base}/import`,
    { properties: { sourceAssetId, destinationName: name, destinationVersion: version } },
    { apiVersion: assetService, scope: azure.cloud.resourceManagerScope, ...(signal ? { signal } : {}) },
  );
}

/** Adds tags and properties to a version; what else it is cannot change. */
export async function labelModel(
  azure: Azure,
  id: string,
  tags: Readonly<Record<string, string>>,
  properties: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<void> {
  const more = { ...arm, ...(signal ? { signal } : {}) };
  const model = await azure.get<ModelVersionResource>(id, more);
  const { modelUri, modelType, description, flavors, jobName } = model.properties;
  const had = { ...model.properties.tags, ...model.properties.properties };
  if (Object.entries({ ...tags, ...properties }).every(([key, value]) => had[key] === value)) return;
  await azure.put(
    id,
    {
      properties: {
        ...{ modelUri, modelType, flavors },
        ...(description ? { description } : {}),
        ...(jobName ? { jobName } : {}),
        tags: { ...model.properties.tags, ...tags },
        properties: { ...model.properties.properties, ...properties },
      },
    },
    more,
  );
}

/** A version of any asset; undefined when there is none. */
export async function findAsset(
  azure: Azure,
  scopeId: string,
  collection: string,
  name: string,
  version: string,
): Promise<{ properties: Record<string, unknown> } | undefined> {
  try {
    return await azure.get(`${scopeId}/${collection}/${encodeURIComponent(name)}/versions/${encodeURIComponent(version)}`, arm);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
