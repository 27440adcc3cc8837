// Before any traffic: the bytes that a stage will serve are those of the release, compared file by file.
import { below, uploadFiles } from "../../../azure/blobs.ts";
import type { Azure } from "../../../azure/client.ts";
import { apiVersions, datastoreUri } from "../../../azure/ids.ts";
import { findModel, openModel } from "../../../azure/models.ts";
import { openDatastore } from "../../../azure/uploads.ts";
import { type Call, CommandError } from "../../command.ts";
import { fileDifferences } from "../../core/digest.ts";
import { eventNow } from "../../core/history.ts";
import { releaseLabels, type ReleaseManifest } from "../../core/manifest.ts";
import type { History } from "./history.ts";
import { modelDigests } from "./modelDigests.ts";
import { short } from "./story.ts";

/** Compares, and writes the result down. @throws CommandError when a byte differs */
export async function takeReceipt(call: Call, history: History, manifest: ReleaseManifest, stage: string, scopeId: string): Promise<void> {
  const { name, version, files, digest } = manifest.model;
  const id = `${scopeId}/models/${name}/versions/${version}`;
  const found = await modelDigests(history.azure, id, call.signal);
  const differences = found ? fileDifferences(files, found.files) : [`${id} is missing`];
  const where = `${scopeId.split("/").at(-2) === "registries" ? "registry" : "workspace"} ${scopeId.split("/").at(-1)}`;
  const passed = differences.length === 0;
  const note = passed ? `${files.length} files of ${where}, digest ${short(digest)}` : `${where}: ${differences.slice(0, 5).join("; ")}`;
  await history.add(manifest.id, eventNow("receipt", await history.caller(), { stage, passed, note }));
  if (!passed) {
    throw new CommandError(
      `${stage} would serve other bytes than release ${manifest.id}: ${differences.slice(0, 5).join("; ")}`,
      "Nothing was changed. Find out who changed them; a version's bytes never change by themselves.",
    );
  }
  call.out.progress(`check  ${note}: the bytes of the release`);
}

/**
 * Copies a model version from one workspace to another under the same name and version, as by download and registration. What is there
 * already is left: its bytes are compared afterwards, as everything is.
 */
export async function copyModel(call: Call, azure: Azure, manifest: ReleaseManifest, from: string, to: string): Promise<void> {
  const { name, version, digest, type } = manifest.model;
  const options = { apiVersion: apiVersions.machineLearning, signal: call.signal };
  const target = `${to}/models/${name}/versions/${version}`;
  if (await findModel(azure, target, call.signal)) return;
  const source = await findModel(azure, `${from}/models/${name}/versions/${version}`, call.signal);
  if (!source)
    throw new CommandError(
      `workspace ${from.split("/").at(-1)} has no model ${name}:${version} to copy`,
      "Deploy to the stage before with --via copy too, or leave --via out to take it from the registry.",
    );
  const bytes = await openModel(azure, source, call.signal);
  const store = "workspaceblobstore";
  const path = `LocalUpload/${digest}/${name}`;
  const place = below(await openDatastore(azure, to, store, { signal: call.signal }), path);
  await uploadFiles(
    place,
    bytes.paths.map((file) => ({ path: file, read: () => bytes.read(file) })),
    { signal: call.signal },
  );
  const { flavors, description } = source.properties;
  await azure.put(
    target,
    {
      properties: {
        ...{ modelType: type, flavors },
        modelUri: datastoreUri(to, store, path),
        ...(description ? { description } : {}),
        tags: { ...source.properties.tags, ...releaseLabels(manifest) },
        properties: releaseLabels(manifest),
      },
    },
    options,
  );
  call.out.progress(`copy   model ${name}:${version} from workspace ${from.split("/").at(-1)} to ${to.split("/").at(-1)}`);
}
