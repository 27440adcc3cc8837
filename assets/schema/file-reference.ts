// `file:<path>` in the place of an object that may stand in a file of its own (the SDK's YamlFileSchema).
import { folderOf, joinPath } from "../paths.ts";
import { ProblemsError } from "../problems.ts";
import { readSource } from "../yaml/source.ts";
import { At, BAD, loadValue, type Field, type Scope } from "./field.ts";

const PREFIX = "file:";
const origins = new WeakMap<object, Scope>();

/** Where an entity was read, when that was another file: relative paths in it are taken from there. */
export const originOf = (entity: object): Scope | undefined => origins.get(entity);

/** The same field, also taking the path of a file that holds the value: behind `file:`, or (where all else are mappings) just so. */
export function orFile<F extends Field>(field: F, prefix = PREFIX): F {
  return {
    ...field,
    load(value, at) {
      if (typeof value !== "string" || !value.startsWith(prefix)) return field.load(value, at);
      const { files, base, source } = at.scope;
      const path = value.slice(prefix.length);
      const full = files.resolve(base, path);
      if (files.stat(full)?.type !== "file")
        return at.fail(`no such file: ${full}`, "correct the path; it is taken from the folder of this file", value);
      try {
        const inner = readSource(files, full, joinPath(folderOf(source.file), path));
        const scope: Scope = { source: inner, base: files.folder(full), files };
        const loaded = loadValue(field, inner.root, new At(scope, [], at.problems));
        if (loaded !== BAD && typeof loaded === "object" && loaded !== null) origins.set(loaded, scope);
        return loaded;
      } catch (error) {
        if (!(error instanceof ProblemsError)) throw error;
        at.problems.push(...error.problems);
        return BAD;
      }
    },
  };
}
