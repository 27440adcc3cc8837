// What an endpoint's files become on managed machines and on a cluster, and what a cluster cannot take.
import { expect, test } from "@jest/globals";
import { deploymentFor, endpointFor, targetProblem } from "./onlineTarget.ts";

const cluster = { computeId: "/id/compute", generation: "fqdn-1" };

test("sign-in by Entra tokens is for managed endpoints: refused on a cluster, with what to set", () => {
  expect(targetProblem({ authMode: "AADToken" }, undefined)).toBeUndefined();
  for (const authMode of ["AMLToken", "Key"]) expect(targetProblem({ authMode }, cluster)).toBeUndefined();
  expect(targetProblem({ authMode: "AADToken" }, cluster)).toMatch(
    /^auth_mode is aad_token, which only managed endpoints take; on Kubernetes it must be aml_token or key: .*endpointSet$/,
  );
});

test("an endpoint: on managed machines with its network access, on a cluster with the compute", () => {
  const properties = { authMode: "Key", publicNetworkAccess: "Enabled", compute: "azureml:other" };
  expect(endpointFor(properties, "Disabled", undefined)).toEqual({
    kind: "Managed",
    properties: { authMode: "Key", publicNetworkAccess: "Disabled" },
  });
  expect(endpointFor(properties, "Disabled", cluster)).toEqual({ kind: "K8S", properties: { authMode: "Key", compute: "/id/compute" } });
});

test("a deployment: VM sizes mean nothing on a cluster, instance types of its own do", () => {
  const managed = { endpointComputeType: "Managed", instanceType: "Standard_DS3_v2", egressPublicNetworkAccess: "Enabled", model: "m" };
  expect(deploymentFor(managed, undefined)).toEqual(managed);
  const moved = { endpointComputeType: "Kubernetes", model: "m", properties: { mlopsCluster: "fqdn-1" } };
  expect(deploymentFor(managed, cluster)).toEqual(moved);
  expect(deploymentFor(managed, { ...cluster, instanceType: "small" })).toEqual({ ...moved, instanceType: "small" });
  expect(deploymentFor({ ...managed, endpointComputeType: "Kubernetes", instanceType: "gpu" }, cluster)).toEqual({
    ...moved,
    instanceType: "gpu",
  });
});
