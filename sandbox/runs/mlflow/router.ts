// The workspace's MLflow tracking server: `/mlflow/v1.0|v2.0{workspace}/api/2.0/mlflow/…`, as azureml-mlflow and plain mlflow call it.
import type { Hono } from "hono";
import { ArmError } from "../../core.ts";
import type { SandboxContext } from "../../core.ts";
import { workspacePath } from "../workspace.ts";
import { artifactCalls, mountArtifactProxy } from "./artifacts.ts";
import { readCall, type Handler } from "./call.ts";
import { errorBody } from "./error.ts";
import { experimentCalls } from "./experiments.ts";
import { loggedModelCalls } from "./logged-models.ts";
import { modelCalls } from "./models.ts";
import { runCalls } from "./runs.ts";

const calls: Readonly<Record<string, Handler>> = { ...experimentCalls, ...runCalls, ...artifactCalls, ...modelCalls, ...loggedModelCalls };

/** Mounts every call under both API versions of the service and the preview path that old clients use. */
export function mountMlflow(app: Hono, sandbox: SandboxContext): void {
  for (const service of ["v1.0", "v2.0"]) {
    const base = `/mlflow/${service}${workspacePath}`;
    for (const [address, handler] of Object.entries(calls)) {
      const [method, path] = address.split(" ") as [string, string];
      for (const api of ["/api/2.0/mlflow", "/api/2.0/preview/mlflow"]) {
        app.on(method, `${base}${api}/${path}`, async (c) => {
          try {
            const call = await readCall(c, sandbox);
            return c.json((await handler(call)) as object);
          } catch (error) {
            if (error instanceof ArmError) return c.json(errorBody(error), error.status as 400);
            throw error;
          }
        });
      }
    }
    mountArtifactProxy(app, base, sandbox);
    app.get(`${base}/health`, (c) => c.text("OK"));
    app.get(`${base}/version`, (c) => c.text("2.22.0"));
    app.all(`${base}/*`, (c) => {
      const what = new URL(c.req.url).pathname.split("/api/")[1] ?? c.req.path;
      return c.json(
        {
          error_code: "ENDPOINT_NOT_FOUND",
          message: `The workspace's tracking server has no '${c.req.method} ${what}'. Azure Machine Learning has no such call, or the sandbox does not model it yet.`,
        },
        404,
      );
    });
  }
}
