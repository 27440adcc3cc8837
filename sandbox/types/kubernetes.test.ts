// Kubernetes clusters, the extension and the attachment, asked of a real sandbox; what a deployment is told when something of it is missing.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Answer, TestSandbox } from "../testing.ts";
import { testSandbox, workspaceIn } from "../testing.ts";

let sandbox: TestSandbox;
let workspace: string;
let group: string;
beforeAll(async () => {
  sandbox = await testSandbox();
  workspace = await workspaceIn(sandbox, "k8s");
  group = workspace.split("/").slice(0, 5).join("/");
}, 60_000);
afterAll(async () => await sandbox?.stop());

const cluster = (name = "aks"): string => `${group}/providers/Microsoft.ContainerService/managedClusters/${name}`;
const extension = (name = "aks"): string => `${cluster(name)}/providers/Microsoft.KubernetesConfiguration/extensions/azureml`;
const pool = { name: "system", mode: "System", vmSize: "Standard_DS3_v2", count: 1, enableAutoScaling: true, minCount: 1, maxCount: 2 };
const clusterBody = (properties: object = {}, more: object = {}) => ({
  location: "westeurope",
  identity: { type: "SystemAssigned" },
  properties: { dnsPrefix: "aks", agentPoolProfiles: [pool], ...properties },
  ...more,
});
const settings = {
  enableInference: "True",
  inferenceRouterServiceType: "LoadBalancer",
  allowInsecureConnections: "True",
  inferenceRouterHA: "False",
};
const extensionBody = (configurationSettings: object = settings) => ({
  properties: { extensionType: "Microsoft.AzureML.Kubernetes", configurationSettings },
});
/** The refusal, at once or at the operation's end, or the resource. */
async function put(id: string, body: object): Promise<Answer> {
  const answer = await sandbox.call("PUT", `${id}?api-version=2024-10-01`, body);
  if (answer.status >= 400) return answer;
  if (!answer.headers.get("azure-asyncoperation")) return answer;
  const end = await sandbox.ended(answer);
  return (end.body as { status?: string }).status === "Failed" ? end : await sandbox.call("GET", `${id}?api-version=2024-10-01`);
}
const remove = async (id: string): Promise<void> => {
  const answer = await sandbox.call("DELETE", `${id}?api-version=2024-10-01&underlyingResourceAction=Detach`);
  expect(answer.status).toBeLessThan(300);
  if (answer.headers.get("azure-asyncoperation")) await sandbox.ended(answer);
};
const attach = async (name: string, more: object = {}): Promise<Answer> =>
  await put(`${workspace}/computes/${name}`, {
    location: "westeurope",
    properties: { computeType: "Kubernetes", resourceId: cluster(), properties: { namespace: "default", ...more } },
  });
const told = ({ body }: Answer): { code: string; message: string } => (body as { error: { code: string; message: string } }).error;

test.each([
  ["without an identity", clusterBody({}, { identity: undefined }), /service principal/],
  ["without a system pool", clusterBody({ agentPoolProfiles: [{ ...pool, mode: "User" }] }), /mode System/],
  ["of no size", clusterBody({ agentPoolProfiles: [{ ...pool, vmSize: "big" }] }), /VM size/],
  ["that scales without limits", clusterBody({ agentPoolProfiles: [{ ...pool, maxCount: undefined }] }), /minCount and maxCount/],
  ["without a DNS prefix", clusterBody({ dnsPrefix: undefined }), /dnsPrefix/],
])("a cluster %s is refused", async (_what, body, why) => {
  expect(told(await put(cluster("bad"), body)).message).toMatch(why);
});

test("a cluster is shown with what Azure fills in, and what is fixed in it cannot be changed", async () => {
  expect((await put(cluster(), clusterBody())).body).toMatchObject({
    properties: {
      provisioningState: "Succeeded",
      fqdn: expect.stringMatching(/^aks-.*\.hcp\.westeurope\.azmk8s\.io$/),
      nodeResourceGroup: expect.stringMatching(/^MC_/),
      identityProfile: { kubeletidentity: { objectId: expect.any(String) } },
    },
  });
  const bigger = clusterBody({ agentPoolProfiles: [{ ...pool, vmSize: "Standard_DS4_v2" }] });
  expect(told(await put(cluster(), bigger))).toMatchObject({ code: "PropertyChangeNotAllowed" });
}, 30_000);

test("attaching wants the extension, and the extension a configuration that Helm can install", async () => {
  expect(told(await attach("early")).message).toMatch(/no extension Microsoft\.AzureML\.Kubernetes/);
  for (const [wrong, why] of [
    [{}, /enableTraining or enableInference/],
    [{ ...settings, inferenceRouterServiceType: undefined }, /inferenceRouterServiceType must be/],
    [{ ...settings, allowInsecureConnections: "False" }, /needs a certificate/],
    [{ ...settings, inferenceRouterHA: "True" }, /three replicas and the cluster 2 nodes/],
  ] as const) {
    const ended = await put(extension(), extensionBody(JSON.parse(JSON.stringify(wrong)) as object));
    expect(JSON.stringify(ended.body)).toMatch(why);
  }
  expect(told(await attach("failed")).message).toMatch(/that has Succeeded/);
  expect((await put(extension(), extensionBody())).body).toMatchObject({ properties: { provisioningState: "Succeeded" } });
  expect(
    (
      await put(`${cluster()}/providers/Microsoft.KubernetesConfiguration/extensions/flux`, {
        properties: { extensionType: "microsoft.flux" },
      })
    ).status,
  ).toBe(501);
  expect((await attach("aks", { instanceTypes: { huge: { resources: { requests: { cpu: "64" } } } } })).body).toMatchObject({
    properties: { isAttachedCompute: true, provisioningState: "Succeeded" },
  });
}, 30_000);

test("a deployment is told what is missing: the instance type, room for it, the cluster, the compute", async () => {
  const endpoint = `${workspace}/onlineEndpoints/on-aks`;
  const compute = `${workspace}/computes/aks`;
  expect(told(await put(endpoint, { location: "westeurope", properties: { authMode: "AADToken", compute } })).message).toMatch(
    /Key or AMLToken/,
  );
  await put(endpoint, { location: "westeurope", properties: { authMode: "Key", compute } });
  const deploy = async (instanceType?: string): Promise<{ code: string; message: string }> =>
    told(
      await put(`${endpoint}/deployments/blue`, {
        location: "westeurope",
        sku: { capacity: 1 },
        properties: { endpointComputeType: "Kubernetes", model: "azureml:none:1", environmentId: "azureml:none:1", instanceType },
      }),
    );
  expect(await deploy("small")).toMatchObject({ code: "BadArgument", message: expect.stringContaining("defaultinstancetype, huge") });
  expect(await deploy("huge")).toMatchObject({
    code: "PodUnschedulable",
    message: expect.stringContaining("no node of cluster 'aks' has more than 4"),
  });
  // With all of it there, what comes next is the model.
  expect((await deploy()).message).toContain("azureml:none:1");
  await remove(cluster());
  expect(await deploy()).toMatchObject({
    code: "ClusterNotFound",
    message: expect.stringMatching(/compute 'aks' is attached to.*Make the cluster again/),
  });
  await remove(compute);
  expect(await deploy()).toMatchObject({ code: "ComputeNotFound" });
}, 60_000);
