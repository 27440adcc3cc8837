// Online endpoints and their deployments as data (Microsoft.MachineLearningServices/workspaces/onlineEndpoints, api 2023-04-01 and later).
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { mergePatch } from "../arm/body.ts";
import { ArmError } from "../core.ts";
import { modelDeployed } from "../events/announce.ts";
import type { ActionResult, ArmResource, Change, ResourceType, SandboxContext } from "../core.ts";
import { DeploymentBody, EndpointBody } from "../serving/bodies.ts";
import { reservedCores } from "../serving/quota.ts";
import { servingOf } from "../serving/registered.ts";
import { forgetRoles, systemAssigned } from "../rbac/identities.ts";
import { giveEndpointRoles } from "../serving/permission.ts";
import { checkDeployment, checkEndpoint, checkRemovable, ENDPOINT_NAMES } from "../serving/rules.ts";
import { DEPLOYMENTS, ENDPOINTS } from "../serving/serving.ts";
import { signToken } from "../serving/tokens.ts";

type Json = Record<string, unknown>;

/** Tokens of authMode AMLToken last 12 hours and are to be renewed from 6 hours on. */
const TOKEN_SECONDS = 12 * 3600;

/** Keys given in a body: kept aside until the write has passed its checks, since no resource may hold them. */
const givenKeys = new WeakMap<ArmResource, Json>();

export const onlineEndpoints: ResourceType<z.infer<typeof EndpointBody>> = {
  type: ENDPOINTS,
  body: EndpointBody,
  tracked: true,
  names: ENDPOINT_NAMES,
  globalName: {
    code: "EndpointAlreadyExists",
    message: (name) =>
      `There is already an endpoint with the name '${name}'. Endpoint names need to be unique within a region, over all workspaces; choose another one.`,
    inRegion: true,
  },
  latencySeconds: 120,
  merge: wholeTraffic,
  fill: fillEndpoint,
  async check(change, sandbox) {
    checkEndpoint(change, sandbox);
    const keys = givenKeys.get(change.after);
    if (!keys) return;
    const { keys: store } = await servingOf(sandbox);
    if (typeof keys["primaryKey"] === "string") store.set(change.after.id, "Primary", keys["primaryKey"]);
    if (typeof keys["secondaryKey"] === "string") store.set(change.after.id, "Secondary", keys["secondaryKey"]);
  },
  async provision(endpoint, sandbox) {
    giveEndpointRoles(endpoint, sandbox);
    await (await servingOf(sandbox)).route(endpoint);
  },
  async remove(endpoint, sandbox) {
    await (await servingOf(sandbox)).close(endpoint);
    const own = systemAssigned(endpoint);
    if (own) forgetRoles(sandbox, own);
  },
  actions: { listKeys, token, regenerateKeys },
};

export const onlineDeployments: ResourceType<z.infer<typeof DeploymentBody>> = {
  type: DEPLOYMENTS,
  body: DeploymentBody,
  tracked: true,
  names: ENDPOINT_NAMES,
  latencySeconds: 420,
  fill: fillDeployment,
  quota: quotaOf,
  check: checkDeployment,
  async provision(deployment, sandbox, signal) {
    await (await servingOf(sandbox)).deploy(deployment, signal);
  },
  done: modelDeployed,
  async remove(deployment, sandbox, cascade) {
    if (!cascade) checkRemovable(deployment, sandbox);
    await (await servingOf(sandbox)).withdraw(deployment);
  },
  actions: { getLogs },
};

/** `GET …/deployments/{d}/skus`: to which instance counts the deployment may be scaled. */
const deploymentSkus: ResourceType = {
  type: `${DEPLOYMENTS}/skus`,
  body: z.looseObject({}),
  check() {
    throw new ArmError(405, "MethodNotAllowed", "The SKUs of a deployment can only be listed.");
  },
  list: () => [
    {
      resourceType: DEPLOYMENTS,
      sku: { name: "Default", tier: "Standard" },
      capacity: { minimum: 1, maximum: 50, default: 1, scaleType: "Manual" },
    } as unknown as ArmResource,
  ],
};

export const onlineTypes: ResourceType[] = [onlineEndpoints, onlineDeployments, deploymentSkus] as ResourceType[];

