// A run's artifacts: blobs below ExperimentRun/dcid.{run} of the workspace's artifact store, as in Azure.
import { ArmError } from "../core.ts";
import type { BlobLocation, SandboxContext } from "../core.ts";
import { locateBlob } from "../ml/locate.ts";

/** `azureml://datastores/…` address of a run's artifacts, ending in `/`. */
export const artifactStoreUri = (runId: string): string => `azureml://datastores/workspaceartifactstore/paths/ExperimentRun/dcid.${runId}/`;

/** Address of what azureml-mlflow uploads without a run (`LocalUpload`) and of other origins. */
export const originUri = (origin: string, container: string): string =>
  origin === "ExperimentRun"
    ? `azureml://datastores/workspaceartifactstore/paths/ExperimentRun/${container}/`
    : `azureml://datastores/workspaceartifactstore/paths/${origin}/${container}/`;

export interface ArtifactFile {
  /** Relative to the place asked for. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/** Refuses what would leave its place, with 400. */
export function safePath(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..") || /[\p{Cc}\\]/u.test(path))
    throw new ArmError(400, "INVALID_PARAMETER_VALUE", `Invalid artifact path: '${path}'.`);
  return parts.join("/");
}

/** The place of an `azureml://` address, without a slash at its end. */
export function placeOf(sandbox: SandboxContext, uri: string, workspaceId: string): BlobLocation {
  const place = locateBlob(sandbox, uri, workspaceId);
  return { ...place, path: place.path.replace(/\/+$/, "") };
}

/** Every file below the place, in the order of their names. */
export async function listFiles(sandbox: SandboxContext, place: BlobLocation, below = ""): Promise<ArtifactFile[]> {
  const container = await sandbox.container(place.account, place.container);
  const root = place.path === "" ? "" : `${place.path}/`;
  const prefix = below === "" ? root : `${root}${below.replace(/\/+$/, "")}/`;
  const files: ArtifactFile[] = [];
  for await (const blob of container.listBlobsFlat({ prefix }))
    files.push({ path: blob.name.slice(root.length), size: blob.properties.contentLength ?? 0 });
  return files;
}

/** One level of a folder: its files, and its folders once each. */
export function oneLevel(files: readonly ArtifactFile[], folder: string): { path: string; isDir: boolean; size: number | undefined }[] {
  const prefix = folder === "" ? "" : `${folder}/`;
  const seen = new Map<string, { path: string; isDir: boolean; size: number | undefined }>();
  for (const { path, size } of files) {
    if (!path.startsWith(prefix)) continue;
    const [name, ...more] = path.slice(prefix.length).split("/");
    const full = prefix + name!;
    if (!seen.has(full))
      seen.set(full, more.length > 0 ? { path: full, isDir: true, size: undefined } : { path: full, isDir: false, size });
  }
  return [...seen.values()];
}

/** A file's bytes; undefined when there is none. */
export async function readFile(sandbox: SandboxContext, place: BlobLocation, path: string): Promise<Buffer | undefined> {
  const container = await sandbox.container(place.account, place.container);
  try {
    return await container.getBlobClient(join(place, path)).downloadToBuffer();
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

export const join = (place: BlobLocation, path: string): string => [place.path, path].filter((part) => part !== "").join("/");
