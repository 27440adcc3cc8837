// Digests: of bytes, of a folder of files, of a JSON document in its canonical form.
import { createHash } from "node:crypto";

/** SHA-256 in 64 hex digits. */
export const sha256 = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

export interface FileDigest {
  /** Relative, with forward slashes. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
}

/**
 * One digest for a folder: SHA-256 of its listing as `sha256sum` prints it, in order of the paths. By hand:
 * `find . -type f | sed 's|^./||' | LC_ALL=C sort | xargs sha256sum | sha256sum`.
 */
export function folderDigest(files: readonly FileDigest[]): string {
  const lines = inOrder(files).map(({ path, sha256 }) => `${sha256}  ${path}\n`);
  return sha256(lines.join(""));
}

/** Files in the order of their paths' code units, the same on every machine. */
export const inOrder = <F extends { readonly path: string }>(files: readonly F[]): F[] =>
  files.toSorted((a, b) => (a.path === b.path ? 0 : a.path < b.path ? -1 : 1));

/** In what two folders differ, a line for each file; none when they are the same bytes under the same names. */
export function fileDifferences(expected: readonly FileDigest[], found: readonly FileDigest[]): string[] {
  const [was, is] = [byPath(expected), byPath(found)];
  return [...new Set([...was.keys(), ...is.keys()])].toSorted().flatMap((path) => {
    const [before, after] = [was.get(path), is.get(path)];
    if (!after) return [`${path} is missing`];
    if (!before) return [`${path} was not there (${after.size} bytes)`];
    return before.sha256 === after.sha256
      ? []
      : [`${path} has SHA-256 ${after.sha256.slice(0, 12)}…, expected ${before.sha256.slice(0, 12)}…`];
  });
}

const byPath = (files: readonly FileDigest[]): Map<string, FileDigest> => new Map(files.map((file) => [file.path, file]));

/**
 * JSON with sorted keys and no spaces, so that the same content has the same bytes (RFC 8785 for what occurs here: no lone surrogates).
 * Members that are undefined do not count. @throws Error for what JSON cannot hold
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === "number" && !Number.isFinite(value)) throw new Error(`${value} has no place in JSON`);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    const sorted = members.toSorted(([a], [b]) => (a < b ? -1 : 1));
    return `{${sorted.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(",")}}`;
  }
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new Error(`${typeof value} has no place in JSON`);
  return text;
}

/** Digest of a JSON document, whatever its layout. */
export const jsonDigest = (value: unknown): string => sha256(canonicalJson(value));
