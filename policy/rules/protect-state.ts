// What holds data in prod is protected. A policy pack never sees a resource that left the program; Pulumi itself refuses to delete or
// replace a protected one, so the rule is that protection may not be taken away without an exception.
import type { Finding, ResourceRule, Subject } from "../rule.ts";

/** Types whose deletion loses data, models, logs or keys. */
export const stateful = [
  "azure-native:resources:ResourceGroup",
  "azure-native:storage:StorageAccount",
  "azure-native:keyvault:Vault",
  "azure-native:machinelearningservices:Workspace",
  "azure-native:machinelearningservices:Registry",
  "azure-native:containerregistry:Registry",
  "azure-native:operationalinsights:Workspace",
] as const;

function check({ name, protect, stack }: Subject): readonly Finding[] {
  if (protect) return [];
  return [
    {
      problem: "it holds data and is not protected, so that an update may delete or replace it",
      fix: `remove "${name}" from azure-mlops:unprotected in Pulumi.${stack}.yaml; to delete it on purpose, write an exception into policy/exceptions.yml first`,
    },
  ];
}

export const protectState: ResourceRule = {
  name: "protect-state",
  description: "in prod, nothing that holds data is deleted without a written exception",
  stacks: ["prod"],
  check: Object.fromEntries(stateful.map((type) => [type, check])),
};
