// Which of the resources that are there already a killed run of the same stack had begun to make.
import { expect, test } from "@jest/globals";
import { adopting, orphansIn } from "./pulumiOrphans.ts";

const group = "/subscriptions/s/resourceGroups/rg-mlops-qa";
const workspace = `${group}/providers/Microsoft.MachineLearningServices/workspaces/mlw`;
const said = ` +  azure-native:machinelearningservices:Workspace qa-workspace **creating failed** error: cannot create already existing resource '${workspace}'; take it over with: pulumi import
Diagnostics:
  azure-native:machinelearningservices:Workspace (qa-workspace):
    error: cannot create already existing resource '${workspace}'; take it over with: pulumi import azure-native:machinelearningservices:Workspace <name> ${workspace}
  azure-native:machinelearningservices:OnlineDeployment (qa-blue):
    error: cannot create already existing resource '${workspace}/onlineEndpoints/e/deployments/blue'
  pulumi:pulumi:Stack (azure-mlops-qa):
    error: update failed
`;
const orphan = { type: "azure-native:machinelearningservices:Workspace", name: "qa-workspace", id: workspace };
const urn = "urn:pulumi:qa::azure-mlops::mlops:workspace:Workspace$azure-native:machinelearningservices:Workspace::qa-workspace";
const made = { urn, type: orphan.type, inputs: { workspaceName: "mlw" } };
const other = {
  urn: "urn:pulumi:qa::azure-mlops::azure-native:resources:ResourceGroup::qa",
  type: "azure-native:resources:ResourceGroup",
  id: group,
};

test("what is there, each once; deployments of endpoints are no matter of the state alone", () => {
  expect(orphansIn(said)).toEqual([orphan]);
  expect(orphansIn("error: something else")).toEqual([]);
});

test("taken over is what the state was about to make, with the inputs it had for it", () => {
  const state = { version: 3, deployment: { resources: [other], pending_operations: [{ type: "creating", resource: made }] } };
  expect(adopting(state, [orphan])).toEqual({
    urns: [urn],
    state: {
      version: 3,
      deployment: { resources: [other, { ...made, id: workspace, outputs: { workspaceName: "mlw" } }], pending_operations: [] },
    },
  });
});

test("somebody else's is left alone", () => {
  expect(adopting({ version: 3, deployment: { resources: [other] } }, [orphan])).toBeUndefined();
  const updating = { version: 3, deployment: { pending_operations: [{ type: "updating", resource: made }] } };
  expect(adopting(updating, [orphan])).toBeUndefined();
});