/** PATCH gives traffic and mirrored traffic whole: a share that is not named is gone. */
function wholeTraffic(before: ArmResource, patch: Json): Json {
  const { tags, identity, properties, location, kind, sku } = before;
  const merged = mergePatch({ tags, identity, properties, location, kind, sku }, patch) as Json;
  const given = (patch["properties"] ?? {}) as Json;
  for (const name of ["traffic", "mirrorTraffic"]) {
    if (given[name]) (merged["properties"] as Json)[name] = given[name];
  }
  return merged;
}

function fillEndpoint({ before, after }: Change, sandbox: SandboxContext): ArmResource {
  const { keys, ...given } = after.properties;
  const path = `${after.location ?? ""}/${after.name}`.toLowerCase();
  const filled: ArmResource = {
    ...after,
    kind: after.kind ?? (given["compute"] ? "K8S" : "Managed"),
    identity: after.identity ?? before?.identity ?? { type: "SystemAssigned", principalId: randomUUID(), tenantId: sandbox.tenantId },
    properties: {
      ...withoutNulls(given),
      publicNetworkAccess: given["publicNetworkAccess"] ?? "Enabled",
      // A PUT says the whole: who leaves traffic out takes it away.
      traffic: given["traffic"] ?? {},
      mirrorTraffic: given["mirrorTraffic"] ?? {},
      properties: { ...(given["properties"] as Json | undefined), "azureml.onlineendpointid": after.id.toLowerCase() },
      scoringUri: `${sandbox.urls.scoring}/${path}/score`,
      swaggerUri: `${sandbox.urls.scoring}/${path}/swagger.json`,
    },
  };
  if (keys) givenKeys.set(filled, keys as Json);
  return filled;
}

function fillDeployment({ after }: Change): ArmResource {
  const given = withoutNulls(after.properties);
  const managed = given["endpointComputeType"] === "Managed";
  const probe = { failureThreshold: 30, initialDelay: "PT10S", period: "PT10S", successThreshold: 1, timeout: "PT2S" };
  return {
    ...after,
    kind: after.kind ?? (managed ? "Managed" : "K8S"),
    sku: { name: "Default", capacity: 1, ...withoutNulls(after.sku ?? {}) },
    properties: {
      ...given,
      ...(managed ? { instanceType: given["instanceType"] ?? "Standard_DS3_v2" } : {}),
      appInsightsEnabled: given["appInsightsEnabled"] ?? false,
      egressPublicNetworkAccess: given["egressPublicNetworkAccess"] ?? "Enabled",
      scaleSettings: { scaleType: "Default", ...(given["scaleSettings"] as Json | undefined) },
      requestSettings: {
        maxConcurrentRequestsPerInstance: 1,
        maxQueueWait: "PT0.5S",
        requestTimeout: "PT5S",
        ...withoutNulls((given["requestSettings"] as Json | undefined) ?? {}),
      },
      livenessProbe: { ...probe, ...withoutNulls((given["livenessProbe"] as Json | undefined) ?? {}) },
      readinessProbe: { ...probe, ...withoutNulls((given["readinessProbe"] as Json | undefined) ?? {}) },
      properties: { ...(given["properties"] as Json | undefined) },
    },
  };
}

/** As Azure words it (aka.ms/oe-tsg#error-outofquota). */
function quotaOf(deployment: ArmResource): ArmError {
  const { instanceType } = deployment.properties as { instanceType?: string };
  const instances = Number((deployment.sku as { capacity?: unknown } | undefined)?.capacity ?? 1);
  const cores = reservedCores({ kind: "Managed", capacity: instances, instanceType });
  return new ArmError(
    400,
    "OutOfQuota",
    `Not enough quota available for ${instanceType ?? "the instance type"} in SubscriptionId ${deployment.id.split("/")[2]}. Current usage/limit: 0/0. Additional needed: ${cores}. Please see troubleshooting guide, available here: https://aka.ms/oe-tsg#error-outofquota`,
    { target: "instanceType" },
  );
}

function withoutNulls(value: Json): Json {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== null && one !== undefined));
}

const modeOf = (endpoint: ArmResource): string => String(endpoint.properties["authMode"]);

