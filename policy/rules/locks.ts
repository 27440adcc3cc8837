// What holds prod's data cannot be deleted beside Pulumi either.
import { stateful } from "../../settings/stateful.ts";
import type { StackRule } from "../rule.ts";

const lock = "azure-native:authorization:ManagementLockByScope";
/** A lock on these would hold for everything below, which has to come and go: see components/stateLocks.ts. */
const open: readonly string[] = [
  "azure-native:resources:ResourceGroup",
  "azure-native:machinelearningservices:Workspace",
  "azure-native:machinelearningservices:Registry",
];

export const locks: StackRule = {
  name: "locks",
  description: "what holds data has a lock against deletion",
  stacks: ["prod"],
  // They have to be taken off to take a role away, for as long as that takes.
  level: "advisory",
  checkStack(resources) {
    const locked = new Set(resources.filter(({ type }) => type === lock).flatMap(({ from }) => from["scope"] ?? []));
    return resources
      .filter(({ type, urn }) => (stateful as readonly string[]).includes(type) && !open.includes(type) && !locked.has(urn))
      .map(({ urn }) => ({ urn, problem: "it has no management lock", fix: "remove azure-mlops:locks, which is true in prod by default" }));
  },
};
