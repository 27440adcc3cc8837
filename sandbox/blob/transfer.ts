// Bytes between the sandbox's storage and folders of this machine, for jobs and scoring processes.
import { createHash } from "node:crypto";
import { constants, copyFile, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import type { Readable } from "node:stream";
import { ArmError } from "../core.ts";
import type { BlobLocation, SandboxContext } from "../core.ts";

export interface Downloaded {
  /** A blob of exactly that name is a file; blobs below it make it a folder. */
  readonly kind: "file" | "folder";
  /** The file, or the folder that holds what was below the location. */
  readonly path: string;
  readonly files: number;
  readonly bytes: number;
}

const atOnce = 8;

/**
 * Brings a file or a folder into `dir` (made if missing). A file lands as `dir/<its name>`; a folder's contents land in `dir`.
 * A blob that was brought before and has not changed is copied from the cache in `.sandbox/cache`.
 * @throws ArmError 404 when nothing is there; 400 for blob names that would leave `dir`.
 */
export async function download(sandbox: SandboxContext, location: BlobLocation, dir: string, signal?: AbortSignal): Promise<Downloaded> {
  const container = await sandbox.container(location.account, location.container);
  const path = location.path.replace(/^\/+|\/+$/g, "");
  await mkdir(dir, { recursive: true });
  let exact: Entry | undefined;
  const below: Entry[] = [];
  for await (const blob of container.listBlobsFlat({ prefix: path, includeMetadata: true, ...(signal ? { abortSignal: signal } : {}) })) {
    const entry: Entry = { name: blob.name, etag: blob.properties.etag ?? "", size: blob.properties.contentLength ?? 0 };
    if (blob.name === path) {
      // A zero-byte blob with this mark is what hierarchical namespaces keep for a folder.
      if (blob.metadata?.["hdi_isfolder"] !== "true") exact = entry;
    } else if (path === "" || blob.name.startsWith(`${path}/`)) {
      if (blob.metadata?.["hdi_isfolder"] !== "true" && !blob.name.endsWith("/")) below.push(entry);
    }
  }
  if (!exact && !below.length) {
    throw new ArmError(
      404,
      "BlobNotFound",
      `Nothing is stored at '${location.container}/${location.path}' of storage account '${location.account}'.`,
    );
  }
  const wanted = exact ? [exact] : below;
  const prefix = exact ? dirname(`/${path}`).slice(1) : path;
  const places = wanted.map((entry) => ({ entry, file: safeJoin(dir, prefix ? entry.name.slice(prefix.length + 1) : entry.name) }));
  await inParallel(places, async ({ entry, file }) => {
    signal?.throwIfAborted();
    await mkdir(dirname(file), { recursive: true });
    const cached = await inCache(sandbox, location, entry);
    await copyFile(cached, file, constants.COPYFILE_FICLONE);
  });
  const bytes = wanted.reduce((sum, entry) => sum + entry.size, 0);
  return { kind: exact ? "file" : "folder", path: exact ? places[0]!.file : dir, files: wanted.length, bytes };
}

/**
 * Stores a file (as exactly `location.path`, or below it when that ends in `/`) or a folder's files (below `location.path`).
 * Symbolic links are followed; what is there already is overwritten, other blobs stay.
 */
export async function upload(
  sandbox: SandboxContext,
  fileOrDir: string,
  location: BlobLocation,
  signal?: AbortSignal,
): Promise<{ files: number; bytes: number }> {
  const container = await sandbox.container(location.account, location.container);
  const info = await stat(fileOrDir);
  const base = location.path.replace(/^\/+/, "");
  const files = info.isDirectory() ? await filesBelow(fileOrDir) : [fileOrDir];
  const name = (file: string): string => {
    if (!info.isDirectory()) return base.endsWith("/") || base === "" ? `${base}${file.split(sep).at(-1)}` : base;
    const path = relative(fileOrDir, file).split(sep).join("/");
    return base === "" ? path : `${base.replace(/\/+$/, "")}/${path}`;
  };
  let bytes = 0;
  await inParallel(files, async (file) => {
    const { size } = await stat(file);
    bytes += size;
    await container.getBlockBlobClient(name(file)).uploadFile(file, signal ? { abortSignal: signal } : {});
  });
  return { files: files.length, bytes };
}

/** Does anything lie at the location? */
export async function exists(sandbox: SandboxContext, location: BlobLocation): Promise<boolean> {
  const container = await sandbox.container(location.account, location.container);
  const path = location.path.replace(/^\/+|\/+$/g, "");
  for await (const blob of container.listBlobsFlat({ prefix: path })) {
    if (path === "" || blob.name === path || blob.name.startsWith(`${path}/`)) return true;
  }
  return false;
}

/** Copies a file or a folder from one place of the storage to another. Returns how many blobs were copied. */
export async function copy(sandbox: SandboxContext, from: BlobLocation, to: BlobLocation): Promise<number> {
  const source = await sandbox.container(from.account, from.container);
  const target = await sandbox.container(to.account, to.container);
  const path = from.path.replace(/^\/+|\/+$/g, "");
  const goal = to.path.replace(/^\/+|\/+$/g, "");
  const names: string[] = [];
  for await (const blob of source.listBlobsFlat({ prefix: path })) {
    if (path === "" || blob.name === path || blob.name.startsWith(`${path}/`)) names.push(blob.name);
  }
  await inParallel(names, async (name) => {
    const rest = path === "" ? `/${name}` : name.slice(path.length);
    const blob = await source.getBlobClient(name).download();
    const headers = { ...(blob.contentType ? { blobContentType: blob.contentType } : {}) };
    await target
      .getBlockBlobClient(`${goal}${rest}`.replace(/^\//, ""))
      .uploadStream(blob.readableStreamBody as Readable, undefined, undefined, {
        metadata: blob.metadata ?? {},
        blobHTTPHeaders: headers,
      });
  });
  return names.length;
}

interface Entry {
  readonly name: string;
  readonly etag: string;
  readonly size: number;
}

async function inCache(sandbox: SandboxContext, { account, container }: BlobLocation, entry: Entry): Promise<string> {
  const key = createHash("sha256")
    .update(JSON.stringify([account, container, entry.name, entry.etag]))
    .digest("hex");
  const file = join(sandbox.dir, "cache", key.slice(0, 2), key);
  const there = await stat(file).catch(() => undefined);
  if (there?.size === entry.size) return file;
  await mkdir(dirname(file), { recursive: true });
  const partial = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    const source = await sandbox.container(account, container);
    await source.getBlobClient(entry.name).downloadToFile(partial);
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
  return file;
}

/** Blob names may hold anything; a file's place may not. */
function safeJoin(dir: string, name: string): string {
  const parts = name.split("/");
  if (parts.some((part) => part === "" || part === "." || part === ".." || part.includes("\0")) || name.includes("\\")) {
    throw new ArmError(400, "InvalidBlobName", `The blob name '${name}' cannot be a file's path.`);
  }
  return join(dir, ...parts);
}

async function filesBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  const nested = await Promise.all(
    entries.map(async (entry) => {
      const path = join(dir, entry.name);
      const kind = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
      if (kind?.isDirectory()) return entry.isSymbolicLink() ? [] : await filesBelow(path);
      return kind?.isFile() ? [path] : [];
    }),
  );
  return nested.flat();
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: Math.min(atOnce, items.length) }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}
