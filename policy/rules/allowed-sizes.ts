// Machines are of sizes that the stage may have.
import { sizes } from "../limits.ts";
import { at, type Finding, type ResourceRule, type Subject } from "../rule.ts";

const check =
  (path: string, fix: string) =>
  ({ props, stack }: Subject): Finding[] => {
    const [size, allowed] = [at(props, path), sizes[stack] ?? []];
    if (typeof size !== "string" || allowed.some((pattern) => pattern.test(size))) return [];
    const list = allowed.map(({ source }) => source).join(" or ") || "none";
    return [{ problem: `the size is ${size}; in ${stack} it must fit ${list}`, fix: `${fix}, or add the size to policy/limits.ts` }];
  };

export const allowedSizes: ResourceRule = {
  name: "allowed-sizes",
  description: "machines are of the sizes that the stage may have",
  check: {
    "azure-native:machinelearningservices:Compute": check("properties.properties.vmSize", "set azure-mlops:compute.size"),
    "azure-native:machinelearningservices:OnlineDeployment": check("properties.instanceType", "set instance_type in project/deploy"),
  },
};
