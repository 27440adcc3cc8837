// Which workspace a request of the run services means, and who asks.
import { getConnInfo } from "@hono/node-server/conninfo";
import type { Context } from "hono";
import { ArmError } from "../core.ts";
import type { ArmResource, Caller, SandboxContext } from "../core.ts";
import { fromOf, mayReach, openTo } from "../network/reach.ts";
import { runOperation } from "../rbac/operations.ts";
import { enterWorkspace } from "./lives.ts";
import { textOf } from "./text.ts";

/** Path pattern of a workspace below a service's prefix, for Hono. */
export const workspacePath =
  "/subscriptions/:subscription/resourceGroups/:group/providers/Microsoft.MachineLearningServices/workspaces/:workspace";

export interface Asking {
  readonly caller: Caller;
  readonly workspace: ArmResource;
  /** The workspace's id in lower case: the key of its runs. */
  readonly key: string;
}

/** Throws 401 without a token of this sandbox, 403 without the right, 404 when there is no such workspace. */
export async function asking(c: Context, sandbox: SandboxContext): Promise<Asking> {
  const caller = await sandbox.authenticate(c.req.header("authorization"), "aml");
  const { subscription, group, workspace: name } = c.req.param() as Record<string, string>;
  const id = `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.MachineLearningServices/workspaces/${name}`;
  sandbox.access.demand(caller, { operation: runOperation(c.req.method, c.req.path), scope: id });
  const workspace = sandbox.resources.get(id);
  if (!workspace) throw new ArmError(404, "ResourceNotFound", `The workspace '${name}' was not found in resource group '${group}'.`);
  const from = caller.inNetwork ? "inside" : fromOf(getConnInfo(c).remote.address);
  if (!mayReach(openTo(workspace, sandbox.links), from))
    throw new ArmError(
      403,
      "PublicNetworkAccessDisabled",
      `Public network access to the workspace '${workspace.name}' is disabled. Connect through a private endpoint of the workspace: https://aka.ms/amlprivatelink`,
    );
  enterWorkspace(sandbox, workspace);
  return { caller, workspace, key: workspace.id.toLowerCase() };
}

/** The workspace's own GUID, part of asset ids. */
export const workspaceGuid = (workspace: ArmResource): string => textOf(workspace.properties["workspaceId"]);

/** `/subscriptions/…/workspaces/w` as `azureml://subscriptions/…/workspaces/w`. */
export function workspaceUri(workspace: ArmResource): string {
  const [, subscription, group, name] = /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/.*\/([^/]+)$/i.exec(workspace.id)!;
  return `azureml://subscriptions/${subscription}/resourcegroups/${group}/workspaces/${name}`;
}

/** `azureml://locations/{location}/workspaces/{guid}/{kind}/{name}/versions/{version}` */
export function assetId(workspace: ArmResource, kind: "data" | "models", name: string, version: string): string {
  return `azureml://locations/${workspace.location ?? "westeurope"}/workspaces/${workspaceGuid(workspace)}/${kind}/${name}/versions/${version}`;
}
