// What people are told of a failed `pulumi up`: the reasons, without Pulumi's framing.
import { expect, test } from "@jest/globals";
import { reasonOf } from "./pulumiSays.ts";

test("the reasons among the diagnostics, each once", () => {
  const said = `Updating (prod):
 ~  mlops:serving:EndpointRollout prod-rollout **updating failed** error: green failed its check at 10 %: 20 calls, 2 failed
Diagnostics:
  mlops:serving:EndpointRollout (prod-rollout):
    traffic blue=90 green=10, watched for 3 s
    error: green failed its check at 10 %: 20 calls, 2 failed; the traffic is blue=100, as before
  pulumi:pulumi:Stack (azure-mlops-prod):
    error: update failed
Outputs:
    location: "westeurope"
`;
  expect(reasonOf(said)).toBe("green failed its check at 10 %: 20 calls, 2 failed; the traffic is blue=100, as before");
});

test("a refusal of the program keeps its lines", () => {
  const said = `Diagnostics:
  pulumi:pulumi:Stack (azure-mlops-prod):
    error: prod may not serve model version 2
      0 of 1 approvals of diabetes-2 for prod
    Fix: mlops approve
Outputs:
`;
  expect(reasonOf(said)).toBe("prod may not serve model version 2\n  0 of 1 approvals of diabetes-2 for prod\n  Fix: mlops approve");
});

test("no diagnostics, no reason", () => expect(reasonOf("warning: nothing")).toBeUndefined());
