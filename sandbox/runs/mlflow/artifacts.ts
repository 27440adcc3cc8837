// Artifacts of the tracking API: the listing of a run's files, and the proxy through which a client without azureml-mlflow reads and writes them.
import type { Context, Hono } from "hono";
import { Readable } from "node:stream";
import type { SandboxContext } from "../../core.ts";
import { artifactStoreUri, join, listFiles, oneLevel, placeOf, safePath } from "../artifacts.ts";
import { readCall, text, type Handler, type MlflowCall } from "./call.ts";
import { errorBody, invalid, missing } from "./error.ts";
import { runOf } from "./runs.ts";
import { artifactUri } from "./shapes.ts";
import { proxiedUri } from "./sources.ts";
import { ArmError } from "../../core.ts";
import { textOf } from "../text.ts";

const list: Handler = async (call) => {
  const run = runOf(call);
  const folder = safePath(textOf(call.fields["path"]));
  const files = await listFiles(call.sandbox, placeOf(call.sandbox, artifactStoreUri(run.id), call.workspace.id), folder);
  return {
    root_uri: artifactUri(call, run),
    files: oneLevel(files, folder).map(({ path, isDir, size }) => ({ path, is_dir: isDir, ...(isDir ? {} : { file_size: size }) })),
  };
};

const listLoggedModel: Handler = async (call) => {
  const row = call.sandbox.db
    .prepare("SELECT experiment, run, path FROM logged_models WHERE workspace = ? AND id = ?")
    .get(call.key, call.path["model"]!);
  if (!row) throw missing(`Logged model with ID '${call.path["model"]}' not found.`);
  const run = String(row["run"] ?? call.path["model"]);
  const root = String(row["path"]);
  const folder = safePath(textOf(call.fields["artifact_directory_path"]));
  const files = await listFiles(call.sandbox, placeOf(call.sandbox, `${artifactStoreUri(run)}${root}`, call.workspace.id), folder);
  return {
    root_uri: `${artifactUri(call, { experiment: String(row["experiment"]), id: run })}/${root}`,
    files: oneLevel(files, folder).map(({ path, isDir, size }) => ({ path, is_dir: isDir, ...(isDir ? {} : { file_size: size }) })),
  };
};

export const artifactCalls: Readonly<Record<string, Handler>> = {
  "GET artifacts/list": list,
  "GET logged-models/:model/artifacts/directories": listLoggedModel,
};

/** `…/api/2.0/mlflow-artifacts/artifacts/{path}`: GET, PUT, DELETE of a file; GET of the folder with `?path=` lists it. */
export function mountArtifactProxy(app: Hono, base: string, sandbox: SandboxContext): void {
  const handle = (work: (c: Context, call: MlflowCall) => Promise<Response>) => async (c: Context) => {
    try {
      const call = await readCall(c, sandbox, false);
      return await work(c, call);
    } catch (error) {
      if (error instanceof ArmError) return c.json(errorBody(error), error.status as 400);
      throw error;
    }
  };
  const at = (c: Context, call: MlflowCall, path: string) => {
    const found = proxiedUri(safePath(path), (name, version) => {
      const uri = sandbox.resources.get(`${call.workspace.id}/models/${name}/versions/${version}`)?.properties["modelUri"];
      return typeof uri === "string" ? uri : undefined;
    });
    if (!found)
      throw invalid(
        `Invalid artifact path '${path}' in ${c.req.method}: expected {experiment}/{run}/artifacts/… or models/{name}/{version}/….`,
      );
    return { place: placeOf(sandbox, found.uri, call.workspace.id), rest: found.rest };
  };
  const pathOf = (c: Context): string => decodeURIComponent(new URL(c.req.url).pathname.split("/mlflow-artifacts/artifacts/")[1] ?? "");
  const root = `${base}/api/2.0/mlflow-artifacts/artifacts`;
  app.get(
    root,
    handle(async (c, call) => {
      const { place, rest } = at(c, call, text(call.fields, "path"));
      const files = oneLevel(await listFiles(sandbox, place, rest), rest);
      return c.json({
        files: files.map(({ path, isDir, size }) => ({
          path: path.split("/").at(-1),
          is_dir: isDir,
          ...(isDir ? {} : { file_size: size }),
        })),
      });
    }),
  );
  app.get(
    `${root}/*`,
    handle(async (c, call) => {
      const { place, rest } = at(c, call, pathOf(c));
      const container = await sandbox.container(place.account, place.container);
      const blob = container.getBlobClient(join(place, rest));
      if (!(await blob.exists())) throw missing(`No such artifact: '${rest}'`);
      const { readableStreamBody, contentLength } = await blob.download();
      return new Response(Readable.toWeb(readableStreamBody as Readable) as ReadableStream, {
        headers: { "content-type": "application/octet-stream", "content-length": String(contentLength ?? 0) },
      });
    }),
  );
  app.put(
    `${root}/*`,
    handle(async (c, call) => {
      const { place, rest } = at(c, call, pathOf(c));
      if (rest === "") throw invalid("Invalid artifact path: a file's name is missing.");
      if (pathOf(c).startsWith("models/")) throw invalid("A registered model version's files cannot be changed.");
      const container = await sandbox.container(place.account, place.container);
      const body = c.req.raw.body ? Readable.fromWeb(c.req.raw.body) : Readable.from([]);
      await container.getBlockBlobClient(join(place, rest)).uploadStream(body);
      return c.json({});
    }),
  );
  app.delete(
    `${root}/*`,
    handle(async (c, call) => {
      const { place, rest } = at(c, call, pathOf(c));
      if (pathOf(c).startsWith("models/")) throw invalid("A registered model version's files cannot be changed.");
      const container = await sandbox.container(place.account, place.container);
      for (const file of await listFiles(sandbox, place, rest)) await container.deleteBlob(join(place, file.path));
      await container.getBlobClient(join(place, rest)).deleteIfExists();
      return c.json({});
    }),
  );
}
