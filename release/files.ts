// The real file system behind `assets/`.
import fs from "node:fs";
import path from "node:path";
import type { Files } from "../assets/files.ts";

/** Reads from disk; relative paths are taken from `folder` (the current folder unless given). */
export function diskFiles(folder: string = process.cwd()): Files {
  const root = path.resolve(folder);
  return {
    resolve: (base, name) => path.resolve(root, base, name),
    folder: (name) => path.dirname(name),
    stat(name) {
      try {
        const found = fs.statSync(name, { throwIfNoEntry: false });
        if (!found) return null;
        const folderLike = found.isDirectory();
        return { type: folderLike ? "folder" : "file", size: folderLike ? 0 : found.size, real: folderLike ? fs.realpathSync(name) : name };
      } catch (error) {
        // A file in the way of a folder, a link that leads nowhere or to itself: for a reader nothing is there.
        if (["ENOTDIR", "ELOOP", "ENOENT", "ENAMETOOLONG", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) return null;
        throw error;
      }
    },
    read: (name) => fs.readFileSync(name),
    list: (name) => fs.readdirSync(name),
  };
}
