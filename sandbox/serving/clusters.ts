// Kubernetes clusters behind endpoints: what is attached to which, and why a deployment cannot run there.
import { ArmError } from "../core.ts";
import type { ArmResource, SandboxContext } from "../core.ts";
import type { DeploymentSpec } from "./spec.ts";
import { coresOf } from "./sizes.ts";

export const CLUSTERS = "Microsoft.ContainerService/managedClusters";
export const EXTENSIONS = "Microsoft.KubernetesConfiguration/extensions";
export const EXTENSION_TYPE = "Microsoft.AzureML.Kubernetes";
const COMPUTES = "Microsoft.MachineLearningServices/workspaces/computes";

type Sandbox = Pick<SandboxContext, "resources">;

interface Pool {
  readonly vmSize: string;
  readonly count?: number;
  readonly maxCount?: number;
  readonly enableAutoScaling?: boolean;
}

const poolsOf = (cluster: ArmResource | undefined): readonly Pool[] => (cluster?.properties["agentPoolProfiles"] ?? []) as Pool[];

/** How many nodes the cluster may have. */
export const nodesOf = (cluster: ArmResource | undefined): number =>
  poolsOf(cluster).reduce((sum, { count, maxCount, enableAutoScaling }) => sum + (enableAutoScaling ? (maxCount ?? 1) : (count ?? 1)), 0);

/** Computes of any workspace that the cluster is attached as. */
export const computesOn = (sandbox: Sandbox, clusterId: string): ArmResource[] =>
  sandbox.resources
    .all(COMPUTES)
    .filter(
      ({ properties }) =>
        properties["computeType"] === "Kubernetes" && String(properties["resourceId"]).toLowerCase() === clusterId.toLowerCase(),
    );

/** The Azure ML extension of a cluster, when it is there and works. */
export const extensionOf = (sandbox: Sandbox, clusterId: string): ArmResource | undefined =>
  sandbox.resources.list(clusterId, EXTENSIONS).find(({ properties }) => properties["provisioningState"] === "Succeeded");

/** The rules of attaching a cluster. Clusters of Arc are not modelled, and taken as they are. */
export function checkAttach(compute: ArmResource, sandbox: Sandbox): void {
  const id = compute.properties["resourceId"];
  const refuse = (message: string): ArmError => new ArmError(400, "BadRequest", message, { target: "properties.resourceId" });
  if (typeof id !== "string" || id === "") throw refuse("properties.resourceId: must be given: the id of the cluster to attach.");
  if (!/\/managedClusters\//i.test(id)) return;
  const cluster = sandbox.resources.get(id);
  if (!cluster) throw refuse(`The cluster '${id}' was not found.`);
  if (id.split("/")[2]?.toLowerCase() !== compute.id.split("/")[2]?.toLowerCase())
    throw refuse("A cluster of another subscription cannot be attached; connect it to Azure Arc first.");
  if (!extensionOf(sandbox, id))
    throw refuse(
      `The cluster '${cluster.name}' has no extension ${EXTENSION_TYPE} that has Succeeded. Deploy it first (az k8s-extension create), with enableInference=True.`,
    );
}

interface InstanceType {
  readonly resources?: { readonly requests?: { readonly cpu?: string } };
}

/** Azure's own when none is defined: https://learn.microsoft.com/azure/machine-learning/how-to-manage-kubernetes-instance-types */
const defaultTypes: Readonly<Record<string, InstanceType>> = { defaultinstancetype: { resources: { requests: { cpu: "100m" } } } };

/**
 * Why a Kubernetes deployment cannot run; with the codes of "Troubleshoot Kubernetes compute".
 * https://learn.microsoft.com/azure/machine-learning/how-to-troubleshoot-kubernetes-compute
 */
export function clusterProblem(sandbox: Sandbox, spec: DeploymentSpec): ArmError | undefined {
  const endpoint = sandbox.resources.get(spec.endpointId);
  const computeId = String(endpoint?.properties["compute"]);
  const compute = sandbox.resources.get(computeId);
  if (compute?.properties["computeType"] !== "Kubernetes")
    return new ArmError(400, "ComputeNotFound", `Cannot find Kubernetes compute '${computeId}'. Attach the cluster to the workspace.`);
  const clusterId = String(compute.properties["resourceId"]);
  if (!/\/managedClusters\//i.test(clusterId)) return undefined;
  const cluster = sandbox.resources.get(clusterId);
  if (!cluster)
    return new ArmError(
      400,
      "ClusterNotFound",
      `Cannot find Kubernetes cluster '${clusterId}', which compute '${compute.name}' is attached to. Make the cluster again under the same id and deploy once more, or detach the compute.`,
    );
  if (!extensionOf(sandbox, clusterId))
    return new ArmError(
      400,
      "GenericClusterError",
      `Failed to connect to Kubernetes cluster '${cluster.name}': its extension ${EXTENSION_TYPE} is missing or has failed.`,
    );
  return instanceProblem(compute, cluster, spec);
}

function instanceProblem(compute: ArmResource, cluster: ArmResource, { instanceType, name }: DeploymentSpec): ArmError | undefined {
  const own = (compute.properties["properties"] ?? {}) as { defaultInstanceType?: string; instanceTypes?: Record<string, InstanceType> };
  const types = { ...defaultTypes, ...own.instanceTypes };
  const wanted = instanceType ?? own.defaultInstanceType ?? "defaultinstancetype";
  const type = types[wanted];
  if (!type)
    return new ArmError(
      400,
      "BadArgument",
      `Deployment '${name}' asks for instance type '${wanted}', which compute '${compute.name}' does not have (it has: ${Object.keys(types).join(", ")}).`,
    );
  const cpu = cores(type.resources?.requests?.cpu ?? "100m");
  const largest = Math.max(0, ...poolsOf(cluster).map(({ vmSize }) => coresOf(vmSize) ?? 0));
  if (cpu > largest)
    return new ArmError(
      400,
      "PodUnschedulable",
      `Deployment '${name}': instance type '${wanted}' requests ${cpu} cores, and no node of cluster '${cluster.name}' has more than ${largest} (0/${nodesOf(cluster)} nodes are available: insufficient cpu).`,
    );
  return undefined;
}

/** `500m` is half a core. */
const cores = (text: string): number => (text.endsWith("m") ? Number(text.slice(0, -1)) / 1000 : Number(text));
