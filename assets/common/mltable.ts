// What an MLTable file refers to: the SDK sends those URIs with the data asset.
import { isUrl } from "../schema/azure.ts";
import type { Build } from "../kinds/kind.ts";
import { ProblemsError } from "../problems.ts";
import { isMap } from "../yaml/value.ts";
import { readSource } from "../yaml/source.ts";

/** The `paths` of `<folder>/MLTable`, each as its file, folder or pattern is written; null for a table that is not local. */
export function mltableUris(path: string, build: Build): string[] | null {
  if (isUrl(path)) return null;
  const folder = build.absolute(path);
  const file = build.files.resolve(folder, "MLTable");
  if (!build.files.stat(folder)) return null;
  try {
    const { root } = readSource(build.files, file, `${build.shown(path).replace(/\/$/, "")}/MLTable`);
    const paths = isMap(root) ? root.get("paths") : undefined;
    const uris: string[] = [];
    for (const item of Array.isArray(paths) ? paths : []) {
      if (!isMap(item)) continue;
      for (const key of ["file", "folder", "pattern"]) {
        const uri = item.get(key);
        if (typeof uri === "string") uris.push(uri);
      }
    }
    return uris;
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    const missing = error.problems[0]?.rule === "no such file";
    if (!missing) throw error;
    build.problem(
      ["path"],
      `an mltable's folder holds a file named MLTable; none is in ${folder}`,
      "add the file, or write `type: uri_folder`",
      path,
    );
    return null;
  }
}
