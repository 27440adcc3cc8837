// Getting local files into a workspace: code versions and the files behind data assets, each under its content's name.
import { below, openContainer, uploadFiles } from "./blobs.ts";
import type { BlobPlace, Upload } from "./blobs.ts";
import type { Azure } from "./client.ts";
import { isConflict } from "./errors.ts";
import { apiVersions, datastoreUri } from "./ids.ts";

/** What may say how far an upload is, and stop it. */
export interface UploadOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (message: string) => void;
}

const versioned = (options: UploadOptions) => ({
  apiVersion: apiVersions.machineLearning,
  ...(options.signal ? { signal: options.signal } : {}),
});

interface CodeVersion {
  readonly id: string;
  readonly properties: { readonly codeUri?: string };
}

interface PendingUpload {
  readonly blobReferenceForConsumption: {
    readonly blobUri: string;
    readonly credential?: { readonly credentialType?: string; readonly sasUri?: string };
  };
}

/** `hash_version` of the code snapshots' content hash, the one that azure-ai-ml sends. */
const hashVersion = "202208";

/**
 * Makes `codes/{name}/versions/1` of a folder, unless it is there: `name` stands for the content, so a second upload of the
 * same files sends nothing, and an interrupted one goes on. Returns the version's id.
 * The flow of azure-ai-ml's `_code_operations.py`: startPendingUpload → blobs → PUT.
 */
export async function uploadCode(
  azure: Azure,
  workspaceId: string,
  code: { readonly name: string; readonly hash: string; readonly files: readonly Upload[] },
  options: UploadOptions = {},
): Promise<string> {
  const id = `${workspaceId}/codes/${code.name}/versions/1`;
  if (await azure.find<CodeVersion>(id, versioned(options))) return id;

  const pending = await azure.post<PendingUpload>(
    `${id}/startPendingUpload`,
    { pendingUploadType: "TemporaryBlobReference" },
    versioned(options),
  );
  const { blobUri, credential } = pending.blobReferenceForConsumption;
  // A workspace without storage keys gives no SAS; then the caller's own sign-in has to do.
  const place = await openContainer(azure, credential?.sasUri ?? blobUri);
  const sent = await uploadFiles(place, code.files, options);
  options.onProgress?.(`${sent} of ${code.files.length} files sent`);
  try {
    await azure.put(
      id,
      {
        properties: {
          codeUri: blobUri,
          isAnonymous: false,
          properties: { hash_sha256: code.hash, hash_version: hashVersion },
        },
      },
      versioned(options),
    );
  } catch (error) {
    // Versions are immutable: a conflict means that another run was first with the same content.
    if (!isConflict(error) || !(await azure.find(id, versioned(options)))) throw error;
  }
  return id;
}

interface Datastore {
  readonly properties: {
    readonly accountName: string;
    readonly containerName: string;
    readonly protocol?: string;
    readonly credentials?: { readonly credentialsType?: string };
  };
}

/**
 * Sends the files of a data asset to the workspace's default datastore under `LocalUpload/{hash}/…`, where azure-ai-ml puts
 * them too, and returns the folder's long-form datastore URI.
 */
export async function uploadData(
  azure: Azure,
  workspaceId: string,
  data: { readonly hash: string; readonly files: readonly Upload[] },
  options: UploadOptions = {},
): Promise<string> {
  const store = "workspaceblobstore";
  const path = `LocalUpload/${data.hash}`;
  const place = below(await openDatastore(azure, workspaceId, store, options), path);
  const sent = await uploadFiles(place, data.files, options);
  options.onProgress?.(`${sent} of ${data.files.length} files sent`);
  return datastoreUri(workspaceId, store, path);
}

/** The container behind a blob datastore: by its SAS if it has one, else by the caller's own sign-in. */
export async function openDatastore(azure: Azure, workspaceId: string, name: string, options: UploadOptions = {}): Promise<BlobPlace> {
  const id = `${workspaceId}/datastores/${encodeURIComponent(name)}`;
  const { properties } = await azure.get<Datastore>(id, versioned(options));
  const { accountName, containerName, protocol = "https" } = properties;
  // Not the datastore's own `endpoint`: behind ARM_CLOUD_METADATA_URL the cloud decides where blobs are.
  const url = `${protocol}://${accountName}.blob.${azure.cloud.storageSuffix}/${containerName}`;
  if (properties.credentials?.credentialsType === "Sas") {
    const secrets = await azure.post<{ sasToken?: string }>(`${id}/listSecrets`, undefined, versioned(options));
    if (secrets.sasToken) return openContainer(azure, `${url}?${secrets.sasToken.replace(/^\?/, "")}`);
  }
  return openContainer(azure, url);
}
