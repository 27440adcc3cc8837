// The right to make a request of Resource Manager, asked before anything else is said about the resource.
import type { ArmResource, Caller, SandboxContext } from "../core.ts";
import { isObject } from "../arm/body.ts";
import { idOf } from "../arm/ids.ts";
import type { ParsedId } from "../arm/ids.ts";
import { assignmentType } from "./grants.ts";
import type { Wish } from "./grants.ts";
import type { Attributes } from "./condition.ts";
import { armOperation } from "./operations.ts";

/**
 * Throws ArmError 403 for what no role covers. Where Azure leaves out of a subscription's list what the caller may not see, the filter to
 * apply is returned instead.
 */
export function authorize(
  method: string,
  id: ParsedId,
  caller: Caller,
  sandbox: SandboxContext,
): ((resource: ArmResource) => boolean) | undefined {
  if (isOpen(method, id, sandbox.subscriptionId)) return undefined;
  const { access } = sandbox;
  const wish = armOperation(method, id);
  const isDelete = method === "DELETE" && isAssignment(id);
  const attributes = isDelete ? attributesOf("Resource", sandbox.resources.get(idOf(id))) : {};
  if (method === "PUT" && isAssignment(id)) {
    // Its condition is about the body, which is asked for later; whether anybody may at all is asked there too.
    return undefined;
  }
  const list = method === "GET" && id.segments.length % 2 === 1;
  if (list && !id.resourceGroup && id.segments.length === 1 && !access.may(caller.principalId, wish) && access.any(caller.principalId)) {
    return (resource) => access.may(caller.principalId, { ...wish, scope: resource.id });
  }
  access.demand(caller, { ...wish, attributes });
  return undefined;
}

/** What depends on the body: which role is given to whom, and whose identity the resource is to have. */
export function authorizeBody(method: string, id: ParsedId, body: unknown, caller: Caller, sandbox: SandboxContext): void {
  const given = isObject(body) ? body : {};
  const wish: Wish = armOperation(method, id);
  if (isAssignment(id)) {
    const before = attributesOf("Resource", sandbox.resources.get(idOf(id)));
    sandbox.access.demand(caller, { ...wish, attributes: { ...before, ...attributesOf("Request", given) } });
  }
  const identity = isObject(given["identity"]) ? given["identity"]["userAssignedIdentities"] : undefined;
  const ids = Array.isArray(identity) ? identity.map(String) : Object.keys(isObject(identity) ? identity : {});
  for (const scope of ids)
    sandbox.access.demandLinked(caller, wish, { operation: "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", scope });
}

const isAssignment = (id: ParsedId): boolean =>
  `${id.namespace}/${id.segments[0]}`.toLowerCase() === assignmentType.toLowerCase() && id.segments.length === 2;

/** What everybody with a token of the tenant may see: role definitions of the tenant, and the public registry. */
function isOpen(method: string, id: ParsedId, subscriptionId: string): boolean {
  // Another subscription is not known at all, which is said where resources are looked for.
  if (id.subscriptionId && id.subscriptionId.toLowerCase() !== subscriptionId.toLowerCase()) return true;
  if (method !== "GET" && method !== "HEAD") return false;
  if (!id.subscriptionId) return true;
  return /^microsoft\.machinelearningservices$/i.test(id.namespace ?? "") && /^registries\/azureml(\/|$)/i.test(id.segments.join("/"));
}

function attributesOf(source: "Request" | "Resource", body: Partial<ArmResource> | Record<string, unknown> | undefined): Attributes {
  const properties = isObject(body?.["properties"]) ? body["properties"] : {};
  const text = (name: string): string => (typeof properties[name] === "string" ? properties[name] : "");
  return {
    [`${source}/RoleDefinitionId`]: text("roleDefinitionId").split("/").at(-1)!,
    [`${source}/PrincipalId`]: text("principalId"),
    [`${source}/PrincipalType`]: text("principalType"),
  };
}
