import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { request } from "node:https";
import { AzureMachineLearningWorkspaces } from "@azure/arm-machinelearning";
import { testSandbox, workspaceIn } from "./testing.ts";
import type { TestSandbox } from "./testing.ts";

let sandbox: TestSandbox;
let workspace: string;
let client: AzureMachineLearningWorkspaces;
const group = "rg1";

beforeAll(async () => {
  sandbox = await testSandbox();
  workspace = await workspaceIn(sandbox, group);
  client = new AzureMachineLearningWorkspaces(sandbox.credential, sandbox.info.subscriptionId, {
    endpoint: sandbox.info.armEndpoint,
    credentialScopes: `${sandbox.info.armEndpoint}.default`,
  });
}, 60_000);
afterAll(async () => await sandbox.stop());

const under = (path: string, of = group): string => `${sandbox.subscription}/resourceGroups/${of}${path}`;

test("the official client makes, reads, lists, updates and deletes a compute cluster", async () => {
  const body = {
    location: "westeurope",
    properties: {
      computeType: "AmlCompute" as const,
      properties: { vmSize: "Standard_DS3_v2", scaleSettings: { maxNodeCount: 4, minNodeCount: 0 } },
    },
  };
  const made = await client.computeOperations.beginCreateOrUpdateAndWait(group, "mlw-rg1", "cpu-cluster", body, { updateIntervalInMs: 10 });
  expect(made.name).toBe("cpu-cluster");
  expect(made.properties).toMatchObject({
    provisioningState: "Succeeded",
    computeType: "AmlCompute",
    properties: { vmPriority: "Dedicated", allocationState: "Steady" },
  });
  const scaled = await client.computeOperations.beginUpdateAndWait(
    group,
    "mlw-rg1",
    "cpu-cluster",
    { properties: { scaleSettings: { maxNodeCount: 7, minNodeCount: 1 } } },
    { updateIntervalInMs: 10 },
  );
  expect(scaled.properties).toMatchObject({
    properties: { scaleSettings: { maxNodeCount: 7, minNodeCount: 1 }, vmSize: "Standard_DS3_v2" },
  });
  const names: (string | undefined)[] = [];
  for await (const one of client.computeOperations.list(group, "mlw-rg1")) names.push(one.name);
  expect(names).toEqual(["cpu-cluster"]);
  await client.computeOperations.beginDeleteAndWait(group, "mlw-rg1", "cpu-cluster", "Delete", { updateIntervalInMs: 10 });
  await expect(client.computeOperations.get(group, "mlw-rg1", "cpu-cluster")).rejects.toMatchObject({
    statusCode: 404,
    code: "ResourceNotFound",
  });
});

test("a write that changes what is fixed is refused, and the old one stays", async () => {
  const id = `${workspace}/computes/fixed`;
  const body = (vmSize: string): object => ({ location: "westeurope", properties: { computeType: "AmlCompute", properties: { vmSize } } });
  expect((await sandbox.call("PUT", id, body("Standard_DS3_v2"))).status).toBe(201);
  const refused = await sandbox.call("PUT", id, body("Standard_DS4_v2"));
  expect(refused.status).toBe(400);
  expect(refused.body.error.message).toContain("vmSize");
  expect((await sandbox.call("GET", id)).body.properties.properties.vmSize).toBe("Standard_DS3_v2");
});

