// The door of the room: everything that others may use.
export type { Asset, Dependency, Kind, Noun, Reference, ReferenceType, Upload } from "./asset.ts";
export { inPlace, parseReference, replaceAt } from "./body.ts";
export type { FileStat, Files } from "./files.ts";
export { isKindOrNoun, NOUNS } from "./detect.ts";
export { type Collection, findAll, findFile, type Found, type Role, usualFile } from "./layout.ts";
export { modelNameOf } from "./modelName.ts";
export { formatProblem, ProblemsError, type Problem } from "./problems.ts";
export { memoryFiles } from "./memory-files.ts";
export { newSession, readAsset, type ReadOptions, type ReadResult, type Session } from "./read.ts";
export { renderFiles, type Rendered } from "./render.ts";
export { type Variant, VARIANTS, variants } from "./variants.ts";
export { contentHash, jsonHash, uploadFiles, uuidOf, type UploadFile } from "./upload.ts";
