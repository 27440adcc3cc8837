// Where assets lie: `batchGetResolvedUris` of the data and the model service, as `jobs.download` asks it.
import type { Hono } from "hono";
import type { ArmResource, SandboxContext } from "../core.ts";
import { listIn, readObject } from "../server/bodies.ts";
import { runsOf } from "./store.ts";
import { asking, workspacePath, workspaceUri } from "./workspace.ts";

export function mountDataUris(app: Hono, sandbox: SandboxContext): void {
  const resolve = (key: string, workspace: ArmResource, id: string): { uri: string; type: string } | undefined => {
    const [, kind, name, version] = /\/(data|models)\/([^/]+)\/versions\/([^/]+)$/i.exec(id) ?? [];
    if (!kind || !name || !version) return undefined;
    const kept = sandbox.resources.get(`${workspace.id}/${kind}/${name}/versions/${version}`);
    if (kept)
      return {
        uri: long(workspace, String(kept.properties["dataUri"] ?? kept.properties["modelUri"])),
        type: String(kept.properties["dataType"] ?? kept.properties["modelType"]),
      };
    // Outputs without a name are assets only by their id: azureml_{run}_output_data_{output}.
    const output = /^azureml_(.+)_output_(?:data|mlflow|custom|triton)_(.+)$/.exec(name);
    const asset = output && runsOf(sandbox).get(key, output[1]!)?.outputs[output[2]!];
    return asset ? { uri: long(workspace, asset.uri), type: asset.type } : undefined;
  };
  const answer = (path: string, shape: (found: { uri: string; type: string }) => object): void => {
    app.post(path, async (c) => {
      const { key, workspace } = await asking(c, sandbox);
      const values = listIn(await readObject(c), "values").map(String);
      const found = values.map((id) => [id, resolve(key, workspace, id)] as const).filter((pair) => pair[1] !== undefined);
      return c.json({ values: Object.fromEntries(found.map(([id, one]) => [id, shape(one!)])) });
    });
  };
  answer(`/data/v1.0${workspacePath}/dataversion/batchGetResolvedUris`, ({ uri, type }) => ({ uri, type }));
  answer(`/modelregistry/v1.0${workspacePath}/models/batchGetResolvedUris`, ({ uri, type }) => ({ path: uri, type }));
}

/** `azureml://datastores/…` in its long form, which clients of the service expect. */
function long(workspace: ArmResource, uri: string): string {
  return uri.replace(/^azureml:\/\/datastores\//i, `${workspaceUri(workspace)}/datastores/`);
}
