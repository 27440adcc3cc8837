// What a request of the sandbox's main port is, in the words of fault rules.
import type { IncomingMessage } from "node:http";
import { assetServicePrefix } from "../arm/http.ts";
import { parsePath, typeOf } from "../arm/ids.ts";
import { armOperation } from "../rbac/operations.ts";
import type { ObservedCall } from "./faults.ts";
import type { Service } from "./rule.ts";

/** Services of the main port by their paths; what none of them has is Azure ML's (assets, runs, MLflow, batch endpoints). */
const places: readonly (readonly [RegExp, Service])[] = [
  [/^\/(subscriptions|providers|metadata)(\/|$)/i, "management"],
  [/^\/[^/]+\/(v2\.0\/\.well-known|\.well-known|discovery|oauth2)\//i, "entra"],
  [/^\/graph\//i, "graph"],
  [/^\/eventgrid\//i, "events"],
  [/^\/workflows\//i, "logic"],
];

/** Undefined for the sandbox's own pages, which no fault may take from who has to clear it. */
export function observed(request: IncomingMessage): ObservedCall | undefined {
  const path = (request.url ?? "/").split("?")[0]!;
  const method = request.method ?? "GET";
  if (path === "/healthz" || path.startsWith("/faults")) return undefined;
  const service = places.find(([pattern]) => pattern.test(path))?.[1] ?? "machinelearning";
  return { service, method, path, ...resourceOf(method, path) };
}

/** Type and operation, for paths of resources. */
function resourceOf(method: string, path: string): Pick<ObservedCall, "type" | "operation"> {
  const below = path.startsWith(assetServicePrefix) ? path.slice(assetServicePrefix.length) : path;
  if (!/^\/(subscriptions|providers)(\/|$)/i.test(below)) return {};
  try {
    const id = parsePath(below);
    return { type: typeOf(id), operation: armOperation(method, id).operation };
  } catch {
    return {};
  }
}
