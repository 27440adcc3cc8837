// Every resource that has tags says whose it is, by which costs are told apart and strays are found.
import { tags as required } from "../limits.ts";
import type { Finding, ResourceRule, Subject } from "../rule.ts";

/** Types of this program's that carry tags of Azure Resource Manager; asset versions have tags of their own meaning. */
const tagged = [
  "azure-native:resources:ResourceGroup",
  "azure-native:storage:StorageAccount",
  "azure-native:keyvault:Vault",
  "azure-native:operationalinsights:Workspace",
  "azure-native:applicationinsights:Component",
  "azure-native:containerregistry:Registry",
  "azure-native:managedidentity:UserAssignedIdentity",
  "azure-native:machinelearningservices:Workspace",
  "azure-native:machinelearningservices:Compute",
  "azure-native:machinelearningservices:Registry",
  "azure-native:machinelearningservices:OnlineEndpoint",
  "azure-native:machinelearningservices:OnlineDeployment",
  "azure-native:machinelearningservices:BatchEndpoint",
  "azure-native:containerservice:ManagedCluster",
  "azure-native:eventgrid:SystemTopic",
  "azure-native:logic:Workflow",
  "azure-native:monitor:ActionGroup",
] as const;

function check({ props, stack }: Subject): Finding[] {
  const tags = (props["tags"] ?? {}) as Record<string, unknown>;
  const missing = required.filter((tag) => !tags[tag]);
  const wrong = tags["stage"] !== undefined && tags["stage"] !== stack;
  return [
    ...(missing.length > 0
      ? [{ problem: `the tags ${missing.join(", ")} are missing`, fix: "give it stackTags(settings, stage) (stacks/tags.ts)" }]
      : []),
    ...(wrong
      ? [{ problem: `the tag stage is ${JSON.stringify(tags["stage"])}; the stack is ${stack}`, fix: "do not set the tag stage by hand" }]
      : []),
  ];
}

export const requiredTags: ResourceRule = {
  name: "required-tags",
  description: `resources carry the tags ${required.join(", ")}`,
  check: Object.fromEntries(tagged.map((type) => [type, check])),
};
