// May the endpoint's identity fetch what a deployment is made of? Azure mounts model and code, and pulls the image, under it.
// https://learn.microsoft.com/azure/machine-learning/concept-endpoints-online-auth#permissions-needed-for-endpoint-identity
import { ArmError } from "../core.ts";
import type { ArmResource, SandboxContext } from "../core.ts";
import { dataProblem, giveRoles, principalsOf, systemAssigned } from "../rbac/identities.ts";
import { workspaceOf } from "./parts.ts";
import type { Parts } from "./parts.ts";
import type { DeploymentSpec } from "./spec.ts";

/** What Azure gives an endpoint's own identity when the endpoint is made. Identities that were given to it bring their roles. */
export function giveEndpointRoles(endpoint: ArmResource, sandbox: SandboxContext): void {
  const principal = systemAssigned(endpoint);
  const workspace = sandbox.resources.get(workspaceOf(endpoint.id));
  if (!principal || !workspace) return;
  const { storageAccount, containerRegistry } = workspace.properties as Record<string, string | undefined>;
  giveRoles(sandbox, principal, [
    ["AzureML Metrics Writer (preview)", workspace.id],
    ...(storageAccount ? [["Storage Blob Data Reader", storageAccount] as const] : []),
    ...(containerRegistry ? [["AcrPull", containerRegistry] as const] : []),
  ]);
}

/** Throws ArmError 400 `BadArgument`, as the deployment's operation shows it. What lies in a registry, the service fetches itself. */
export function checkEndpointIdentity(sandbox: SandboxContext, parts: Parts, spec: DeploymentSpec): void {
  if (spec.kind !== "Managed") return;
  const principals = principalsOf(sandbox.resources.get(spec.endpointId));
  const workspaceId = workspaceOf(spec.id);
  for (const [what, reference] of [
    ["model", spec.model],
    ["code", spec.codeId],
  ] as const) {
    if (reference === undefined || /\/registries\//i.test(reference)) continue;
    const problem = dataProblem(sandbox, principals, parts.locate(sandbox, reference, workspaceId), "read");
    if (problem) throw unauthorized(`unable to download user ${what} '${reference}' (${problem})`);
  }
  const registry = sandbox.resources.get(workspaceId)?.properties["containerRegistry"];
  if (typeof registry !== "string" || !spec.environmentId || /\/registries\//i.test(spec.environmentId)) return;
  const operation = "Microsoft.ContainerRegistry/registries/pull/read";
  if (principals.some((one) => sandbox.access.may(one, { operation, scope: registry }))) return;
  throw unauthorized(
    `unable to pull the image of '${spec.environmentId}' from '${registry}': the identity with object id '${principals.join("', '")}' has no role that covers '${operation}' there; give it AcrPull`,
  );
}

const unauthorized = (what: string): ArmError =>
  new ArmError(400, "BadArgument", `Startup task failed due to authorization error: ${what}.`);
