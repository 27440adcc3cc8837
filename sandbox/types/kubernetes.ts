// Microsoft.ContainerService/managedClusters (API 2025-05-01) and Microsoft.KubernetesConfiguration/extensions (API 2024-11-01) as far as Azure ML
// serves on them: a cluster is a resource here, its pods are processes of this machine.
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { notModeled } from "../arm/errors.ts";
import { ArmError } from "../core.ts";
import type { ArmResource, ResourceType, SandboxContext } from "../core.ts";
import { CLUSTERS, computesOn, EXTENSION_TYPE, EXTENSIONS, nodesOf } from "../serving/clusters.ts";
import { servingOf } from "../serving/registered.ts";
import { coresOf } from "../serving/sizes.ts";
import { identity, tracked } from "./shapes.ts";
import { withoutNulls } from "./storage.ts";
import { text } from "../state/values.ts";

const pool = z.looseObject({
  name: z.string().regex(/^[a-z][a-z0-9]{0,11}$/, "must be 1-12 lower-case letters and digits, a letter first"),
  mode: z.enum(["System", "User", "Gateway"]).nullish(),
  vmSize: z.string().refine((size) => coresOf(size) !== undefined, "must be a VM size such as Standard_DS3_v2"),
  count: z.int().min(0).max(1000).nullish(),
  enableAutoScaling: z.boolean().nullish(),
  minCount: z.int().min(0).max(1000).nullish(),
  maxCount: z.int().min(1).max(1000).nullish(),
  osType: z.enum(["Linux", "Windows"]).nullish(),
});
type Pool = z.infer<typeof pool>;

const clusterBody = tracked(
  z.looseObject({
    dnsPrefix: z
      .string()
      .regex(/^[a-zA-Z0-9]([a-zA-Z0-9-]{0,52}[a-zA-Z0-9])?$/, "must be 1-54 letters, digits and hyphens, without one at its ends")
      .nullish(),
    kubernetesVersion: z
      .string()
      .regex(/^\d+\.\d+(\.\d+)?$/, "must be a version such as 1.33")
      .nullish(),
    agentPoolProfiles: z.array(pool).min(1, "must have a pool"),
    disableLocalAccounts: z.boolean().nullish(),
  }),
);

const bad = (message: string, target: string): ArmError => new ArmError(400, "InvalidParameter", message, { target });
const poolsOf = (cluster: ArmResource): Pool[] => (cluster.properties["agentPoolProfiles"] ?? []) as Pool[];

