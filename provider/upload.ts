// mlops:assets:Upload: a local folder or file in the workspace, under its content's name. Azure's own resources have no upload.
import { relative, resolve } from "node:path";
import { readFile } from "node:fs/promises";
import { contentHash, uploadFiles, uuidOf } from "../assets/upload.ts";
import { datastoreUri } from "../azure/ids.ts";
import { diskFiles } from "../release/files.ts";
import { differences, hasUnknown } from "./kind.ts";
import type { Call, Properties, ResourceKind } from "./kind.ts";
import { whileRolesSettle } from "./patience.ts";

/** Inputs of an upload. */
export interface UploadInputs {
  readonly workspaceId: string;
  /** `code` becomes a code version, `data` files in the default datastore. */
  readonly kind: "code" | "data";
  /** Local path, relative to the checkout, so that the state says the same on every machine. */
  readonly path: string;
  readonly includes?: readonly string[];
  /** Content hash as `assets` computes it; it decides whether something has to be sent. */
  readonly hash: string;
}

/** The checkout; local paths in states are relative to it. */
const checkout = resolve(import.meta.dirname, "..");

/** A path as states keep it. */
export const statePath = (path: string): string => relative(checkout, resolve(path)).replaceAll("\\", "/") || ".";

/** The id of a code version, or the URI of uploaded data: known from the content before anything is sent. */
export function uploadReference({ workspaceId, kind, hash }: Pick<UploadInputs, "workspaceId" | "kind" | "hash">): string {
  return kind === "code"
    ? `${workspaceId}/codes/${uuidOf(hash)}/versions/1`
    : datastoreUri(workspaceId, "workspaceblobstore", `LocalUpload/${hash}`);
}

/** Created under its content's name and never deleted: what once ran in Azure may have to run again. */
export const upload: ResourceKind<UploadInputs> = {
  type: "mlops:assets:Upload",

  check: ({ kind, hash }) => [
    ...(["code", "data"].includes(kind) ? [] : [{ property: "kind", reason: `"${kind}" is neither code nor data` }]),
    ...(/^[0-9a-f]{64}$/.test(hash) ? [] : [{ property: "hash", reason: `"${hash}" is not a SHA-256 in hex` }]),
  ],

  // Where the files lie on this machine does not matter as long as they are the same. Other content is an update: what was sent
  // before stays.
  diff: ({ inputs: before }, after) => [
    ...(["workspaceId", "kind"] as const).flatMap((name) =>
      differences(before[name], after[name], name).map((difference) => ({ ...difference, replace: true })),
    ),
    ...differences(before.hash, after.hash, "hash"),
  ],

  foresee: (inputs) => (hasUnknown(inputs.workspaceId) ? {} : { reference: uploadReference(inputs) }),

  async create(inputs, call) {
    return { id: `${inputs.workspaceId}/uploads/${inputs.kind}/${inputs.path}`, outputs: await send(inputs, call) };
  },

  update: (_existing, inputs, call) => send(inputs, call),
};

async function send(inputs: UploadInputs, call: Call): Promise<Properties> {
  const files = diskFiles(checkout);
  const path = resolve(checkout, inputs.path);
  const list = uploadFiles(
    files,
    path,
    (inputs.includes ?? []).map((include) => resolve(checkout, include)),
  );
  const hash = contentHash(files, list);
  if (hash !== inputs.hash) throw new Error(`${inputs.path} changed while it was about to be sent; run the command again`);
  const sources = list.map((file) => ({ path: file.name, read: () => readFile(file.localPath) }));
  const options = { signal: call.signal, onProgress: call.say };
  // Loaded only when there is something to send: a preview needs none of it.
  const { uploadCode, uploadData } = await import("../azure/uploads.ts");
  const azure = await call.azure();
  await whileRolesSettle(call, () =>
    inputs.kind === "code"
      ? uploadCode(azure, inputs.workspaceId, { name: uuidOf(hash), hash, files: sources }, options)
      : uploadData(azure, inputs.workspaceId, { hash, files: sources }, options),
  );
  return { reference: uploadReference(inputs) };
}