async function listKeys(endpoint: ArmResource, _body: unknown, sandbox: SandboxContext): Promise<ActionResult> {
  wantMode(endpoint, "Key", "keys");
  const { primaryKey, secondaryKey } = (await servingOf(sandbox)).keys.of(endpoint.id);
  return { body: { primaryKey, secondaryKey } };
}

async function token(endpoint: ArmResource, _body: unknown, sandbox: SandboxContext): Promise<ActionResult> {
  wantMode(endpoint, "AMLToken", "tokens of its own");
  const { tokenSecret } = (await servingOf(sandbox)).keys.of(endpoint.id);
  const now = Math.floor(Date.now() / 1000);
  const accessToken = await signToken(tokenSecret, endpoint.id, TOKEN_SECONDS);
  return { body: { accessToken, expiryTimeUtc: now + TOKEN_SECONDS, refreshAfterTimeUtc: now + TOKEN_SECONDS / 2, tokenType: "Bearer" } };
}

async function regenerateKeys(endpoint: ArmResource, body: unknown, sandbox: SandboxContext): Promise<ActionResult> {
  wantMode(endpoint, "Key", "keys");
  const { keyType, keyValue } = (body ?? {}) as { keyType?: unknown; keyValue?: unknown };
  const which = ["Primary", "Secondary"].find((one) => one.toLowerCase() === String(keyType).toLowerCase()) as
    | "Primary"
    | "Secondary"
    | undefined;
  if (!which)
    throw new ArmError(400, "BadArgument", `keyType is '${String(keyType)}'; it must be Primary or Secondary.`, { target: "keyType" });
  if (keyValue !== undefined && keyValue !== null && (typeof keyValue !== "string" || keyValue.length < 16)) {
    throw new ArmError(400, "BadArgument", "keyValue must be a string of at least 16 characters, or be left out for a new key.", {
      target: "keyValue",
    });
  }
  const serving = await servingOf(sandbox);
  const { primaryKey, secondaryKey } = serving.keys.of(endpoint.id);
  // The Python SDK sends the key that is there already as keyValue, and expects a new one.
  const given = typeof keyValue === "string" && keyValue !== (which === "Primary" ? primaryKey : secondaryKey) ? keyValue : undefined;
  serving.keys.set(endpoint.id, which, given);
  await serving.push();
  return { status: 200 };
}

function wantMode(endpoint: ArmResource, mode: string, what: string): void {
  if (modeOf(endpoint) === mode) return;
  throw new ArmError(
    400,
    "BadRequest",
    `Endpoint '${endpoint.name}' has authMode '${modeOf(endpoint)}' and no ${what}; only authMode '${mode}' has.`,
    {
      target: "authMode",
    },
  );
}

async function getLogs(deployment: ArmResource, body: unknown, sandbox: SandboxContext): Promise<ActionResult> {
  const { containerType = "InferenceServer", tail: asked } = (body ?? {}) as { containerType?: unknown; tail?: unknown };
  const container = (["StorageInitializer", "InferenceServer"] as const).find(
    (one) => one.toLowerCase() === String(containerType).toLowerCase(),
  );
  if (!container) {
    throw new ArmError(
      400,
      "BadArgument",
      `containerType is '${String(containerType)}'; it must be InferenceServer or StorageInitializer.`,
      { target: "containerType" },
    );
  }
  const lines = typeof asked === "number" && Number.isInteger(asked) && asked > 0 ? Math.min(asked, 10_000) : 100;
  const serving = await servingOf(sandbox);
  const content = serving.logs(deployment, container, lines);
  if (container === "StorageInitializer") return { body: { content } };
  const state = String(deployment.properties["provisioningState"]);
  const start = serving.capacity(deployment.id).ready > 0 ? "Succeeded" : state === "Failed" ? "Failed" : "InProgress";
  const status = `Instance status:\nSystemSetup: Succeeded\nUserContainerImagePull: Succeeded\nModelDownload: Succeeded\nUserContainerStart: ${start}\n`;
  return {
    body: {
      content: `${status}\nContainer logs:\n${content === "" ? "The container has written no logs yet; try again later." : content}\n`,
    },
  };
}