const clusters: ResourceType<z.infer<typeof clusterBody>> = {
  type: CLUSTERS,
  body: clusterBody,
  tracked: true,
  latencySeconds: 300,
  names: { pattern: /^[a-zA-Z0-9]([\w-]{0,61}[a-zA-Z0-9])?$/, rule: "1-63 letters, digits, _ and -, a letter or digit at its ends" },
  check({ before, after }) {
    if (!/SystemAssigned|UserAssigned/i.test(String(after.identity?.["type"])))
      throw notModeled("a cluster with a service principal", "Azure Machine Learning does not work with one: give it an identity.");
    const pools = poolsOf(after);
    if (!before && after.properties["dnsPrefix"] === undefined && after.properties["fqdnSubdomain"] === undefined)
      throw bad("Required parameter dnsPrefix is missing (null).", "dnsPrefix");
    const system = pools.filter(({ mode, count, minCount }) => mode === "System" && (count ?? minCount ?? 0) > 0);
    if (system.length === 0)
      throw bad("There has to be at least one agent pool with mode System and at least one node.", "agentPoolProfiles.mode");
    for (const { name, enableAutoScaling, minCount, maxCount } of pools) {
      if (enableAutoScaling !== true) continue;
      if (typeof minCount !== "number" || typeof maxCount !== "number" || minCount > maxCount)
        throw bad(
          `Agent pool '${name}' scales by itself and needs minCount and maxCount, the first not above the second.`,
          "agentPoolProfiles",
        );
    }
    const fixed: readonly (readonly [string, unknown, unknown])[] = before
      ? [
          ["dnsPrefix", before.properties["dnsPrefix"], after.properties["dnsPrefix"]],
          ...poolsOf(before).flatMap(({ name, vmSize }) => {
            const now = pools.find((one) => one.name === name);
            return now ? [[`agentPoolProfiles.${name}.vmSize`, vmSize, now.vmSize] as const] : [];
          }),
        ]
      : [];
    for (const [what, was, is] of fixed)
      if (was !== is)
        throw new ArmError(
          400,
          "PropertyChangeNotAllowed",
          `Changing property '${what}' is not allowed (${String(was)} to ${String(is)}).`,
          {
            target: what,
          },
        );
  },
  fill({ before, after }, sandbox) {
    const group = after.id.split("/")[4] ?? "";
    const given = withoutNulls(after.properties);
    const version = text(given["kubernetesVersion"] ?? before?.properties["kubernetesVersion"] ?? "1.33");
    const own = before?.properties["identityProfile"] ?? {
      kubeletidentity: {
        resourceId: `/subscriptions/${sandbox.subscriptionId}/resourceGroups/MC_${group}_${after.name}_${after.location}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${after.name}-agentpool`,
        clientId: randomUUID(),
        objectId: randomUUID(),
      },
    };
    return {
      ...after,
      sku: after.sku ?? { name: "Base", tier: "Free" },
      ...owned(after, sandbox, before),
      properties: {
        enableRBAC: true,
        maxAgentPools: 100,
        nodeResourceGroup: `MC_${group}_${after.name}_${after.location}`,
        ...given,
        kubernetesVersion: version,
        currentKubernetesVersion: version,
        fqdn: before?.properties["fqdn"] ?? `${String(given["dnsPrefix"])}-${randomUUID().slice(0, 8)}.hcp.${after.location}.azmk8s.io`,
        powerState: { code: "Running" },
        identityProfile: own,
        agentPoolProfiles: poolsOf(after).map((one) => ({
          osType: "Linux",
          type: "VirtualMachineScaleSets",
          mode: "User",
          ...withoutNulls(one),
          count: one.count ?? one.minCount ?? 1,
          powerState: { code: "Running" },
          provisioningState: "Succeeded",
        })),
      },
    };
  },
  async provision() {},
  // What ran on it is gone with it; the endpoints stay and answer that nothing is there.
  async remove(cluster, sandbox) {
    const serving = await servingOf(sandbox);
    await serving.lose(new Set(computesOn(sandbox, cluster.id).map(({ id }) => id.toLowerCase())));
  },
  actions: {
    listClusterUserCredential: () => {
      throw notModeled("a cluster's API server", "its pods are processes of this machine; see the deployment's logs.");
    },
    start: () => refuseToStop("start"),
    stop: () => refuseToStop("stop"),
  },
};

function refuseToStop(what: string): never {
  throw notModeled(`${what} of a cluster`, "its nodes cost nothing here.");
}

/** Its own identity is a principal, the same for as long as the cluster lives. */
function owned(resource: ArmResource, { tenantId }: SandboxContext, before: ArmResource | undefined): Pick<ArmResource, "identity"> {
  const identity = resource.identity ?? before?.identity;
  if (!identity || !/SystemAssigned/i.test(String(identity["type"]))) return identity ? { identity } : {};
  return { identity: { ...identity, principalId: before?.identity?.["principalId"] ?? randomUUID(), tenantId } };
}

const extensionBody = z.looseObject({
  identity,
  properties: z.looseObject({
    extensionType: z.string(),
    autoUpgradeMinorVersion: z.boolean().nullish(),
    releaseTrain: z.string().nullish(),
    version: z.string().nullish(),
    scope: z.looseObject({}).nullish(),
    configurationSettings: z.record(z.string(), z.string()).nullish(),
    configurationProtectedSettings: z.record(z.string(), z.string()).nullish(),
  }),
});

