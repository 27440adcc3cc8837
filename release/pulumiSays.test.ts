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

test("of a container's traceback, what was thrown", () => {
  const said = `Diagnostics:
  azure-native:machinelearningservices:OnlineDeployment (qa-blue):
    error: 1 error occurred:
      * Status=200 Code="ResourceNotReady" Message="User container has crashed or terminated: The process ended with exit code 3.
      Last lines of the container's log:
      2026-11-26 02:20:00,491 E [27140] azmlinfsrv - Encountered Exception Traceback (most recent call last):
        File "/env/lib/python3.11/site-packages/azureml_inference_server_http/server/user_script.py", line 119, in invoke_init
          self._user_init()
        File "/code/score.py", line 173, in init
          raise RuntimeError(text)
      RuntimeError: the model is for another table
`;
  expect(reasonOf(said)).toMatch(/crashed or terminated[^]*\n {2}RuntimeError: the model is for another table$/);
});

test("no diagnostics, no reason", () => expect(reasonOf("warning: nothing")).toBeUndefined());
