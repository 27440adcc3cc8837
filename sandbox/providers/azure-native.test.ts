// Small Pulumi programs on the unmodified SDK, run through the real CLI against a recording Azure.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { FakeArm } from "./testing/fake-arm.ts";
import { makeProject } from "./testing/project.ts";
import type { Project } from "./testing/project.ts";

const GROUP = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg-dev";
const WORKSPACE = `${GROUP}/providers/Microsoft.MachineLearningServices/workspaces/w1`;
const SECONDS = 120_000;

let azure: FakeArm;
let project: Project;

beforeAll(async () => {
  azure = await FakeArm.start();
  project = await makeProject(azure.env);
}, SECONDS);

afterAll(async () => {
  project?.remove();
  await azure?.stop();
});

beforeEach(() => {
  azure.requests.length = 0;
  azure.rules.length = 0;
});

const program = (more: { description?: string; workspace?: string } = {}): string => `
const rg = new azure.resources.ResourceGroup("rg", { resourceGroupName: "rg-dev", tags: { stage: "dev" } });
const ws = new azure.machinelearningservices.Workspace("ws", {
  resourceGroupName: rg.name, workspaceName: "${more.workspace ?? "w1"}", sku: { name: "Basic" },
  identity: { type: "UserAssigned", userAssignedIdentities: ["/subscriptions/s/id1"] },
  description: "${more.description ?? "first"}", publicNetworkAccess: "Enabled",
});
new azure.machinelearningservices.Compute("cpu", {
  resourceGroupName: rg.name, workspaceName: ws.name,
  properties: { computeType: "AmlCompute", properties: { vmSize: "STANDARD_D2", scaleSettings: { maxNodeCount: 4, minNodeCount: 0 } } },
});
new azure.authorization.RoleAssignment("role", {
  scope: ws.id, principalId: "p", principalType: "ServicePrincipal", roleDefinitionId: "/providers/r",
});
export const workspaceId = ws.id;
export const principal = ws.identity.apply((i) => i?.principalId ?? "none");
`;