/** https://learn.microsoft.com/azure/machine-learning/how-to-deploy-kubernetes-extension */
const extensions: ResourceType<z.infer<typeof extensionBody>> = {
  type: EXTENSIONS,
  body: extensionBody,
  extension: true,
  latencySeconds: 240,
  names: { pattern: /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i, rule: "1-63 letters, digits and hyphens, a letter or digit at its ends" },
  check({ before, after }, sandbox) {
    const type = String(after.properties["extensionType"]);
    if (type.toLowerCase() !== EXTENSION_TYPE.toLowerCase())
      throw notModeled(`the cluster extension ${type}`, `its clusters take ${EXTENSION_TYPE}.`);
    const cluster = sandbox.resources.get(clusterOf(after));
    if (!cluster) throw new ArmError(404, "ParentResourceNotFound", `The cluster '${clusterOf(after)}' was not found.`);
    const other = sandbox.resources.list(cluster.id, EXTENSIONS).find(({ id }) => id.toLowerCase() !== after.id.toLowerCase());
    if (!before && other)
      throw new ArmError(409, "ExtensionOperationFailed", `The cluster has the extension ${EXTENSION_TYPE} already, as '${other.name}'.`);
  },
  fill({ before, after }) {
    const { configurationProtectedSettings: secret, ...given } = withoutNulls(after.properties);
    return {
      ...after,
      identity: { type: "SystemAssigned", ...after.identity, principalId: before?.identity?.["principalId"] ?? randomUUID() },
      properties: {
        autoUpgradeMinorVersion: true,
        releaseTrain: "Stable",
        scope: { cluster: { releaseNamespace: "azureml" } },
        ...given,
        currentVersion: "1.1.80",
        // As in Azure the keys are shown, and no value.
        configurationProtectedSettings: Object.fromEntries(Object.keys(secret ?? {}).map((key) => [key, ""])),
        isSystemExtension: false,
        statuses: [],
      },
    };
  },
  /** Helm finds these out, so they are no refusal of the request but the operation's end. */
  async provision(extension, sandbox) {
    const problem = configurationProblem(extension, sandbox);
    await Promise.resolve();
    if (problem) throw new ArmError(400, "ExtensionOperationFailed", `The extension operation failed with the following error: ${problem}`);
  },
};

const clusterOf = ({ id }: ArmResource): string =>
  id.slice(0, id.toLowerCase().lastIndexOf("/providers/microsoft.kubernetesconfiguration/"));

function configurationProblem(extension: ArmResource, sandbox: SandboxContext): string | undefined {
  const settings = {
    ...(extension.properties["configurationSettings"] as Record<string, string> | undefined),
    ...(extension.properties["configurationProtectedSettings"] as Record<string, string> | undefined),
  };
  const on = (key: string, otherwise = "False"): boolean => /^true$/i.test(settings[key] ?? otherwise);
  if (!on("enableTraining") && !on("enableInference")) return "enableTraining or enableInference must be True.";
  if (!on("enableInference")) return undefined;
  if (!/^(nodePort|clusterIP|loadBalancer)$/i.test(settings["inferenceRouterServiceType"] ?? ""))
    return "inferenceRouterServiceType must be nodePort, clusterIP or loadBalancer when enableInference is True.";
  if (!on("allowInsecureConnections") && settings["sslSecret"] === undefined && settings["sslKeyPemFile"] === undefined)
    return "an inference router without allowInsecureConnections needs a certificate: sslSecret, or sslCertPemFile and sslKeyPemFile.";
  const nodes = nodesOf(sandbox.resources.get(clusterOf(extension)));
  if (on("inferenceRouterHA", "True") && nodes < 3)
    return `the inference router has three replicas and the cluster ${nodes} nodes. Give it three, or set inferenceRouterHA to False.`;
  return undefined;
}

export const kubernetesTypes = [clusters, extensions] as ResourceType[];
