// What an MLTable file refers to: the SDK sends those URIs with the data asset.
import { isUrl } from "../schema/azure.ts";
import type { Build } from "../kinds/kind.ts";
import { ProblemsError } from "../problems.ts";
import { list, object, union } from "../schema/compound.ts";
import { At, BAD, loadValue, required } from "../schema/field.ts";
import { any, str } from "../schema/scalars.ts";
import { readSource } from "../yaml/source.ts";

const entry = union(object({ file: required(str) }), object({ folder: required(str) }), object({ pattern: required(str) }));
const table = object({ paths: required(list(entry)), transformations: list(any) }, { unknown: "drop", expects: "an MLTable file" });

/** The `paths` of `<folder>/MLTable`, each as its file, folder or pattern is written; null for none, and for a table that is not local. */
export function mltableUris(path: string, build: Build): string[] | null {
  if (isUrl(path)) return null;
  const folder = build.absolute(path);
  const file = build.files.resolve(folder, "MLTable");
  if (!build.files.stat(folder)) return null;
  try {
    const source = readSource(build.files, file, `${build.shown(path).replace(/\/$/, "")}/MLTable`);
    const at = new At({ source, base: folder, files: build.files });
    const loaded = loadValue(table, source.root, at);
    if (loaded === BAD) throw new ProblemsError(at.problems);
    const uris = loaded.paths.flatMap((item) => Object.values(item));
    return uris.length ? uris : null;
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
