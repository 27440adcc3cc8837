// What of a local path goes up, and the hash of it: the SDK's own rules, so that `az ml` and this program share uploads.
import { createHash } from "node:crypto";
import ignore from "ignore";
import type { Files } from "./files.ts";

/** One file of an upload. */
export interface UploadFile {
  /** Absolute path. */
  localPath: string;
  /** Where it goes, below the root of the upload; `/` between folders. */
  name: string;
  /** Bytes. */
  size: number;
}

/** More folders or files that go into a code upload beside its own (a component's `additional_includes`). Absolute paths. */
export type Includes = readonly string[];

/**
 * The files that an upload of `path` sends: a file itself, or a folder's files with links followed, without those that its
 * `.amlignore` (or else its `.gitignore`) names, and without `__pycache__`, which the SDK leaves out of components only. As in the
 * SDK the last pattern that fits decides, and only the ignore file at the top counts. `includes` come beside: a file under its
 * name, a folder in a folder of its name. A path that is not there sends nothing of its own.
 */
export function uploadFiles(files: Files, path: string, includes: Includes = []): UploadFile[] {
  const excluded = ignoreRule(files, path);
  const result = new Map(listOne(files, path, excluded).map((file) => [file.name, file]));
  for (const include of includes) {
    const folder = files.stat(include)?.type === "folder";
    for (const file of listOne(files, include, ignoreRule(files, include))) {
      const name = folder ? `${lastName(include)}/${file.name}` : file.name;
      if (!excluded(name)) result.set(name, { ...file, name });
    }
  }
  return [...result.values()];
}

const lastName = (path: string): string => path.replace(/[/\\]+$/, "").replace(/^.*[/\\]/, "");

function listOne(files: Files, path: string, excluded: (name: string) => boolean): UploadFile[] {
  const stat = files.stat(path);
  if (!stat) return [];
  if (stat.type === "file") return [{ localPath: path, name: lastName(path), size: stat.size }];
  const result: UploadFile[] = [];
  const walk = (folder: string, prefix: string, open: readonly string[]) => {
    for (const name of files.list(folder).toSorted()) {
      const full = files.resolve(folder, name);
      const found = files.stat(full);
      if (!found) continue;
      if (found.type === "folder") {
        // A link to a folder around it would never end: Python's walk stops at the system's limit of links, this at once.
        if (!open.includes(found.real)) walk(full, `${prefix}${name}/`, [...open, found.real]);
      } else if (!excluded(prefix + name)) result.push({ localPath: full, name: prefix + name, size: found.size });
    }
  };
  walk(path, "", [stat.real]);
  return result;
}

function ignoreRule(files: Files, folder: string): (name: string) => boolean {
  const inFolder = files.stat(folder)?.type === "folder";
  const found =
    inFolder && [".amlignore", ".gitignore"].map((name) => files.resolve(folder, name)).find((path) => files.stat(path)?.type === "file");
  const text = found ? new TextDecoder("utf-8").decode(files.read(found)) : "";
  const patterns = [...text.split(/\r?\n/).map((line) => line.trimEnd()), "__pycache__"]
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const include = line.startsWith("!");
      return { include, rule: ignore({ ignorecase: false }).add(include ? line.slice(1) : line) };
    });
  return (name) => {
    let excluded = false;
    for (const { include, rule } of patterns) if (rule.ignores(name)) excluded = !include;
    return excluded;
  };
}

/**
 * SHA-256 over the names, sizes and contents of an upload, hex. Equals the SDK's `get_content_hash` (hash version 202208), which
 * it keeps in a code version's property `hash_sha256` and by which it finds code that is there already.
 */
export function contentHash(files: Files, upload: readonly UploadFile[]): string {
  const hash = createHash("sha256").update(String(upload.length));
  const sorted = upload.toSorted((a, b) => compare(a.name.toLowerCase(), b.name.toLowerCase()));
  for (const file of sorted) hash.update(`#${file.name}#${file.size}`);
  for (const file of sorted) hash.update(files.read(file.localPath));
  return hash.digest("hex");
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** SHA-256 of any JSON value, its keys sorted, hex. */
export function jsonHash(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex");
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "bigint") return value.toString();
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{${entries
    .toSorted(([a], [b]) => compare(a, b))
    .map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`)
    .join(",")}}`;
}

/** The form of a UUID, of the first half of a hash: the SDK's way to name anonymous components. */
export const uuidOf = (hash: string): string => hash.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
