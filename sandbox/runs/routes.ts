// Everything that a workspace's run services answer, in one mount.
import type { Hono } from "hono";
import type { SandboxContext } from "../core.ts";
import { mountArtifacts } from "./artifact-routes.ts";
import { mountDataUris } from "./data-routes.ts";
import { mountHistory, type RunControl } from "./history.ts";
import { mountIdentity } from "./identity.ts";
import { mountPage } from "./page.ts";
import { mountMlflow } from "./mlflow/router.ts";

export function mountRuns(app: Hono, sandbox: SandboxContext, control: RunControl): void {
  mountMlflow(app, sandbox);
  mountArtifacts(app, sandbox);
  mountHistory(app, sandbox, control);
  mountDataUris(app, sandbox);
  mountIdentity(app, sandbox);
  mountPage(app, sandbox);
}
