// Data stays in the regions that the team chose.
import { regions } from "../limits.ts";
import type { Finding, ResourceRule, Subject } from "../rule.ts";

function check({ props, type }: Subject): Finding[] {
  // Only Azure's own resources: `location` may mean other things elsewhere.
  if (!type.startsWith("azure-native:")) return [];
  const further =
    type.endsWith(":Registry") && Array.isArray(props["regionDetails"]) ? (props["regionDetails"] as { location?: unknown }[]) : [];
  const named = [props["location"], ...further.map(({ location }) => location)].filter(
    (one): one is string => typeof one === "string" && one !== "global",
  );
  return [...new Set(named)]
    .filter((region) => !regions.includes(region.toLowerCase().replaceAll(" ", "")))
    .map((region) => ({
      problem: `the region is ${region}; allowed are ${regions.join(", ")}`,
      fix: "set azure-mlops:location to one of these, or add the region to policy/limits.ts",
    }));
}

export const allowedRegions: ResourceRule = {
  name: "allowed-regions",
  description: "resources are in allowed regions",
  check: { "*": check },
};
