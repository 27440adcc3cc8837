// Digests of a model version's bytes, wherever they are kept.
import type { Azure } from "../../../azure/client.ts";
import { findModel, type ModelVersionResource, openModel } from "../../../azure/models.ts";
import { CommandError } from "../../command.ts";
import { type FileDigest, inOrder, sha256 } from "../../core/digest.ts";

export interface ModelDigests {
  readonly model: ModelVersionResource;
  readonly files: readonly FileDigest[];
}

/** Reads every byte. Undefined when there is no such version. */
export async function modelDigests(azure: Azure, id: string, signal: AbortSignal): Promise<ModelDigests | undefined> {
  const model = await findModel(azure, id, signal);
  if (!model) return undefined;
  const bytes = await openModel(azure, model, signal);
  const files: FileDigest[] = [];
  for (const path of bytes.paths) {
    const content = await bytes.read(path);
    files.push({ path, size: content.byteLength, sha256: sha256(content) });
  }
  if (files.length === 0)
    throw new CommandError(`${id} has no files`, "The version was registered before its files were there; train again.");
  return { model, files: inOrder(files) };
}
