// What an online endpoint's files become where they run: the same files serve a managed endpoint and one on Kubernetes.
import type { Input } from "@pulumi/pulumi";

/** An attached cluster that an endpoint runs on. */
export interface KubernetesTarget {
  readonly computeId: Input<string>;
  /** The instance type of the deployments; unset: their file's own, else the cluster's default. */
  readonly instanceType?: string | undefined;
  /** Another text when the cluster was made anew. */
  readonly generation: Input<string>;
}

type Properties = Readonly<Record<string, unknown>>;

/** Why the endpoint's file cannot run there; undefined when it can. */
export function targetProblem(properties: Properties, target: KubernetesTarget | undefined): string | undefined {
  if (!target || properties["authMode"] !== "AADToken") return undefined;
  return "auth_mode is aad_token, which only managed endpoints take; on Kubernetes it must be aml_token or key: set it in deploy/endpoint.yml, or add auth_mode=aml_token to endpointSet";
}

/** `kind` and `properties` of the endpoint: https://learn.microsoft.com/azure/machine-learning/reference-yaml-endpoint-online */
export function endpointFor(
  properties: Properties,
  publicNetworkAccess: "Enabled" | "Disabled",
  target: KubernetesTarget | undefined,
): { kind: string; properties: Record<string, unknown> } {
  const { publicNetworkAccess: _public, compute: _compute, ...rest } = properties;
  return target
    ? { kind: "K8S", properties: { ...rest, compute: target.computeId } }
    : { kind: "Managed", properties: { ...rest, publicNetworkAccess } };
}

/** `properties` of a deployment: https://learn.microsoft.com/azure/machine-learning/reference-yaml-deployment-kubernetes-online */
export function deploymentFor(properties: Properties, target: KubernetesTarget | undefined): Record<string, unknown> {
  if (!target) return { ...properties };
  // VM sizes and the way out of a managed network mean nothing on a cluster.
  const { instanceType, egressPublicNetworkAccess: _egress, endpointComputeType, ...rest } = properties;
  const own = endpointComputeType === "Kubernetes" ? instanceType : undefined;
  const size = target.instanceType ?? own;
  return {
    ...rest,
    endpointComputeType: "Kubernetes",
    ...(size ? { instanceType: size } : {}),
    properties: { ...(rest["properties"] as object | undefined), mlopsCluster: target.generation },
  };
}
