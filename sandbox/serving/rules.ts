// Azure's rules on online endpoints and deployments that need more than the body: what is there already, what must not change.
import { ArmError } from "../core.ts";
import type { ArmResource, Change, SandboxContext } from "../core.ts";
import { collectorProblems } from "./collection/settings.ts";
import { coresOf } from "./sizes.ts";
import { DEPLOYMENTS } from "./serving.ts";

type Percents = Readonly<Record<string, number>>;

const refuse = (code: string, message: string, target: string, status = 400): ArmError => new ArmError(status, code, message, { target });
const word = (value: unknown, otherwise: string): string => (typeof value === "string" ? value : otherwise);
const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** "Manage quotas", managed online endpoints: letters, digits and single dashes, 3 to 32, a letter first. */
export const ENDPOINT_NAMES = {
  pattern: /^[A-Za-z](?!.*--)[A-Za-z0-9-]{1,30}[A-Za-z0-9]$/,
  rule: "3 to 32 letters, digits and single dashes, beginning with a letter and not ending in a dash",
  code: "BadArgument",
};

/** What is wrong with a traffic split, given the deployments that exist; undefined when nothing is. */
export function trafficProblem(traffic: Percents, deployments: readonly string[]): string | undefined {
  const entries = Object.entries(traffic);
  for (const [name, percent] of entries) {
    if (!deployments.some((one) => same(one, name))) {
      return `traffic names deployment '${name}', which the endpoint does not have (it has: ${deployments.join(", ") || "none"}). Create the deployment first`;
    }
    if (!Number.isInteger(percent) || percent < 0 || percent > 100)
      return `traffic.${name} is ${percent}; it must be a whole number from 0 to 100`;
  }
  const sum = entries.reduce((total, [, percent]) => total + percent, 0);
  if (sum !== 0 && sum !== 100) return `the traffic adds up to ${sum}; it must add up to 0 or 100`;
  return undefined;
}

/** What is wrong with mirrored traffic: one deployment at most, at most 50 %, not one with live traffic. */
export function mirrorProblem(mirror: Percents, traffic: Percents, deployments: readonly string[]): string | undefined {
  const entries = Object.entries(mirror).filter(([, percent]) => percent !== 0);
  if (entries.length > 1)
    return `mirrorTraffic names ${entries.length} deployments (${entries.map(([name]) => name).join(", ")}); it may name one`;
  for (const [name, percent] of entries) {
    if (!deployments.some((one) => same(one, name))) {
      return `mirrorTraffic names deployment '${name}', which the endpoint does not have (it has: ${deployments.join(", ") || "none"})`;
    }
    if (percent > 50) return `mirrorTraffic.${name} is ${percent}; at most 50 percent can be mirrored`;
    const live = Object.entries(traffic).find(([one]) => same(one, name))?.[1] ?? 0;
    if (live > 0) return `deployment '${name}' has ${live} percent of the live traffic; only one without can be mirrored to`;
  }
  return undefined;
}

/** The rules of an endpoint's PUT and PATCH. */
export function checkEndpoint({ before, after }: Change, sandbox: SandboxContext): void {
  if (after.properties["compute"] !== undefined && after.properties["authMode"] === "AADToken")
    throw refuse("BadArgument", "A Kubernetes online endpoint takes authMode Key or AMLToken, not AADToken.", "properties.authMode");
  if (before) {
    refuseIdentityChange(before, after);
    if (!same(word(before.properties["compute"], ""), word(after.properties["compute"], ""))) {
      throw refuse("BadArgument", "The compute of an endpoint cannot be changed. Create another endpoint.", "properties.compute");
    }
  }
  const deployments = sandbox.resources.list(after.id, DEPLOYMENTS).map((one) => one.name);
  const traffic = after.properties["traffic"] as Percents;
  const mirror = after.properties["mirrorTraffic"] as Percents;
  const wrong = trafficProblem(traffic, deployments);
  if (wrong) throw refuse("BadArgument", `Endpoint '${after.name}': ${wrong}.`, "properties.traffic");
  const mirrored = mirrorProblem(mirror, traffic, deployments);
  if (mirrored) throw refuse("BadArgument", `Endpoint '${after.name}': ${mirrored}.`, "properties.mirrorTraffic");
}

