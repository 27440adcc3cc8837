// A step's outputs: places on this machine before it runs, storage and assets after.
import { existsSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ArmResource, SandboxContext } from "../core.ts";
import { nextVersion } from "../assets/versions.ts";
import { upload } from "../blob/transfer.ts";
import { artifactStoreUri, placeOf } from "../runs/artifacts.ts";
import { createdBy, registerModel } from "../runs/models.ts";
import type { AssetReference, Run } from "../runs/run.ts";
import { assetId, workspaceUri } from "../runs/workspace.ts";
import { dataProblem } from "../rbac/identities.ts";
import { StepFailure } from "./failure.ts";
import type { StepOutput, StepSpec } from "./spec.ts";

/** Folders are made; a file's folder is, the file is the step's to write. In mode `direct` the address itself. */
export async function prepareOutputs(spec: StepSpec, workspace: ArmResource, folder: string): Promise<Record<string, string>> {
  const paths: Record<string, string> = {};
  for (const [name, output] of Object.entries(spec.outputs)) {
    if (output.mode === "direct") {
      paths[name] = longUri(workspace, output.uri);
      continue;
    }
    paths[name] = join(folder, name);
    await mkdir(output.type === "uri_file" ? folder : paths[name], { recursive: true });
  }
  return paths;
}

export const longUri = (workspace: ArmResource, uri: string): string =>
  uri.replace(/^azureml:\/\/datastores\//i, `${workspaceUri(workspace)}/datastores/`);

/**
 * Uploads what the step wrote and registers named outputs as data assets or models.
 * Throws StepFailure `UserError` when the run's writer (object id) may not write there.
 * @param succeeded mounted outputs are kept after a failure too, uploaded ones and assets are not
 */
export async function keepOutputs(
  sandbox: SandboxContext,
  run: Run & { readonly writer?: string },
  spec: StepSpec,
  workspace: ArmResource,
  folder: string,
  succeeded: boolean,
): Promise<Record<string, AssetReference>> {
  const references: Record<string, AssetReference> = {};
  for (const [name, output] of Object.entries(spec.outputs)) {
    const path = join(folder, name);
    const uri = longUri(workspace, output.uri);
    if (output.mode !== "direct" && (succeeded || output.mode === "rw_mount") && existsSync(path)) {
      const place = placeOf(sandbox, uri, workspace.id);
      const problem = run.writer === undefined ? undefined : dataProblem(sandbox, [run.writer], place, "write");
      if (problem) throw new StepFailure("UserError", `Output "${name}": ${problem}.`);
      await upload(sandbox, path, place);
    }
    references[name] = {
      type: output.type,
      uri,
      mode: output.mode,
      assetId: succeeded ? await registered(sandbox, run, name, output, uri, workspace) : unnamed(workspace, run.id, name, output),
    };
  }
  return references;
}

const kinds: Readonly<Record<string, string>> = { mlflow_model: "mlflow", custom_model: "custom", triton_model: "triton" };

/** Id of an output that is no named asset. */
export function unnamed(workspace: ArmResource, runId: string, name: string, output: Pick<StepOutput, "type">): string {
  const kind = kinds[output.type];
  return assetId(workspace, kind ? "models" : "data", `azureml_${runId}_output_${kind ?? "data"}_${name}`, "1");
}

async function registered(
  sandbox: SandboxContext,
  run: Run,
  name: string,
  output: StepOutput,
  uri: string,
  workspace: ArmResource,
): Promise<string> {
  if (!output.asset) return unnamed(workspace, run.id, name, output);
  if (kinds[output.type]) {
    const model = await registerModel(sandbox, workspace, {
      name: output.asset.name,
      ...(output.asset.version ? { version: output.asset.version } : {}),
      modelType: output.type,
      uri,
      jobName: run.id,
      principalId: run.principal,
    });
    return assetId(workspace, "models", output.asset.name, model.name);
  }
  return assetId(workspace, "data", output.asset.name, registerData(sandbox, workspace, run, output, uri));
}

const dataType = "Microsoft.MachineLearningServices/workspaces/data";

/** Keeps a data version; returns its number. The same place registered again by the same run is the same version. */
function registerData(sandbox: SandboxContext, workspace: ArmResource, run: Run, output: StepOutput, uri: string): string {
  const container = `${workspace.id}/data/${output.asset!.name}`;
  const versions = sandbox.resources.list(container, `${dataType}/versions`);
  const same = versions.find((one) => one.properties["dataUri"] === uri);
  if (same) return same.name;
  const version = output.asset!.version ?? nextVersion(versions);
  const systemData = createdBy(run.principal);
  if (!sandbox.resources.get(container))
    sandbox.resources.put({
      id: container,
      name: output.asset!.name,
      type: dataType,
      systemData,
      properties: { description: null, tags: {}, properties: {}, isArchived: false, dataType: output.type },
    });
  if (!sandbox.resources.get(`${container}/versions/${version}`))
    sandbox.resources.put({
      id: `${container}/versions/${version}`,
      name: version,
      type: `${dataType}/versions`,
      systemData,
      properties: {
        description: null,
        tags: {},
        properties: {},
        isArchived: false,
        isAnonymous: false,
        dataType: output.type,
        dataUri: uri,
      },
    });
  return version;
}

/** Uploads `./outputs`, `./logs` and the log files to the run's artifacts, where `jobs.download` finds them. */
export async function keepArtifacts(
  sandbox: SandboxContext,
  run: Run,
  workspace: ArmResource,
  workFolder: string,
  logs: string,
): Promise<void> {
  const root = placeOf(sandbox, artifactStoreUri(run.id), workspace.id);
  for (const name of ["outputs", "logs"]) {
    const folder = join(workFolder, name);
    if (existsSync(folder) && (await readdir(folder)).length > 0) await upload(sandbox, folder, { ...root, path: `${root.path}/${name}` });
  }
  if (existsSync(logs)) await upload(sandbox, logs, root);
}

/** Takes away what an interrupted attempt left among the run's artifacts: clients insist that a file is new. */
export async function clearArtifacts(sandbox: SandboxContext, run: Pick<Run, "id">, workspace: ArmResource): Promise<void> {
  const root = placeOf(sandbox, artifactStoreUri(run.id), workspace.id);
  const container = await sandbox.container(root.account, root.container);
  for await (const blob of container.listBlobsFlat({ prefix: `${root.path}/` })) await container.deleteBlob(blob.name);
}
