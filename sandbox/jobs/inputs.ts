// Brings a step's inputs to this machine, the way their modes ask.
import { chmod, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { ArmError } from "../core.ts";
import type { ArmResource, SandboxContext } from "../core.ts";
import { download } from "../blob/transfer.ts";
import { locate } from "../ml/locate.ts";
import { dataProblem } from "../rbac/identities.ts";
import { runsOf } from "../runs/store.ts";
import { workspaceUri } from "../runs/workspace.ts";
import { StepFailure } from "./failure.ts";
import type { StepSpec, UriInput } from "./spec.ts";

/** An input's value as the command sees it: literal text, a local path, or (mode `direct`) the address itself. */
export type InputValues = Record<string, string>;

/**
 * Files land in `folder/<input>/`. Mounted inputs are read-only, as in Azure; downloaded ones may be written to.
 * Throws StepFailure `UserError` naming the input when there is nothing to bring, or when the reader (object id) may not read it.
 */
export async function bringInputs(
  sandbox: SandboxContext,
  spec: StepSpec,
  workspace: ArmResource,
  folder: string,
  signal: AbortSignal,
  reader: string,
): Promise<InputValues> {
  const values: InputValues = {};
  for (const [name, input] of Object.entries(spec.inputs)) {
    if (input.kind === "literal") values[name] = input.value;
    else if (input.mode === "direct")
      values[name] = input.uri.replace(/^azureml:\/\/datastores\//i, `${workspaceUri(workspace)}/datastores/`);
    else values[name] = await bring(sandbox, name, input, workspace, join(folder, name), signal, reader);
  }
  return values;
}

async function bring(
  sandbox: SandboxContext,
  name: string,
  input: UriInput,
  workspace: ArmResource,
  dir: string,
  signal: AbortSignal,
  reader: string,
): Promise<string> {
  await mkdir(dir, { recursive: true });
  const place = locateInput(sandbox, input.uri, workspace.id);
  if ("url" in place) return await fetchUrl(name, place.url, dir, signal);
  const problem = dataProblem(sandbox, [reader], place, "read");
  if (problem) throw new StepFailure("UserError", `Input "${name}": ${problem}.`);
  try {
    const { path } = await download(sandbox, place, dir, signal);
    if (input.mode.endsWith("mount")) await protect(dir);
    return path;
  } catch (error) {
    if (!(error instanceof ArmError) || error.status !== 404) throw error;
    // An earlier step may have written nothing into its folder.
    if (input.from && input.type !== "uri_file") return dir;
    throw new StepFailure("UserError", `Input "${name}": nothing is stored at ${input.uri} (${error.message})`);
  }
}

/** As `locate`, and the outputs of runs that are assets only by their ids (`azureml_{run}_output_data_{output}`). */
export function locateInput(sandbox: SandboxContext, uri: string, workspaceId: string): ReturnType<typeof locate> {
  const output = /(?:^azureml:|\/data\/)azureml_(.+)_output_data_([^/:]+)(?::|\/versions\/)1$/.exec(uri);
  const asset = output && runsOf(sandbox).get(workspaceId, output[1]!)?.outputs[output[2]!];
  return locate(sandbox, asset ? asset.uri : uri, workspaceId);
}

async function fetchUrl(name: string, url: string, dir: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, { signal }).catch((error: Error) => {
    throw new StepFailure(
      "UserError",
      `Input "${name}": ${url} cannot be reached from this machine (${(error.cause as Error | undefined)?.message ?? error.message}).`,
    );
  });
  if (!response.ok) throw new StepFailure("UserError", `Input "${name}": ${url} answered ${response.status}.`);
  const file = join(dir, basename(new URL(url).pathname) || "data");
  await writeFile(file, Buffer.from(await response.arrayBuffer()));
  return file;
}

async function protect(dir: string): Promise<void> {
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) await protect(path);
    else await chmod(path, 0o444);
  }
  await chmod(dir, 0o555);
}

/** Removes a folder, read-only ones in it too. */
export async function removeFolder(dir: string): Promise<void> {
  await rm(dir, { recursive: true, force: true }).catch(async () => {
    await unprotect(dir);
    await rm(dir, { recursive: true, force: true });
  });
}

async function unprotect(dir: string): Promise<void> {
  await chmod(dir, 0o755).catch(() => undefined);
  for (const entry of await readdir(dir, { withFileTypes: true }).catch(() => []))
    if (entry.isDirectory()) await unprotect(join(dir, entry.name));
}
