import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { AzureMachineLearningWorkspaces } from "@azure/arm-machinelearning";
import { ClientSecretCredential } from "@azure/identity";
import { BlobServiceClient } from "@azure/storage-blob";
import { onlyRoles } from "../../components/pipelineIdentity.ts";
import { testSandbox, workspaceIn } from "../testing.ts";
import type { TestSandbox } from "../testing.ts";
import { covers, permits } from "./actions.ts";
import { parseCondition } from "./condition.ts";

describe("patterns of role definitions", () => {
  const ml = "Microsoft.MachineLearningServices/workspaces";
  test.each([
    ["*", "Microsoft.Storage/storageAccounts/write", true],
    ["*/read", "Microsoft.Storage/storageAccounts/read", true],
    ["*/read", "Microsoft.Storage/storageAccounts/listKeys/action", false],
    [`${ml}/*/write`, `${ml}/jobs/write`, true],
    [`${ml}/*/write`, `${ml}/write`, true],
    [`${ml}/computes/*/write`, `${ml}/computes/write`, true],
    [`${ml}/computes/*/write`, `${ml}/data/write`, false],
    ["Microsoft.KeyVault/vaults/*", "Microsoft.KeyVault/vaultsX/read", false],
    ["microsoft.storage/*", "Microsoft.Storage/storageAccounts/delete", true],
  ])("%s covers %s: %s", (pattern, operation, covered) => expect(covers(pattern, operation)).toBe(covered));

  test("what is taken away is not given, and actions bring no data actions", () => {
    const permission = { actions: ["*"], notActions: ["Microsoft.Authorization/*/Write"] };
    expect(permits(permission, "Microsoft.Authorization/roleAssignments/write", false)).toBe(false);
    expect(permits(permission, "Microsoft.Authorization/roleAssignments/read", false)).toBe(true);
    expect(permits(permission, "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read", true)).toBe(false);
  });
});

