// What the asset reader asks of a file system, and nothing more: the room itself does no I/O.

/** A file system as `assets/` needs it. `release/files.ts` has the real one; tests use a map in memory. Paths are absolute. */
export interface Files {
  /** Absolute path of `path`, taken from the folder `base` when it is relative. Does not have to exist. */
  resolve(base: string, path: string): string;
  /** Folder that holds the file. */
  folder(path: string): string;
  /** What is there, with symbolic links followed; null when nothing is. */
  stat(path: string): FileStat | null;
  /** The bytes of a file. Throws when it cannot be read. */
  read(path: string): Uint8Array;
  /** Names in a folder, in no order. Throws when it cannot be read. */
  list(folder: string): string[];
}

export interface FileStat {
  type: "file" | "folder";
  /** Bytes; 0 for folders. */
  size: number;
  /** The path with its links resolved, by which loops are noticed. */
  real: string;
}
