// The plugin protocol's messages as far as these providers read and write them (pulumi/pulumi proto/pulumi/provider.proto).
import type { Message } from "./protobuf.ts";

export const empty: Message = {};

export const checkRequest: Message = {
  1: ["urn", "string"],
  2: ["olds", "struct"],
  3: ["news", "struct"],
  5: ["randomSeed", "bytes"],
  6: ["name", "string"],
  7: ["type", "string"],
  8: ["autonaming", { 1: ["proposedName", "string"], 2: ["mode", "enum"] }],
};
const failure: Message = { 1: ["property", "string"], 2: ["reason", "string"] };
export const checkResponse: Message = { 1: ["inputs", "struct"], 2: ["failures", ["repeated", failure]] };

export const diffRequest: Message = {
  1: ["id", "string"],
  2: ["urn", "string"],
  3: ["olds", "struct"],
  4: ["news", "struct"],
  6: ["oldInputs", "struct"],
  7: ["name", "string"],
  8: ["type", "string"],
};
export const diffResponse: Message = {
  1: ["replaces", ["repeated", "string"]],
  3: ["deleteBeforeReplace", "bool"],
  4: ["changes", "enum"],
  5: ["diffs", ["repeated", "string"]],
  6: ["detailedDiff", ["map", { 1: ["kind", "enum"], 2: ["inputDiff", "bool"] }]],
  7: ["hasDetailedDiff", "bool"],
};
export const DIFF_NONE = 1;
export const DIFF_SOME = 2;
/** PropertyDiff.Kind; the next number is the same change as the cause of a replacement. */
export const DIFF_KINDS = { add: 0, delete: 2, update: 4 } as const;

export const createRequest: Message = {
  1: ["urn", "string"],
  2: ["news", "struct"],
  3: ["timeout", "double"],
  4: ["preview", "bool"],
  5: ["name", "string"],
  6: ["type", "string"],
};
export const createResponse: Message = { 1: ["id", "string"], 2: ["properties", "struct"] };

export const readRequest: Message = {
  1: ["id", "string"],
  2: ["urn", "string"],
  3: ["olds", "struct"],
  4: ["oldInputs", "struct"],
  5: ["name", "string"],
  6: ["type", "string"],
  10: ["timeout", "double"],
};
export const readResponse: Message = { 1: ["id", "string"], 2: ["properties", "struct"], 3: ["inputs", "struct"] };

export const updateRequest: Message = {
  1: ["id", "string"],
  2: ["urn", "string"],
  3: ["olds", "struct"],
  4: ["news", "struct"],
  5: ["timeout", "double"],
  7: ["preview", "bool"],
  8: ["oldInputs", "struct"],
  9: ["name", "string"],
  10: ["type", "string"],
};
export const updateResponse: Message = { 1: ["properties", "struct"] };

export const deleteRequest: Message = {
  1: ["id", "string"],
  2: ["urn", "string"],
  3: ["olds", "struct"],
  4: ["timeout", "double"],
  5: ["oldInputs", "struct"],
  6: ["name", "string"],
  7: ["type", "string"],
};

export const invokeRequest: Message = { 1: ["tok", "string"], 2: ["args", "struct"] };
export const invokeResponse: Message = { 1: ["return", "struct"], 2: ["failures", ["repeated", failure]] };

export const configureRequest: Message = { 1: ["variables", ["map", "string"]] };
export const configureResponse: Message = { 2: ["supportsPreview", "bool"], 5: ["supportsAutonamingConfiguration", "bool"] };
export const handshakeResponse: Message = { 4: ["supportsAutonamingConfiguration", "bool"] };
export const pluginInfo: Message = { 1: ["version", "string"] };

/** google.rpc.Status, whose details carry what a plain gRPC status cannot. */
export const status: Message = {
  1: ["code", "enum"],
  2: ["message", "string"],
  3: ["details", ["repeated", { 1: ["typeUrl", "string"], 2: ["value", "bytes"] }]],
};
export const initFailed: Message = {
  1: ["id", "string"],
  2: ["properties", "struct"],
  3: ["reasons", ["repeated", "string"]],
  4: ["inputs", "struct"],
};