test("the condition that the pipelines' identities have lets them give the roles it names and no others", () => {
  const holds = parseCondition(onlyRoles(["AcrPull", "Contributor"]));
  const write = "Microsoft.Authorization/roleAssignments/write";
  expect(holds(write, { "Request/RoleDefinitionId": "7f951dda-4ed3-4680-a7ca-43fe172d538d" })).toBe(true);
  expect(holds(write, { "Request/RoleDefinitionId": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635" })).toBe(false);
  expect(holds("Microsoft.Authorization/roleAssignments/read", {})).toBe(true);
  expect(
    holds("Microsoft.Authorization/roleAssignments/delete", { "Resource/RoleDefinitionId": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635" }),
  ).toBe(false);
  expect(() => parseCondition("@Resource[Microsoft.Storage/storageAccounts:name] StringEquals 'x'")).toThrow(/does not model/);
});

describe("in the sandbox, by official clients", () => {
  let sandbox: TestSandbox;
  let workspace: string;
  let ann: Person;
  beforeAll(async () => {
    sandbox = await testSandbox();
    workspace = await workspaceIn(sandbox, "rg1");
    ann = await person(sandbox, "ann");
  }, 60_000);
  afterAll(async () => await sandbox.stop());

  const machineLearning = (who: Person): AzureMachineLearningWorkspaces =>
    new AzureMachineLearningWorkspaces(who.credential, sandbox.info.subscriptionId, {
      endpoint: sandbox.info.armEndpoint,
      credentialScopes: `${sandbox.info.armEndpoint}.default`,
    });
  const group = (): string => `${sandbox.subscription}/resourceGroups/rg1`;

  test("without a role nothing is seen; the refusal has Azure's code and words", async () => {
    await expect(machineLearning(ann).workspaces.get("rg1", "mlw-rg1")).rejects.toMatchObject({
      statusCode: 403,
      code: "AuthorizationFailed",
      message: expect.stringContaining(
        `The client '${ann.clientId}' with object id '${ann.principalId}' does not have authorization to perform action 'Microsoft.MachineLearningServices/workspaces/read' over scope '${workspace}' or the scope is invalid.`,
      ),
    });
    expect((await ann.call("GET", "/subscriptions?api-version=2022-12-01")).body.value).toEqual([]);
    expect((await ann.call("GET", `/mlflow/v2.0${workspace}/api/2.0/mlflow/experiments/search`)).status).toBe(403);
  });

  test("AzureML Data Scientist on a workspace: its assets and jobs, not its clusters, nor itself, nor what is beside it", async () => {
    await sandbox.grant("AzureML Data Scientist", workspace, ann.principalId);
    const client = machineLearning(ann);
    expect((await client.workspaces.get("rg1", "mlw-rg1")).name).toBe("mlw-rg1");
    await client.environmentContainers.createOrUpdate("rg1", "mlw-rg1", "hers", { properties: {} });
    expect((await ann.call("POST", `/mlflow/v2.0${workspace}/api/2.0/mlflow/experiments/create`, { name: "hers" })).status).toBe(200);
    const cluster = {
      location: "westeurope",
      properties: { computeType: "AmlCompute" as const, properties: { vmSize: "Standard_DS3_v2" } },
    };
    const forbidden = { statusCode: 403, code: "AuthorizationFailed" };
    await expect(client.computeOperations.beginCreateOrUpdateAndWait("rg1", "mlw-rg1", "hers", cluster)).rejects.toMatchObject(forbidden);
    await expect(client.workspaces.listKeys("rg1", "mlw-rg1")).rejects.toMatchObject(forbidden);
    await expect(client.workspaces.beginDeleteAndWait("rg1", "mlw-rg1")).rejects.toMatchObject(forbidden);
    expect((await ann.call("GET", `${group()}/providers/Microsoft.Storage/storageAccounts/strg1`)).status).toBe(403);
    // A list over the subscription leaves out what she may not see.
    const seen = await ann.call("GET", `${sandbox.subscription}/providers/Microsoft.MachineLearningServices/workspaces`);
    expect(seen.body.value.map(({ name }: { name: string }) => name)).toEqual(["mlw-rg1"]);
    expect((await ann.call("GET", `${sandbox.subscription}/resourceGroups`)).body.value).toEqual([]);
  });

  test("blobs: an owner of the subscription has none of the data; a reader reads; the refusal is AuthorizationPermissionMismatch", async () => {
    const url = `https://localhost:${sandbox.info.blobPort}/strg1`;
    const owner = new BlobServiceClient(url, sandbox.credential).getContainerClient("roles");
    await owner.create();
    const mismatch = { statusCode: 403, code: "AuthorizationPermissionMismatch" };
    await expect(owner.uploadBlockBlob("a", "hello", 5)).rejects.toMatchObject(mismatch);
    const account = `${group()}/providers/Microsoft.Storage/storageAccounts/strg1`;
    await sandbox.grant("Storage Blob Data Contributor", `${account}/blobServices/default/containers/roles`);
    await owner.uploadBlockBlob("a", "hello", 5);
    const hers = new BlobServiceClient(url, ann.credential).getContainerClient("roles");
    await expect(hers.getBlobClient("a").downloadToBuffer()).rejects.toMatchObject({ statusCode: 403 });
    await sandbox.grant("Storage Blob Data Reader", account, ann.principalId);
    expect((await hers.getBlobClient("a").downloadToBuffer()).toString()).toBe("hello");
    await expect(hers.uploadBlockBlob("b", "x", 1)).rejects.toMatchObject(mismatch);
    await expect(hers.getBlobClient("a").delete()).rejects.toMatchObject(mismatch);
  });

  test("Contributor gives no roles; the access administrator with a condition gives only those; deleting takes the right away", async () => {
    const bob = await person(sandbox, "bob");
    await sandbox.grant("Contributor", group(), bob.principalId);
    const role = (id: string): object => ({
      properties: {
        principalId: ann.principalId,
        roleDefinitionId: `${sandbox.subscription}/providers/Microsoft.Authorization/roleDefinitions/${id}`,
      },
    });
    const at = (last: string): string =>
      `${group()}/providers/Microsoft.Authorization/roleAssignments/aaaaaaaa-0000-4000-8000-00000000000${last}`;
    const [pull, owner] = ["7f951dda-4ed3-4680-a7ca-43fe172d538d", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"];
    expect((await bob.call("PUT", at("1"), role(pull))).body.error.code).toBe("AuthorizationFailed");
    const conditional = {
      properties: {
        principalId: bob.principalId,
        roleDefinitionId: `${sandbox.subscription}/providers/Microsoft.Authorization/roleDefinitions/f58310d9-a9f6-439a-9e8d-f62e7b41a168`,
        condition: onlyRoles(["AcrPull"]),
        conditionVersion: "2.0",
      },
    };
    expect((await sandbox.call("PUT", at("2"), conditional)).status).toBe(201);
    expect((await bob.call("PUT", at("1"), role(pull))).status).toBe(201);
    expect((await bob.call("PUT", at("3"), role(owner))).body.error.code).toBe("AuthorizationFailed");
    expect((await sandbox.call("DELETE", at("2"))).status).toBe(200);
    expect((await bob.call("DELETE", at("1"))).status).toBe(403);
  });

  test("an identity given to a resource must be one that the caller may assign", async () => {
    const identity = `${group()}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-one`;
    expect((await sandbox.call("PUT", identity, { location: "westeurope" })).status).toBe(201);
    const carl = await person(sandbox, "carl");
    await sandbox.grant("AzureML Data Scientist", workspace, carl.principalId);
    const body = {
      location: "westeurope",
      identity: { type: "UserAssigned", userAssignedIdentities: { [identity]: {} } },
      properties: { authMode: "Key" },
    };
    const path = `${workspace}/onlineEndpoints/of-carl`;
    expect((await carl.call("PUT", path, body)).body.error).toMatchObject({ code: "LinkedAuthorizationFailed" });
    await sandbox.grant("Managed Identity Operator", identity, carl.principalId);
    expect((await carl.call("PUT", path, body)).status).toBe(201);
  });

  test("a workspace under an identity that lacks roles fails and names them", async () => {
    const identity = `${group()}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-one`;
    const { properties } = (await sandbox.call("GET", workspace)).body;
    const { storageAccount, keyVault, applicationInsights } = properties;
    const made = await sandbox.call("PUT", `${group()}/providers/Microsoft.MachineLearningServices/workspaces/mlw-poor`, {
      location: "westeurope",
      identity: { type: "UserAssigned", userAssignedIdentities: { [identity]: {} } },
      properties: { storageAccount, keyVault, applicationInsights, primaryUserAssignedIdentity: identity },
    });
    const { body } = await sandbox.ended(made);
    expect(body).toMatchObject({
      status: "Failed",
      error: { code: "Authorization", message: expect.stringContaining("'Key Vault Administrator' on") },
    });
  });
});

interface Person {
  readonly clientId: string;
  readonly principalId: string;
  readonly credential: ClientSecretCredential;
  call(method: string, path: string, body?: unknown): ReturnType<TestSandbox["call"]>;
}

/** Somebody with a secret and without any role. */
async function person(sandbox: TestSandbox, displayName: string): Promise<Person> {
  const graph = async (path: string, body: object) => (await sandbox.call("POST", `/graph/v1.0/${path}`, body)).body;
  const { id, appId } = await graph("applications", { displayName });
  const principal = await graph("servicePrincipals", { appId });
  const { secretText } = await graph(`applications/${id}/addPassword`, { passwordCredential: { displayName: "test" } });
  const credential = new ClientSecretCredential(sandbox.info.tenantId, appId, secretText, {
    authorityHost: sandbox.info.armEndpoint,
    disableInstanceDiscovery: true,
  });
  return {
    clientId: appId,
    principalId: principal.id,
    credential,
    call: async (method, path, body) => {
      const { token } = await credential.getToken(`${sandbox.info.armEndpoint}.default`);
      return await sandbox.call(method, path, body, { authorization: `Bearer ${token}` });
    },
  };
}