test.each([
  ["no api-version", "GET", "/resourceGroups?x=1&api-version=", undefined, 400, "MissingApiVersionParameter"],
  ["an api-version that cannot be", "GET", "/resourceGroups?api-version=banana", undefined, 400, "InvalidApiVersionParameter"],
  [
    "an api-version from before the provider",
    "GET",
    "/providers/Microsoft.MachineLearningServices/workspaces?api-version=2015-01-01",
    undefined,
    400,
    "NoRegisteredProviderFound",
  ],
  ["an unknown group", "GET", "/resourceGroups/nope", undefined, 404, "ResourceGroupNotFound"],
  [
    "a resource in an unknown group",
    "PUT",
    "/resourceGroups/nope/providers/Microsoft.Storage/storageAccounts/abc",
    { location: "westeurope", kind: "StorageV2", sku: { name: "Standard_LRS" } },
    404,
    "ResourceGroupNotFound",
  ],
  ["a type that is not modelled", "PUT", "/resourceGroups/rg1/providers/Microsoft.Sql/servers/x", {}, 501, "NotModeledInSandbox"],
  [
    "a child without its parent",
    "PUT",
    "/resourceGroups/rg1/providers/Microsoft.MachineLearningServices/workspaces/none/datastores/d",
    { properties: { datastoreType: "AzureBlob", credentials: { credentialsType: "None" } } },
    404,
    "ParentResourceNotFound",
  ],
  ["broken percent-encoding", "GET", "/resourceGroups/%zz", undefined, 400, "InvalidRequestUri"],
  ["a name that climbs", "PUT", "/resourceGroups/rg1/providers/Microsoft.Storage/storageAccounts/%2e%2e%2fx", {}, 400, "InvalidRequestUri"],
  ["broken JSON", "PUT", "/resourceGroups/x", "{", 400, "InvalidRequestContent"],
  ["a body that is a list", "PUT", "/resourceGroups/x", [], 400, "InvalidRequestContent"],
  ["no location", "PUT", "/resourceGroups/x", {}, 400, "LocationRequired"],
  ["a location that is none", "PUT", "/resourceGroups/x", { location: "mars" }, 400, "LocationNotAvailableForResourceType"],
  ["another location", "PUT", "/resourceGroups/rg1", { location: "eastus" }, 409, "InvalidResourceLocation"],
  [
    "a bad name",
    "PUT",
    "/resourceGroups/rg1/providers/Microsoft.Storage/storageAccounts/Not-Good",
    { location: "westeurope", kind: "StorageV2", sku: { name: "Standard_LRS" } },
    400,
    "AccountNameInvalid",
  ],
  [
    "a taken name",
    "PUT",
    "/resourceGroups/rg2/providers/Microsoft.Storage/storageAccounts/strg1",
    { location: "westeurope", kind: "StorageV2", sku: { name: "Standard_LRS" } },
    409,
    "StorageAccountAlreadyTaken",
  ],
  ["a method that is none", "DELETE", "/resourceGroups", undefined, 405, "MethodNotAllowed"],
  ["another subscription", "GET", "/../11111111-1111-1111-1111-111111111111/resourceGroups/rg1", undefined, 404, "SubscriptionNotFound"],
  ["a page size that is none", "GET", "/resourceGroups?$top=many", undefined, 400, "InvalidQueryParameterValue"],
  [
    "an action that is none",
    "POST",
    "/resourceGroups/rg1/providers/Microsoft.Storage/storageAccounts/strg1/explode",
    undefined,
    501,
    "NotModeledInSandbox",
  ],
] as const)("%s is refused as Azure refuses it", async (_what, method, path, body, status, code) => {
  await sandbox.call("PUT", under("", "rg2"), { location: "westeurope" });
  const url = path.startsWith("/../") ? `/subscriptions/${path.slice(4)}` : sandbox.subscription + path;
  const answer = await sandbox.call(method, url, body);
  expect({ status: answer.status, code: answer.body.error?.code }).toEqual({ status, code });
  expect(answer.headers.get("x-ms-request-id")).toMatch(/^[0-9a-f-]{36}$/);
});

test("a body's problems are told one by one, with place, value and rule", async () => {
  const answer = await sandbox.call("PUT", under("/providers/Microsoft.Storage/storageAccounts/bad1"), {
    location: "westeurope",
    kind: "Chest",
    sku: { name: "Big" },
  });
  expect(answer.status).toBe(400);
  expect(answer.body.error.details.map((one: { target: string }) => one.target)).toEqual(["kind", "sku.name"]);
  expect(answer.body.error.message).toContain('"Chest"');
});

