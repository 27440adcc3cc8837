// Jest's transform for `.ts`: Node's own type stripping, so tests run what production runs.
import { createHash } from "node:crypto";
import { stripTypeScriptTypes } from "node:module";

export default {
  process: (source) => ({ code: stripTypeScriptTypes(source) }),
  getCacheKey: (source, path) => createHash("sha256").update(`${process.version}\0${path}\0${source}`).digest("hex"),
};
