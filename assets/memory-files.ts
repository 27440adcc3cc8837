// Files in memory, for tests and for callers that have their YAML from somewhere else than a disk.
import type { Files } from "./files.ts";
import { joinPath } from "./paths.ts";

/** Files by their absolute paths (`/` between folders); relative paths are taken from `/`. */
export function memoryFiles(contents: Readonly<Record<string, string | Uint8Array>>): Files {
  const encoder = new TextEncoder();
  const bytes = new Map(
    Object.entries(contents).map(([path, content]) => [
      joinPath("/", path),
      typeof content === "string" ? encoder.encode(content) : content,
    ]),
  );
  const isFolder = (path: string) => path === "/" || [...bytes.keys()].some((name) => name.startsWith(`${path}/`));
  return {
    resolve: (base, path) => joinPath(joinPath("/", base), path),
    folder: (path) => path.slice(0, Math.max(path.lastIndexOf("/"), 1)),
    stat(path) {
      const content = bytes.get(path);
      if (content) return { type: "file", size: content.length, real: path };
      return isFolder(path) ? { type: "folder", size: 0, real: path } : null;
    },
    read(path) {
      const content = bytes.get(path);
      if (!content) throw new Error(`no such file: ${path}`);
      return content;
    },
    list(folder) {
      const start = folder === "/" ? "/" : `${folder}/`;
      return [
        ...new Set([...bytes.keys()].filter((name) => name.startsWith(start)).map((name) => name.slice(start.length).split("/")[0]!)),
      ];
    },
  };
}
