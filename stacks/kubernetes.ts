// The Kubernetes cluster that a stage serves on, by its settings.
import type { Input, Resource } from "@pulumi/pulumi";
import { AttachedCluster } from "../components/kubernetes/attachedCluster.ts";
import type { KubernetesTarget } from "../components/onlineTarget.ts";
import type { Workspace } from "../components/workspace.ts";
import type { StageSettings } from "../settings/stage.ts";

export interface ClusterPlace {
  readonly resourceGroupName: Input<string>;
  readonly subscriptionId: Input<string>;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly names: { readonly aks: string; readonly aksCompute: string };
}

/** @returns where endpoints go, and what they have to wait for */
export function attachCluster(
  settings: StageSettings,
  workspace: Workspace,
  place: ClusterPlace,
): KubernetesTarget & { readonly attached: Resource } {
  const { names, ...placed } = place;
  const { cluster, extension, nodeSize, minNodes, maxNodes, namespace, instanceTypes, instanceType, tls } = settings.kubernetes;
  const made = new AttachedCluster(settings.stage, {
    ...placed,
    workspaceName: workspace.workspaceName,
    computeName: names.aksCompute,
    seed: `${settings.prefix}-${settings.stage}`,
    cluster: cluster ?? { name: names.aks, size: nodeSize, minNodes, maxNodes },
    workspacePrincipalId: workspace.nodes.identity.principalId,
    containerRegistryId: workspace.nodes.containerRegistry.id,
    extension: extension ?? cluster === undefined,
    namespace,
    instanceTypes,
    internal: !settings.publicAccess,
    tls,
  });
  return { computeId: made.computeId, generation: made.generation, instanceType, attached: made };
}