describe("the life of a stack", () => {
  test(
    "a preview of creations asks nothing of Azure",
    async () => {
      project.write(program());
      const run = await project.pulumi("preview");
      expect(run.output).toContain("+ 5 to create");
      expect(azure.requests).toEqual([]);
    },
    SECONDS,
  );

  test(
    "up sends what the REST API wants, and keeps what it answers",
    async () => {
      const run = await project.pulumi("up", "--yes", "--skip-preview");
      expect(run.output).toContain("+ 5 created");
      const puts = azure.requests.filter((r) => r.method === "PUT");
      expect(puts.slice(0, 2)).toEqual([
        {
          method: "PUT",
          path: GROUP,
          apiVersion: "2024-03-01",
          query: { "api-version": "2024-03-01" },
          body: { location: "westeurope", tags: { stage: "dev" } },
        },
        {
          method: "PUT",
          path: WORKSPACE,
          apiVersion: "2025-12-01",
          query: { "api-version": "2025-12-01" },
          body: {
            location: "westeurope",
            sku: { name: "Basic" },
            identity: { type: "UserAssigned", userAssignedIdentities: { "/subscriptions/s/id1": {} } },
            properties: { description: "first", publicNetworkAccess: "Enabled" },
          },
        },
      ]);
      const role = puts.find((r) => r.path.includes("roleAssignments"))!;
      expect(role.path).toMatch(
        new RegExp(
          `^${WORKSPACE}/providers/Microsoft.Authorization/roleAssignments/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
        ),
      );
      expect(role.body).toEqual({ properties: { principalId: "p", principalType: "ServicePrincipal", roleDefinitionId: "/providers/r" } });
      const state = await project.state();
      expect(state.get("ws")?.id).toBe(WORKSPACE);
      expect(state.get("ws")?.outputs).toMatchObject({ name: "w1", description: "first", azureApiVersion: "2025-12-01" });
      expect(state.get("ws")?.inputs).toMatchObject({
        workspaceName: "w1",
        identity: { userAssignedIdentities: ["/subscriptions/s/id1"] },
      });
    },
    SECONDS,
  );

  test(
    "a second up and a refresh change nothing",
    async () => {
      const again = await project.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes");
      expect(again.output).toContain("5 unchanged");
      const refresh = await project.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes");
      expect(refresh.output).toContain("5 unchanged");
      expect(azure.writes()).toEqual([]);
    },
    SECONDS,
  );

  test(
    "what Azure filled in is no drift; what somebody changed is, and up puts it right",
    async () => {
      const kept = azure.resources.get(WORKSPACE.toLowerCase())! as { properties: Record<string, unknown> };
      kept.properties["storageHnsEnabled"] = false;
      kept.properties["publicNetworkAccess"] = "Disabled";
      const refresh = await project.pulumi("refresh", "--yes", "--skip-preview");
      expect(refresh.output).toContain("~ 1 updated");
      expect((await project.state()).get("ws")?.inputs["publicNetworkAccess"]).toBe("Disabled");
      const preview = await project.pulumi("preview", "--diff");
      expect(preview.output).toMatch(/~ publicNetworkAccess: "Disabled" => "Enabled"/);
      await project.pulumi("up", "--yes", "--skip-preview");
      expect(kept).not.toBe(azure.resources.get(WORKSPACE.toLowerCase()));
      expect(azure.writes()).toEqual([`PUT ${WORKSPACE}`]);
    },
    SECONDS,
  );

  test(
    "a change is made in place; a new name replaces, the old one deleted first",
    async () => {
      project.write(program({ description: "second" }));
      const preview = await project.pulumi("preview", "--diff");
      expect(preview.output).toMatch(/~ description: "first" => "second"/);
      await project.pulumi("up", "--yes", "--skip-preview");
      expect(azure.writes()).toEqual([`PUT ${WORKSPACE}`]);

      azure.requests.length = 0;
      project.write(program({ description: "second", workspace: "w2" }));
      const replace = await project.pulumi("up", "--yes");
      expect(replace.output).toMatch(/workspaceName.*|\+-.*Workspace ws/);
      const writes = azure.writes();
      expect(writes.indexOf(`DELETE ${WORKSPACE}`)).toBeLessThan(writes.indexOf(`PUT ${WORKSPACE.replace(/w1$/, "w2")}`));
      expect(writes).toContain(`DELETE ${WORKSPACE}/computes/cpu`.replace("/computes/cpu", ""));
    },
    SECONDS,
  );

  test(
    "destroy deletes, and what is gone already is no error",
    async () => {
      azure.resources.delete(`${WORKSPACE.replace(/w1$/, "w2")}/computes/cpu`.toLowerCase());
      const run = await project.pulumi("destroy", "--yes", "--skip-preview");
      expect(run.output).toContain("- 5 deleted");
      expect([...azure.resources]).toEqual([]);
    },
    SECONDS,
  );
});

describe("wrong programs are stopped at preview", () => {
  const refuse = async (source: string): Promise<string> => {
    project.write(source);
    const run = await project.pulumi("preview");
    expect(run.ok).toBe(false);
    expect(azure.writes()).toEqual([]);
    return run.output;
  };

  test(
    "each failure with the path, the rule and the value",
    async () => {
      const output = await refuse(`
new azure.machinelearningservices.Compute("cpu", {
  resourceGroupName: "rg-dev", workspaceName: "w1",
  properties: { computeType: "AmlCompute", properties: { vmSize: 5, scaleSetings: {}, scaleSettings: { minNodeCount: 0 }, remoteLoginPortPublicAccess: "Sometimes" } },
});`);
      expect(output).toContain("'properties.properties.vmSize' should be of type 'string' but is 5");
      expect(output).toContain("unknown property 'properties.properties.scaleSetings'; did you mean 'scaleSettings'?");
      expect(output).toContain("missing required property 'properties.properties.scaleSettings.maxNodeCount'");
    },
    SECONDS,
  );

  test(
    "a closed enum's values",
    async () => {
      const output = await refuse(
        `new azure.storage.StorageAccount("st", { resourceGroupName: "rg-dev", kind: "StorageV2", sku: { name: "Standard_LRS" }, accessTier: "Lukewarm" });`,
      );
      expect(output).toContain(`'accessTier' must be one of "Hot", "Cool", "Premium"`);
      expect(output).toContain(`but is "Lukewarm"`);
    },
    SECONDS,
  );

  test(
    "a union's alternative by its discriminator",
    async () => {
      const output = await refuse(
        `new azure.machinelearningservices.Compute("cpu", { resourceGroupName: "rg-dev", workspaceName: "w1", properties: { computeType: "AmlCompte" } });`,
      );
      expect(output).toContain(`'properties.computeType' must be one of AKS, AmlCompute`.replace("AKS, AmlCompute", `"AKS", "AmlCompute"`));
    },
    SECONDS,
  );

  test(
    "a type that is not modeled, by name",
    async () => {
      const output = await refuse(`new azure.batch.BatchAccount("b", { resourceGroupName: "rg-dev" });`);
      expect(output).toContain("NotModeledInSandbox: resource type azure-native:batch:BatchAccount is not modeled in the sandbox");
    },
    SECONDS,
  );
});

describe("functions", () => {
  test(
    "the caller, a resource, its keys; others are refused by name",
    async () => {
      azure.resources.set(WORKSPACE.toLowerCase(), { id: WORKSPACE, name: "w1", properties: { discoveryUrl: "https://d" } });
      azure.rules.push((r) =>
        r.method === "POST" && r.path === `${WORKSPACE}/listKeys` ? { status: 200, body: { userStorageKey: "k" } } : undefined,
      );
      project.write(`
const where = { resourceGroupName: "rg-dev", workspaceName: "w1" };
export const me = azure.authorization.getClientConfigOutput().objectId;
export const url = azure.machinelearningservices.getWorkspaceOutput(where).discoveryUrl;
export const key = azure.machinelearningservices.listWorkspaceKeysOutput(where).userStorageKey;`);
      const run = await project.pulumi("up", "--yes", "--skip-preview");
      expect(run.output).toContain(`me : "44444444-4444-4444-8444-444444444444"`);
      expect(run.output).toContain(`url: "https://d"`);
      expect(run.output).toContain(`key: "k"`);

      project.write(`export const x = azure.batch.getBatchAccountOutput({ resourceGroupName: "a", accountName: "b" }).id;`);
      expect((await project.pulumi("preview")).output).toContain("NotModeledInSandbox: function azure-native:batch:getBatchAccount");
    },
    SECONDS,
  );
});
