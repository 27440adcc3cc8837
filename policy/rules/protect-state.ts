// What holds data in prod is protected. A policy pack never sees a resource that left the program; Pulumi itself refuses to delete or
// replace a protected one, so the rule is that protection may not be taken away without an exception.
import { stateful } from "../../settings/stateful.ts";
import type { Finding, ResourceRule, Subject } from "../rule.ts";

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
