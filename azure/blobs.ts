// Blobs: sending a folder to where Azure ML says, and fetching one.
import { createHash } from "node:crypto";
import type { ContainerClient } from "@azure/storage-blob";
import type { Azure } from "./client.ts";
import { sourceFactories } from "./http.ts";

/** A container, or a folder in one. */
export interface BlobPlace {
  readonly container: ContainerClient;
  /** Path below the container, without slashes at its ends; empty for the container itself. */
  readonly prefix: string;
  /** The same without the SAS, for `codeUri` and the like. */
  readonly url: string;
}

/** A file to send; `path` is relative, with forward slashes. */
export interface Upload {
  readonly path: string;
  readonly read: () => Promise<Uint8Array> | Uint8Array;
}

/**
 * Opens a container by its URL. One with a signature is used as it is; any other gets Entra tokens (then the caller needs the role
 * Storage Blob Data Contributor or Reader there).
 */
export async function openContainer(azure: Azure, url: string): Promise<BlobPlace> {
  const { ContainerClient: Client, newPipeline } = await import("@azure/storage-blob");
  const parts = new URL(url);
  // The sandbox's names look like `acct.blob.core.sandbox@localhost:1`; what stands before the @ only tells accounts apart.
  parts.username = "";
  parts.password = "";
  const options = { retryOptions: { maxTries: 6, retryDelayInMs: 500 } };
  const signed = parts.searchParams.has("sig");
  const pipeline = newPipeline(signed ? undefined : azure.credential, options);
  pipeline.factories.push(...sourceFactories());
  return {
    container: new Client(parts.href, pipeline),
    prefix: "",
    url: url.replace(/[?#].*$/s, "").replace(/\/+$/, ""),
  };
}

/** The same place, some folders deeper. */
export function below(place: BlobPlace, path: string): BlobPlace {
  return {
    container: place.container,
    prefix: place.prefix ? `${place.prefix}/${path}` : path,
    url: `${place.url}/${path.split("/").map(encodeURIComponent).join("/")}`,
  };
}

/**
 * Sends files; those already there with the same content are not sent again, so an interrupted upload goes on where it
 * stopped. Returns how many were sent.
 */
export async function uploadFiles(
  place: BlobPlace,
  files: readonly Upload[],
  options: { readonly signal?: AbortSignal; readonly metadata?: Readonly<Record<string, string>> } = {},
): Promise<number> {
  if (files.length === 0) return 0;
  const abort = options.signal ? { abortSignal: options.signal } : {};
  const there = new Map<string, string>();
  const listed = place.container.listBlobsFlat({ prefix: place.prefix ? `${place.prefix}/` : "", ...abort });
  for await (const blob of listed) {
    const md5 = blob.properties.contentMD5;
    if (md5) there.set(blob.name, Buffer.from(md5).toString("base64"));
  }
  let sent = 0;
  await inParallel(files, 4, async (file) => {
    const bytes = await file.read();
    const md5 = createHash("md5").update(bytes).digest();
    const blob = below(place, file.path).prefix;
    if (there.get(blob) === md5.toString("base64")) return;
    await place.container.getBlockBlobClient(blob).uploadData(bytes, {
      blobHTTPHeaders: { blobContentMD5: md5 },
      ...(options.metadata ? { metadata: { ...options.metadata } } : {}),
      ...abort,
    });
    sent += 1;
  });
  return sent;
}

/** Every file below a place, by relative path, in order of their names. */
export async function listFiles(place: BlobPlace, signal?: AbortSignal): Promise<{ path: string; size: number }[]> {
  const prefix = place.prefix ? `${place.prefix}/` : "";
  const files: { path: string; size: number }[] = [];
  for await (const blob of place.container.listBlobsFlat({ prefix, ...(signal ? { abortSignal: signal } : {}) })) {
    files.push({ path: blob.name.slice(prefix.length), size: blob.properties.contentLength ?? 0 });
  }
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** The bytes of one file below a place (of the place itself when `path` is empty). */
export async function downloadFile(place: BlobPlace, path: string, signal?: AbortSignal): Promise<Buffer> {
  const blob = path ? below(place, path).prefix : place.prefix;
  return place.container.getBlobClient(blob).downloadToBuffer(0, undefined, signal ? { abortSignal: signal } : {});
}

async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
}
