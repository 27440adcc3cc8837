// Artifact addresses for azureml-mlflow: of a run (`/history/…/artifacts/…`) and of other origins (`/artifact/v2.0/…`). Bytes go to storage directly.
import type { Context, Hono } from "hono";
import { ArmError } from "../core.ts";
import type { BlobLocation, SandboxContext } from "../core.ts";
import { containerSas } from "../blob/sas.ts";
import { listIn, readObject } from "../server/bodies.ts";
import { textOf } from "./text.ts";
import { artifactStoreUri, join, listFiles, originUri, placeOf, safePath } from "./artifacts.ts";
import { runOf } from "./history.ts";
import { asking, workspacePath, type Asking } from "./workspace.ts";

interface Root {
  readonly origin: string;
  readonly container: string;
  readonly place: BlobLocation;
}

const hours = 12;

export function mountArtifacts(app: Hono, sandbox: SandboxContext): void {
  const ofRun = (c: Context, asked: Asking): Root => {
    const run = runOf(sandbox, asked.key, c.req.param("run")!);
    return { origin: "ExperimentRun", container: `dcid.${run.id}`, place: placeOf(sandbox, artifactStoreUri(run.id), asked.workspace.id) };
  };
  const ofOrigin = (c: Context, asked: Asking): Root => {
    const { origin, container } = c.req.param() as { origin: string; container: string };
    safePath(`${origin}/${container}`);
    if (origin === "Model") return ofModel(asked, container, c.req.query("path") ?? "");
    return { origin, container, place: placeOf(sandbox, originUri(origin, container), asked.workspace.id) };
  };
  // Addresses `azureml://artifacts/Model/{name}/{version}` that get-download-uri gave: the version is the path's first part.
  const ofModel = (asked: Asking, name: string, path: string): Root => {
    const versions = sandbox.resources.list(
      `${asked.workspace.id}/models/${name}`,
      "Microsoft.MachineLearningServices/workspaces/models/versions",
    );
    const version = versions.find((one) => one.name === path.split("/")[0]) ?? versions[0];
    const uri = version?.properties["modelUri"];
    if (typeof uri !== "string") throw new ArmError(404, "UserError", `Model '${name}' was not found in the workspace.`);
    return { origin: "Model", container: name, place: placeOf(sandbox, uri, asked.workspace.id) };
  };
  const roots: [string, (c: Context, asked: Asking) => Root][] = [
    [`/history/v1.0${workspacePath}/experiments/:experiment/runs/:run/artifacts`, ofRun],
    [`/history/v1.0${workspacePath}/experimentids/:experiment/runs/:run/artifacts`, ofRun],
    [`/artifact/v2.0${workspacePath}/artifacts/:origin/:container`, ofOrigin],
  ];
  for (const [base, rootOf] of roots) {
    const on = (method: string, suffix: string, answer: (c: Context, root: Root) => Promise<object>): void => {
      app.on(method, base + suffix, async (c) => c.json(await answer(c, rootOf(c, await asking(c, sandbox)))));
    };
    on("GET", "", async (_, root) => await listed(root, ""));
    on("GET", "/path", async (c, root) => await listed(root, safePath(c.req.query("path") ?? "")));
    on("GET", "/contentinfo", async (c, root) => await info(root, safePath(c.req.query("path") ?? "")));
    on("GET", "/prefix/contentinfo", async (c, root) => {
      const { files } = await filesOf(root, safePath(c.req.query("path") ?? ""));
      return { value: files.map((file) => content(root, file, "r")), continuationToken: null, nextLink: null };
    });
    // No blob is made: the client uploads it, and insists that it is new.
    on("POST", "/batch/metadata", async (c, root) => {
      const paths = listIn({ paths: [], ...(await readObject(c)) }, "paths").map((one) => textOf((one as { path?: unknown } | null)?.path));
      const entries = paths.map((path) => [path, content(root, safePath(path), "rcw")] as const);
      return {
        artifacts: Object.fromEntries(paths.map((path) => [path, artifact(root, path)])),
        artifactContentInformation: Object.fromEntries(entries),
        errors: {},
      };
    });
  }

  const below = (root: Root, path: string): string => (root.origin === "Model" ? path.split("/").slice(1).join("/") : path);

  async function filesOf(root: Root, path: string): Promise<{ files: string[] }> {
    const files = await listFiles(sandbox, root.place);
    const version = root.origin === "Model" ? root.place : undefined;
    const names = files.map((file) => (version ? `${path.split("/")[0] ?? ""}/${file.path}` : file.path));
    return { files: names.filter((name) => path === "" || name === path || name.startsWith(`${path}/`)) };
  }

  async function listed(root: Root, path: string): Promise<object> {
    const { files } = await filesOf(root, path);
    return { value: files.map((file) => artifact(root, file)), continuationToken: null, nextLink: null };
  }

  async function info(root: Root, path: string): Promise<object> {
    const container = await sandbox.container(root.place.account, root.place.container);
    if (!(await container.getBlobClient(join(root.place, below(root, path))).exists()))
      throw new ArmError(404, "UserError", `Artifact '${path}' of ${root.container} was not found.`);
    return content(root, path, "r");
  }

  function content(root: Root, path: string, permissions: string): object {
    const location = { ...root.place, path: join(root.place, below(root, path)) };
    const sas = containerSas(sandbox.db, { ...location, permissions, hours });
    // The client takes only addresses `https://{account}.blob.{the cloud's suffix}/…`.
    const contentUri = `https://${location.account}.blob.core.sandbox@localhost:${sandbox.ports.blob}/${location.container}/${encodeURI(location.path)}?${sas}`;
    return { contentUri, origin: root.origin, container: root.container, path, tags: {} };
  }

  const artifact = (root: Root, path: string): object => ({
    artifactId: `${root.origin}/${root.container}/${path}`,
    origin: root.origin,
    container: root.container,
    path,
    etag: null,
    createdTime: null,
    dataPath: { dataStoreName: "workspaceartifactstore", relativePath: `${root.origin}/${root.container}/${path}`, sqlDataPath: null },
    tags: {},
  });
}
