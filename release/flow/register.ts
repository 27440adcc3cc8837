// Puts ids and URIs where an asset's file has names and local paths; registers and uploads what is not there yet, each once.
import { readFileSync } from "node:fs";
import { type Asset, inPlace, type Noun, type Reference, replaceAt, type Upload, uuidOf } from "../../assets/index.ts";
import { isConflict } from "../../azure/errors.ts";
import { apiVersions } from "../../azure/ids.ts";
import { uploadCode, uploadData } from "../../azure/uploads.ts";
import { CommandError } from "../command.ts";
import type { Workspace } from "./workspace.ts";

const options = { apiVersion: apiVersions.machineLearning };

/** Collections of a workspace, by what a file or a reference is. */
const collections: Partial<Record<Noun | Reference["type"], string>> = {
  component: "components",
  compute: "computes",
  data: "data",
  datastore: "datastores",
  environment: "environments",
  model: "models",
};

/** The body with every name, path and inline asset replaced by an id or URI of this workspace, as the SDK sends it. */
export async function resolvedBody(workspace: Workspace, asset: Asset, signal: AbortSignal): Promise<Record<string, unknown>> {
  const values = new Map<string, unknown>();
  for (const { pointer, asset: needed } of asset.dependencies) values.set(pointer, await registered(workspace, needed, signal));
  for (const reference of asset.references) values.set(reference.pointer, inPlace(reference, await idOf(workspace, reference)));
  for (const upload of asset.uploads) values.set(upload.pointer, inPlace(upload, await uploaded(workspace, upload, signal)));
  return replaceAt(asset.body, values) as Record<string, unknown>;
}

/** Id of an asset under its version; what `pulumi up` has registered is found there, anything else is registered now. */
async function registered(workspace: Workspace, asset: Asset, signal: AbortSignal): Promise<string> {
  const byStack = workspace.outputs.components?.[asset.path];
  if (byStack) return byStack;
  const id = `${workspace.id}/${collections[asset.noun] ?? asset.noun}/${asset.name}/versions/${asset.version}`;
  if (await workspace.azure.find(id, options)) return id;
  const body = await resolvedBody(workspace, asset, signal);
  try {
    await workspace.azure.put(id, body, { ...options, signal });
  } catch (error) {
    // The version is the content: a conflict means that somebody else was first with the same.
    if (!isConflict(error) || !(await workspace.azure.find(id, options))) throw error;
  }
  return id;
}

async function uploaded(workspace: Workspace, upload: Upload, signal: AbortSignal): Promise<string> {
  const { kind, hash, files, localPath, suffix } = upload;
  const content = { hash, files: files.map((file) => ({ path: file.name, read: () => readFileSync(file.localPath) })) };
  switch (kind) {
    case "code":
      return uploadCode(workspace.azure, workspace.id, { name: uuidOf(hash), ...content }, { signal });
    case "data":
    case "model": {
      const folder = await uploadData(workspace.azure, workspace.id, content, { signal });
      const [only] = files;
      return files.length === 1 && only?.localPath === localPath ? `${folder}/${only.name}` : `${folder}${suffix}`;
    }
    case "buildcontext":
      throw new CommandError(
        `${localPath}: a build context inside a job's file`,
        "Put the environment into a file of its own under mlops/ or deploy/; `pulumi up` registers it.",
      );
  }
}

async function idOf(workspace: Workspace, reference: Reference): Promise<string> {
  const collection = collections[reference.type];
  const { name, version, label, registry, text } = reference;
  if (!collection || name === null || registry !== null || !text.startsWith("azureml:") || text.startsWith("azureml://")) return text;
  const id = `${workspace.id}/${collection}/${name}`;
  if (reference.type === "compute" || reference.type === "datastore") return id;
  if (version !== null) return `${id}/versions/${version}`;
  if (label !== null && label !== "latest") throw new CommandError(`${text}: only the label "latest" can be resolved`, "Name the version.");
  const query = { $orderBy: "createdtime desc", $top: "1" };
  const page = await workspace.azure.find<{ value: { name: string }[] }>(`${id}/versions`, { ...options, query });
  const latest = page?.value[0]?.name;
  if (!latest) {
    throw new CommandError(
      `${text}: workspace ${workspace.outputs.workspaceName} has no version of it`,
      `\`pulumi up --stack ${workspace.stage}\` registers what the project has`,
    );
  }
  return `${id}/versions/${latest}`;
}