test("words of an enumeration are taken in any casing, and kept in Azure's", async () => {
  const answer = await sandbox.call("PUT", under("/providers/Microsoft.Storage/storageAccounts/stcasing"), {
    location: "westeurope",
    kind: "storagev2",
    sku: { name: "Standard_LRS" },
    properties: { networkAcls: { defaultAction: "deny" } },
  });
  expect(answer.body).toMatchObject({ kind: "StorageV2", properties: { networkAcls: { defaultAction: "Deny" } } });
});

test("who is not signed in, or for something else, gets Azure's 401", async () => {
  const get = async (authorization?: string): Promise<{ status: number; code: string; challenge: string | null }> => {
    const response = await fetch(
      `${sandbox.info.armEndpoint}subscriptions?api-version=2020-01-01`,
      authorization ? { headers: { authorization } } : {},
    );
    return {
      status: response.status,
      code: ((await response.json()) as { error: { code: string } }).error.code,
      challenge: response.headers.get("www-authenticate"),
    };
  };
  expect(await get()).toMatchObject({
    status: 401,
    code: "AuthenticationFailed",
    challenge: expect.stringContaining("authorization_uri="),
  });
  expect(await get("Bearer x.y.z")).toMatchObject({ status: 401, code: "InvalidAuthenticationToken" });
  expect(await get("Basic abc")).toMatchObject({ status: 401, code: "AuthenticationFailedInvalidHeader" });
  expect(await get(`Bearer ${await sandbox.token("https://storage.azure.com")}`)).toMatchObject({
    status: 401,
    code: "InvalidAuthenticationTokenAudience",
  });
  const [head, body, signature] = (await sandbox.token(sandbox.info.armEndpoint.replace(/\/$/, ""))).split(".") as [string, string, string];
  const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as object;
  const forged = Buffer.from(JSON.stringify({ ...claims, oid: "00000000-0000-0000-0000-000000000001" })).toString("base64url");
  expect(await get(`Bearer ${head}.${forged}.${signature}`)).toMatchObject({ status: 401, code: "InvalidAuthenticationToken" });
});

test("a wrong secret, client or tenant is refused with Entra's code", async () => {
  const ask = async (tenant: string, form: Record<string, string>): Promise<string> => {
    const response = await fetch(`${sandbox.info.armEndpoint}${tenant}/oauth2/v2.0/token`, {
      method: "POST",
      body: new URLSearchParams({ grant_type: "client_credentials", scope: "x/.default", ...form }),
    });
    return `${response.status} ${/AADSTS\d+/.exec(await response.text())?.[0]}`;
  };
  const { tenantId, clientId } = sandbox.info;
  expect(await ask(tenantId, { client_id: clientId, client_secret: "wrong" })).toBe("401 AADSTS7000215");
  expect(await ask(tenantId, { client_id: "11111111-1111-1111-1111-111111111111", client_secret: "x" })).toBe("400 AADSTS700016");
  expect(await ask("22222222-1111-1111-1111-111111111111", { client_id: clientId, client_secret: "x" })).toBe("400 AADSTS90002");
});

test("only this machine's names are answered, and no page of another origin", async () => {
  const status = async (headers: Record<string, string>): Promise<number> =>
    await new Promise((resolve, reject) => {
      const asked = request(
        `${sandbox.info.armEndpoint}healthz`,
        { headers, agent: false, checkServerIdentity: () => undefined, servername: "localhost" },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      );
      asked.on("error", reject).end();
    });
  expect(await status({ host: "evil.example" })).toBe(403);
  expect(await status({ host: `localhost:${sandbox.info.port}`, origin: "https://evil.example" })).toBe(403);
  expect(await status({ host: `127.0.0.1:${sandbox.info.port}` })).toBe(200);
});