/** "Access resources from an online endpoint with a managed identity": the identity is fixed at creation. */
function refuseIdentityChange(before: ArmResource, after: ArmResource): void {
  const parts = ({ identity }: ArmResource): string =>
    JSON.stringify([
      word(identity?.["type"], "None").toLowerCase().replaceAll(" ", ""),
      Object.keys((identity?.["userAssignedIdentities"] as object | undefined) ?? {})
        .map((id) => id.toLowerCase())
        .sort(),
    ]);
  if (parts(before) === parts(after)) return;
  throw refuse(
    "BadArgument",
    `The identity of endpoint '${after.name}' cannot be changed after creation. Create another endpoint with the identity.`,
    "identity",
  );
}

/** The rules of a deployment's PUT and PATCH. Quota is not among them: it is checked late, in the operation. */
export function checkDeployment({ before, after }: Change, sandbox: SandboxContext): void {
  const endpoint = endpointOf(after, sandbox);
  const state = endpoint.properties["provisioningState"];
  if (state === "Creating" || state === "Deleting") {
    throw refuse("Conflict", `Endpoint '${endpoint.name}' is ${state}. Wait until it has Succeeded, then try again.`, "endpoint", 409);
  }
  const kind = after.properties["endpointComputeType"];
  const expected = endpoint.properties["compute"] === undefined ? "Managed" : "Kubernetes";
  if (kind !== expected) {
    throw refuse(
      "BadArgument",
      `Endpoint '${endpoint.name}' takes deployments with endpointComputeType '${expected}', not '${String(kind)}'.`,
      "properties.endpointComputeType",
    );
  }
  if (!same(endpoint.location ?? "", after.location ?? "")) {
    throw refuse(
      "BadArgument",
      `The deployment's location '${after.location}' must be its endpoint's, '${endpoint.location}'.`,
      "location",
    );
  }
  const size = after.properties["instanceType"];
  if (kind === "Managed" && (typeof size !== "string" || coresOf(size) === undefined)) {
    throw refuse(
      "BadArgument",
      `The instance type '${String(size)}' is not a VM size. Use one such as Standard_DS3_v2 or Standard_F4s_v2.`,
      "properties.instanceType",
    );
  }
  const scale = (after.properties["scaleSettings"] as { scaleType?: string } | undefined)?.scaleType;
  if (kind === "Managed" && scale === "TargetUtilization") {
    throw refuse(
      "BadArgument",
      "Managed deployments take scaleType 'Default' only; autoscale them with Azure Monitor's autoscale settings.",
      "properties.scaleSettings",
    );
  }
  const [collecting] = collectorProblems(after.properties, (status, message, target) =>
    refuse(status === 501 ? "NotModeledInSandbox" : "BadArgument", message, target, status),
  );
  if (collecting) throw collecting;
  if (!before) {
    const there = sandbox.resources.list(endpoint.id, DEPLOYMENTS).length;
    if (there >= 20)
      throw refuse("OutOfQuota", `Endpoint '${endpoint.name}' has ${there} deployments; 20 is the limit. Delete one first.`, "name");
  }
  const fixed = ["egressPublicNetworkAccess", "endpointComputeType"] as const;
  for (const name of before ? fixed : []) {
    if (before!.properties[name] === after.properties[name]) continue;
    throw refuse(
      "BadArgument",
      `${name} of deployment '${after.name}' cannot be changed from '${String(before!.properties[name])}' to '${String(after.properties[name])}'. Create another deployment.`,
      `properties.${name}`,
    );
  }
}

/** A deployment that has traffic, live or mirrored, cannot go. */
export function checkRemovable(deployment: ArmResource, sandbox: SandboxContext): void {
  const endpoint = endpointOf(deployment, sandbox);
  for (const [key, word] of [
    ["traffic", "of the traffic"],
    ["mirrorTraffic", "of mirrored traffic"],
  ] as const) {
    const share = Object.entries((endpoint.properties[key] ?? {}) as Percents).find(([name]) => same(name, deployment.name))?.[1] ?? 0;
    if (share === 0) continue;
    throw refuse(
      "BadArgument",
      `Deployment '${deployment.name}' has ${share} percent ${word} of endpoint '${endpoint.name}' and cannot be deleted. Set its share to 0 first.`,
      `properties.${key}`,
    );
  }
}

function endpointOf(deployment: ArmResource, sandbox: SandboxContext): ArmResource {
  const id = deployment.id.slice(0, deployment.id.toLowerCase().lastIndexOf("/deployments/"));
  const endpoint = sandbox.resources.get(id);
  if (!endpoint) throw refuse("EndpointNotFound", `The endpoint '${id}' was not found.`, "endpoint", 404);
  return endpoint;
}
