// The stage's foundation on the real sandbox: what the stacks make, made by the unmodified SDK.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { makeProject } from "./testing/project.ts";
import type { Project } from "./testing/project.ts";
import { startSandbox } from "./testing/real-sandbox.ts";
import type { RealSandbox } from "./testing/real-sandbox.ts";

const SECONDS = 180_000;
let sandbox: RealSandbox;
let project: Project;

beforeAll(async () => {
  sandbox = await startSandbox();
  project = await makeProject(sandbox.env);
}, SECONDS);

afterAll(async () => {
  project?.remove();
  await sandbox?.stop();
}, SECONDS);

const program = `
const rg = new azure.resources.ResourceGroup("rg", { resourceGroupName: "rg-mlops-dev" });
const g = { resourceGroupName: rg.name };
const client = azure.authorization.getClientConfigOutput();
const logs = new azure.operationalinsights.Workspace("logs", { ...g, workspaceName: "log-mlops-dev", sku: { name: "PerGB2018" }, retentionInDays: 30 });
const insights = new azure.applicationinsights.Component("insights", { ...g, resourceName: "appi-mlops-dev", kind: "web", applicationType: "web", workspaceResourceId: logs.id });
const storage = new azure.storage.StorageAccount("storage", { ...g, accountName: "stmlopsdev", kind: "StorageV2", sku: { name: "Standard_LRS" }, allowSharedKeyAccess: false, minimumTlsVersion: "TLS1_2" });
const operator = new azure.authorization.RoleAssignment("operator", { scope: storage.id, principalId: client.objectId, principalType: "ServicePrincipal",
  roleDefinitionId: pulumi.interpolate\`/subscriptions/\${client.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/ba92f5b4-2d11-453d-a403-e96b0029c9fe\` });
const container = new azure.storage.BlobContainer("files", { ...g, accountName: storage.name, containerName: "files-mlops-dev" });
new azure.storage.Blob("note", { ...g, accountName: storage.name, containerName: container.name, blobName: "a/note.txt", contentType: "text/plain", metadata: { by: "test" },
  source: new pulumi.asset.StringAsset("hello") }, { dependsOn: operator });
const vault = new azure.keyvault.Vault("vault", { ...g, vaultName: "kv-mlops-dev", properties: { tenantId: client.tenantId, sku: { family: "A", name: "standard" }, enableRbacAuthorization: true, accessPolicies: [] } });
const acr = new azure.containerregistry.Registry("acr", { ...g, registryName: "crmlopsdev", sku: { name: "Basic" } });
const identity = new azure.managedidentity.UserAssignedIdentity("identity", { ...g, resourceName: "id-mlops-dev" });
const ws = new azure.machinelearningservices.Workspace("ws", { ...g, workspaceName: "mlw-mlops-dev", identity: { type: "SystemAssigned" },
  storageAccount: storage.id, keyVault: vault.id, applicationInsights: insights.id, containerRegistry: acr.id, systemDatastoresAuthMode: "identity", sku: { name: "Basic", tier: "Basic" } });
const w = { ...g, workspaceName: ws.name };
new azure.machinelearningservices.Compute("cpu", { ...w, computeName: "cpu-cluster", properties: { computeType: "AmlCompute",
  properties: { vmSize: "Standard_DS3_v2", scaleSettings: { minNodeCount: 0, maxNodeCount: 2, nodeIdleTimeBeforeScaleDown: "PT120S" } } } });
new azure.authorization.RoleAssignment("role", { scope: storage.id, principalId: ws.identity.apply((i) => i.principalId), principalType: "ServicePrincipal",
  roleDefinitionId: pulumi.interpolate\`/subscriptions/\${client.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7\` });
new azure.machinelearningservices.EnvironmentVersion("env", { ...w, name: "train", version: "1", properties: { image: "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04", condaFile: "name: a\\ndependencies: [python=3.11]\\n" } });
new azure.machinelearningservices.DataVersion("data", { ...w, name: "diabetes", version: "1", properties: { dataType: "uri_file", dataUri: "azureml://datastores/workspaceblobstore/paths/diabetes.csv" } });
export const url = ws.discoveryUrl;
`;

test(
  "up, no change, refresh, destroy; names kept by soft delete are refused as Azure does",
  async () => {
    project.write(program);
    const up = await project.pulumi("up", "--yes", "--skip-preview");
    expect(up.output).toContain("+ 16 created");
    const again = await project.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes");
    expect(again.output).toContain("16 unchanged");
    const refresh = await project.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes");
    expect(refresh.output).toContain("16 unchanged");
    const afterRefresh = await project.pulumi("preview", "--expect-no-changes");
    expect(afterRefresh.output).toContain("16 unchanged");
    const destroy = await project.pulumi("destroy", "--yes", "--skip-preview");
    expect(destroy.output).toContain("- 16 deleted");
    const kept = await project.pulumi("up", "--yes", "--skip-preview");
    expect(kept.output).toMatch(/Code="\w+" Message=".*(soft|deleted state)/i);
  },
  SECONDS,
);