test("etags guard writes and deletes", async () => {
  const id = under("/providers/Microsoft.ManagedIdentity/userAssignedIdentities/etagged");
  const first = await sandbox.call("PUT", id, { location: "westeurope" });
  const etag = first.headers.get("etag")!;
  expect((await sandbox.call("PUT", id, { location: "westeurope" }, { "if-none-match": "*" })).status).toBe(412);
  expect((await sandbox.call("PUT", id, { location: "westeurope", tags: { a: "1" } }, { "if-match": etag })).status).toBe(200);
  expect((await sandbox.call("PUT", id, { location: "westeurope" }, { "if-match": etag })).body.error.code).toBe("PreconditionFailed");
  expect((await sandbox.call("DELETE", id, undefined, { "if-match": etag })).status).toBe(412);
  expect((await sandbox.call("DELETE", id)).status).toBe(200);
  expect((await sandbox.call("DELETE", id)).status).toBe(204);
});

test("PATCH merges tags and properties, and removes with null", async () => {
  const id = under("/providers/Microsoft.Storage/storageAccounts/strg1");
  await sandbox.call("PATCH", id, { tags: { a: "1", b: "2" } });
  const answer = await sandbox.call("PATCH", id, { tags: { a: null, c: "3" }, properties: { allowBlobPublicAccess: true } });
  expect(answer.body.tags).toEqual({ b: "2", c: "3" });
  expect(answer.body.properties).toMatchObject({ allowBlobPublicAccess: true, minimumTlsVersion: "TLS1_2" });
});

test("lists come in pages whose links carry on, and `//` in a path is `/`", async () => {
  await sandbox.call("PUT", under("", "paged"), { location: "westeurope" });
  const names = Array.from({ length: 25 }, (_, index) => `id-${String(index).padStart(2, "0")}`);
  for (const name of names)
    await sandbox.call("PUT", under(`//providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`, "paged"), {
      location: "westeurope",
    });
  const seen: string[] = [];
  let next: string | undefined =
    `${under("/providers/Microsoft.ManagedIdentity/userAssignedIdentities", "paged")}?api-version=2023-01-31&$top=10`;
  let pages = 0;
  while (next) {
    const answer = await sandbox.call("GET", next);
    seen.push(...answer.body.value.map((one: { name: string }) => one.name));
    next = answer.body.nextLink;
    pages++;
  }
  expect({ seen, pages }).toEqual({ seen: names, pages: 3 });
  const all = await sandbox.call(
    "GET",
    `${under("/resources", "paged")}?$filter=resourceType eq 'Microsoft.ManagedIdentity/userAssignedIdentities' and name eq 'id-03'`,
  );
  expect(all.body.value.map((one: { name: string }) => one.name)).toEqual(["id-03"]);
});

test("deleting a group deletes what is in it, and frees the names that are not soft-deleted", async () => {
  const id = await workspaceIn(sandbox, "doomed");
  expect((await sandbox.call("HEAD", under("", "doomed"))).status).toBe(204);
  await sandbox.call("DELETE", under("", "doomed"));
  expect((await sandbox.call("HEAD", under("", "doomed"))).status).toBe(404);
  expect((await sandbox.call("GET", `${id}/datastores`)).status).toBe(404);
  await sandbox.call("PUT", under("", "doomed"), { location: "westeurope" });
  expect((await sandbox.call("GET", id)).status).toBe(404);
  // The vault's name is kept until it is purged.
  const vault = under("/providers/Microsoft.KeyVault/vaults/kvdoomed", "doomed");
  const body = {
    location: "westeurope",
    properties: { tenantId: sandbox.info.tenantId, sku: { family: "A", name: "standard" }, enableRbacAuthorization: true },
  };
  expect((await sandbox.call("PUT", vault, body)).body.error.code).toBe("ConflictError");
  const listed = await sandbox.call("GET", `${sandbox.subscription}/providers/Microsoft.KeyVault/deletedVaults`);
  expect(listed.body.value.map((one: { name: string }) => one.name)).toContain("kvdoomed");
  const deleted = `${sandbox.subscription}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/kvdoomed`;
  expect((await sandbox.call("POST", `${deleted}/purge`)).status).toBe(200);
  expect((await sandbox.call("GET", deleted)).status).toBe(404);
  expect((await sandbox.call("PUT", vault, body)).status).toBe(201);
});

