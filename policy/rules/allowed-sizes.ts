// Machines are of sizes that the stage may have.
import { sizes } from "../limits.ts";
import { at, type Finding, onKubernetes, type ResourceRule, type Subject } from "../rule.ts";

const check =
  (path: string, fix: string) =>
  ({ props, stack }: Subject): Finding[] =>
    findings(at(props, path), stack, fix);

function findings(size: unknown, stack: string, fix: string): Finding[] {
  const allowed = sizes[stack] ?? [];
  if (typeof size !== "string" || allowed.some((pattern) => pattern.test(size))) return [];
  const list = allowed.map(({ source }) => source).join(" or ") || "none";
  return [{ problem: `the size is ${size}; in ${stack} it must fit ${list}`, fix: `${fix}, or add the size to policy/limits.ts` }];
}

export const allowedSizes: ResourceRule = {
  name: "allowed-sizes",
  description: "machines are of the sizes that the stage may have",
  check: {
    "azure-native:machinelearningservices:Compute": check("properties.properties.vmSize", "set azure-mlops:compute.size"),
    // On Kubernetes an instance type is a share of a node, and the nodes are checked.
    "azure-native:machinelearningservices:OnlineDeployment": (subject) =>
      onKubernetes(subject.props) ? [] : check("properties.instanceType", "set instance_type in project/deploy")(subject),
    "azure-native:containerservice:ManagedCluster": ({ props, stack }) =>
      ((props["agentPoolProfiles"] ?? []) as { vmSize?: unknown }[]).flatMap(({ vmSize }) =>
        findings(vmSize, stack, "set azure-mlops:kubernetes.nodeSize"),
      ),
  },
};
