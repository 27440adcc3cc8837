// What a request of Resource Manager or of Azure ML's services is called in role definitions, and over which scope it is asked.
// https://learn.microsoft.com/azure/role-based-access-control/resource-provider-operations
import { idOf, isGroups, typeOf } from "../arm/ids.ts";
import type { ParsedId } from "../arm/ids.ts";

export interface Operation {
  readonly operation: string;
  readonly scope: string;
}

const verbs: Readonly<Record<string, string>> = { GET: "read", HEAD: "read", PUT: "write", PATCH: "write", DELETE: "delete" };

/** The operation of a method on a resource, a list of resources (scope: what they lie in) or an action (POST). */
export function armOperation(method: string, id: ParsedId): Operation {
  const { segments } = id;
  if (!id.namespace) {
    const group = isGroups(id) || id.resourceGroup !== undefined;
    return { operation: `${group ? groups : "Microsoft.Resources/subscriptions"}/${verbs[method] ?? "action"}`, scope: id.scope };
  }
  const complete = segments.length - (segments.length % 2);
  if (method === "POST") {
    const target: ParsedId = { ...id, segments: segments.slice(0, segments.length % 2 === 0 ? complete : -1) };
    const scope = target.segments.length ? idOf(target) : id.scope;
    const operation = [typeOf(target), ...(segments.length % 2 === 0 ? [] : [segments.at(-1)!]), "action"].join("/");
    return { operation: inRegistry(operation, true), scope };
  }
  const scope = complete ? idOf(id, complete / 2) : id.scope;
  return { operation: inRegistry(`${typeOf(id)}/${verbs[method] ?? method.toLowerCase()}`, false), scope };
}

const groups = "Microsoft.Resources/subscriptions/resourceGroups";

/** A registry's assets have operations of their own, whatever kind they are. */
function inRegistry(operation: string, action: boolean): string {
  const asset = /^Microsoft\.MachineLearningServices\/registries\/(?:.+)\/(\w+)$/i.exec(operation)?.[1];
  return asset ? `Microsoft.MachineLearningServices/registries/assets/${action ? "write" : asset}` : operation;
}

const reading =
  /(?:^|[/:-])(?:get|get-by-name|get-history|get-latest-versions|get-download-uri|search|list|query|rundata|batchrundata|batchGetResolvedUris)$/i;

/** The operation of a call of a workspace's run services: MLflow tracking, run history, artifacts, resolved addresses. */
export function runOperation(method: string, path: string): string {
  const base = "Microsoft.MachineLearningServices/workspaces";
  const kind = /registered-models|model-versions|\/modelregistry\//.test(path)
    ? "models"
    : path.startsWith("/artifact/")
      ? "metadata/artifacts"
      : path.startsWith("/data/")
        ? "data/versions"
        : "experiments/runs";
  const read = method === "GET" || method === "HEAD" || (method === "POST" && reading.test(path));
  return `${base}/${kind}/${read ? "read" : method === "DELETE" ? "delete" : "write"}`;
}