test("a soft-deleted workspace keeps its name until it is recovered or purged", async () => {
  const id = await workspaceIn(sandbox, "soft");
  const before = (await sandbox.call("GET", id)).body;
  const body = {
    location: "westeurope",
    identity: { type: "SystemAssigned" },
    properties: Object.fromEntries(["storageAccount", "keyVault", "applicationInsights"].map((key) => [key, before.properties[key]])),
  };
  await sandbox.call("PUT", `${id}/computes/kept`, {
    location: "westeurope",
    properties: { computeType: "AmlCompute", properties: { vmSize: "Standard_DS3_v2" } },
  });
  await sandbox.ended(await sandbox.call("DELETE", id));
  expect((await sandbox.call("GET", id)).status).toBe(404);
  const refused = await sandbox.call("PUT", id, body);
  expect(refused).toMatchObject({
    status: 400,
    body: { error: { code: "BadRequest", message: expect.stringContaining("Soft-deleted workspace exists") } },
  });
  await sandbox.ended(
    await sandbox.call("PUT", id, { ...body, properties: { ...body.properties, allowRecoverSoftDeletedWorkspace: true } }),
  );
  const back = (await sandbox.call("GET", id)).body;
  expect(back.properties.workspaceId).toBe(before.properties.workspaceId);
  expect((await sandbox.call("GET", `${id}/computes/kept`)).status).toBe(200);
  await sandbox.ended(await sandbox.call("DELETE", `${id}?forceToPurge=true`));
  expect((await sandbox.call("PUT", id, body)).status).toBe(201);
});

test("a role assignment is one for its scope, principal and role", async () => {
  const role = `${sandbox.subscription}/providers/Microsoft.Authorization/roleDefinitions/ba92f5b4-2d11-453d-a403-e96b0029c9fe`;
  const scope = under("/providers/Microsoft.Storage/storageAccounts/strg1");
  const at = (name: string): string => `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`;
  const ownership = "5a4db0c5-0000-4000-8000-0000000040e5";
  const [one, two] = ["aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"];
  const body = { properties: { roleDefinitionId: role, principalId: sandbox.info.objectId, principalType: "ServicePrincipal" } };
  expect((await sandbox.call("PUT", at(one), body)).status).toBe(201);
  expect((await sandbox.call("PUT", at(one), body)).status).toBe(200);
  expect((await sandbox.call("PUT", at(two), body)).body.error.code).toBe("RoleAssignmentExists");
  expect((await sandbox.call("PUT", at("nope"), body)).body.error.code).toBe("InvalidRoleAssignmentId");
  const unknown = { properties: { ...body.properties, roleDefinitionId: role.replace("ba92f5b4", "ffffffff") } };
  expect((await sandbox.call("PUT", at(two), unknown)).body.error.code).toBe("RoleDefinitionDoesNotExist");
  const filter = encodeURIComponent(`atScope() and assignedTo('${sandbox.info.objectId}')`);
  const listed = await sandbox.call("GET", `${scope}/providers/Microsoft.Authorization/roleAssignments?$filter=${filter}`);
  expect(listed.body.value.map((found: { name: string }) => found.name)).toEqual([ownership, one]);
  const named = await sandbox.call(
    "GET",
    `${sandbox.subscription}/providers/Microsoft.Authorization/roleDefinitions?$filter=${encodeURIComponent("roleName eq 'Storage Blob Data Contributor'")}`,
  );
  expect(named.body.value.map((found: { id: string }) => found.id)).toEqual([role]);
});
