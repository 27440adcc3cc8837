// Signatures, keys and tokens that are wrong, late, early, too weak or for something else get what Azure answers. By Azure's own clients.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import {
  AccountSASPermissions,
  BlobServiceClient,
  ContainerSASPermissions,
  generateAccountSASQueryParameters,
  generateBlobSASQueryParameters,
  SASProtocol,
  StorageSharedKeyCredential,
  type ServiceGetUserDelegationKeyResponse,
} from "@azure/storage-blob";
import type { RestError } from "@azure/core-rest-pipeline";
import { generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
import { randomBytes } from "node:crypto";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { testSandbox, type TestSandbox, workspaceIn } from "../../sandbox/testing.ts";

const once = { retryOptions: { maxTries: 1 } };
const hour = 3_600_000;
let sandbox: TestSandbox;
let url: string;
let workspace: string;
let shared: StorageSharedKeyCredential;
let delegation: ServiceGetUserDelegationKeyResponse;

beforeAll(async () => {
  sandbox = await testSandbox();
  workspace = await workspaceIn(sandbox, "rgsign");
  url = `https://localhost:${sandbox.info.blobPort}/strgsign`;
  const account = `${sandbox.subscription}/resourceGroups/rgsign/providers/Microsoft.Storage/storageAccounts/strgsign`;
  const { keys } = (await sandbox.call("POST", `${account}/listKeys`)).body as { keys: { value: string }[] };
  shared = new StorageSharedKeyCredential("strgsign", keys[0]!.value);
  await sandbox.grant("Storage Blob Data Contributor");
  const service = new BlobServiceClient(url, sandbox.credential, once);
  for (const name of ["mine", "other"]) {
    await service.getContainerClient(name).create();
    await service.getContainerClient(name).getBlockBlobClient("a.txt").upload("hello", 5);
  }
  delegation = await service.getUserDelegationKey(new Date(Date.now() - hour), new Date(Date.now() + hour));
}, 60_000);
afterAll(async () => await sandbox.stop());

type Act = (client: BlobServiceClient) => Promise<unknown>;
const read: Act = async (client) => await client.getContainerClient("mine").getBlobClient("a.txt").downloadToBuffer();
const readOther: Act = async (client) => await client.getContainerClient("other").getBlobClient("a.txt").downloadToBuffer();
const write: Act = async (client) => await client.getContainerClient("mine").getBlockBlobClient("b.txt").upload("x", 1);
const containers: Act = async (client) => await client.listContainers().next();

/** `ok`, or status and code of what was refused. */
async function outcome(act: Act, client: string | BlobServiceClient): Promise<string> {
  try {
    await act(typeof client === "string" ? new BlobServiceClient(`${url}?${client}`, undefined, once) : client);
    return "ok";
  } catch (error) {
    const { statusCode, response } = error as RestError;
    return `${statusCode} ${response?.headers.get("x-ms-error-code")}`;
  }
}

const late = { startsOn: new Date(Date.now() - 2 * hour), expiresOn: new Date(Date.now() - hour) };
const early = { startsOn: new Date(Date.now() + hour), expiresOn: new Date(Date.now() + 2 * hour) };
const now = { startsOn: new Date(Date.now() - hour), expiresOn: new Date(Date.now() + hour) };
const failed = "403 AuthenticationFailed";

const ofAccount = (more: object, key = shared): string => {
  const base = {
    services: "b",
    resourceTypes: "sco",
    permissions: AccountSASPermissions.parse("rlw"),
    protocol: SASProtocol.Https,
    ...now,
  };
  return generateAccountSASQueryParameters({ ...base, ...more }, key).toString();
};

test.each<[string, object, Act, string]>([
  ["reads", {}, read, "ok"],
  ["lists containers", {}, containers, "ok"],
  ["is over", late, read, failed],
  ["has not begun", early, read, failed],
  ["may not write", { permissions: AccountSASPermissions.parse("rl") }, write, "403 AuthorizationPermissionMismatch"],
  ["is for queues", { services: "q" }, read, "403 AuthorizationServiceMismatch"],
  ["is for containers, not objects", { resourceTypes: "c" }, read, "403 AuthorizationResourceTypeMismatch"],
  ["is for another address", { ipRange: { start: "10.0.0.1" } }, read, "403 AuthorizationSourceIPMismatch"],
])("an account's signature that %s", async (_what, more, act, expected) => {
  expect(await outcome(act, ofAccount(more))).toBe(expected);
});

const ofContainer = (more: object): string =>
  generateBlobSASQueryParameters(
    { containerName: "mine", permissions: ContainerSASPermissions.parse("rl"), ...now, ...more },
    shared,
  ).toString();
const byDelegation = (more: object, key = delegation): string =>
  generateBlobSASQueryParameters(
    { containerName: "mine", permissions: ContainerSASPermissions.parse("rl"), ...now, ...more },
    key,
    "strgsign",
  ).toString();

for (const [kind, sign] of [
  ["a container's", ofContainer],
  ["a user delegation", byDelegation],
] as const) {
  test.each<[string, object, Act, string]>([
    ["reads", {}, read, "ok"],
    ["is of an older version", { version: "2023-11-03" }, read, "ok"],
    ["is over", late, read, failed],
    ["has not begun", early, read, failed],
    ["may not write", {}, write, "403 AuthorizationPermissionMismatch"],
    ["is for another container", {}, readOther, failed],
  ])(`${kind} signature that %s`, async (_what, more, act, expected) => {
    expect(await outcome(act, sign(more))).toBe(expected);
  });
}

test("signatures that were changed, or made with another key", async () => {
  const widened = (query: string): string => query.replace(/sp=rl/, "sp=rwdl");
  const forged = (query: string): string => query.replace(/sig=[^&]+/, `sig=${encodeURIComponent(randomBytes(32).toString("base64"))}`);
  for (const query of [ofAccount({}), ofContainer({}), byDelegation({})]) {
    expect(await outcome(read, forged(query))).toBe(failed);
    expect(await outcome(read, widened(query) === query ? query.replace(/srt=sco/, "srt=scop") : widened(query))).not.toBe("ok");
    expect(await outcome(read, query.replace(/&?sig=[^&]+/, ""))).toMatch(/^(401|403) /);
  }
  const stranger = new StorageSharedKeyCredential("strgsign", randomBytes(64).toString("base64"));
  expect(await outcome(read, ofAccount({}, stranger))).toBe(failed);
  expect(await outcome(read, byDelegation({}, { ...delegation, value: randomBytes(32).toString("base64") }))).toBe(failed);
  // The key behind it is not good for so long.
  expect(await outcome(read, byDelegation({}, { ...delegation, signedExpiresOn: new Date(Date.now() - 60_000) }))).toBe(failed);
});

test("shared keys", async () => {
  const by = (key: StorageSharedKeyCredential): BlobServiceClient => new BlobServiceClient(url, key, once);
  expect(await outcome(read, by(shared))).toBe("ok");
  for (const [name, key] of [
    ["strgsign", randomBytes(64).toString("base64")],
    ["another", "a2V5"],
  ] as const) {
    expect(await outcome(read, by(new StorageSharedKeyCredential(name, key)))).toBe(failed);
  }
});

/** A token as the sandbox makes them, with claims of one's own; by its own key, or another. */
async function token(claims: { audience: string; from?: number; until?: number }, own = true): Promise<string> {
  const db = new DatabaseSync(path.join(sandbox.dir, "state.db"), { readOnly: true });
  const { value } = db.prepare("SELECT value FROM settings WHERE name = 'entra.signingKey'").get() as { value: string };
  db.close();
  const jwk = JSON.parse(value) as JWK;
  const key = own ? await importJWK(jwk, "RS256") : (await generateKeyPair("RS256")).privateKey;
  const seconds = Math.floor(Date.now() / 1000);
  return await new SignJWT({ oid: sandbox.info.objectId, tid: sandbox.info.tenantId, ver: "1.0" })
    .setProtectedHeader({ alg: "RS256", kid: jwk.kid! })
    .setIssuer(`https://sts.windows.net/${sandbox.info.tenantId}/`)
    .setAudience(claims.audience)
    .setIssuedAt(seconds + (claims.from ?? -60))
    .setNotBefore(seconds + (claims.from ?? -60))
    .setExpirationTime(seconds + (claims.until ?? 600))
    .sign(key);
}

const arm = "https://management.azure.com";
const storage = "https://storage.azure.com";

test.each<[string, () => Promise<string | undefined>, number, string | undefined]>([
  ["good", async () => await token({ audience: arm }), 200, undefined],
  ["missing", async () => undefined, 401, "AuthenticationFailed"],
  ["for storage", async () => await token({ audience: storage }), 401, "InvalidAuthenticationTokenAudience"],
  ["over", async () => await token({ audience: arm, from: -7200, until: -60 }), 401, "ExpiredAuthenticationToken"],
  ["not yet good", async () => await token({ audience: arm, from: 600 }), 401, "InvalidAuthenticationToken"],
  ["by another key", async () => await token({ audience: arm }, false), 401, "InvalidAuthenticationToken"],
  ["cut short", async () => (await token({ audience: arm })).slice(0, -5), 401, "InvalidAuthenticationToken"],
  ["no token", async () => "abc", 401, "InvalidAuthenticationToken"],
])("Resource Manager and a token that is %s", async (_what, make, status, code) => {
  const made = await make();
  const answer = await fetch(`${sandbox.info.armEndpoint}subscriptions/${sandbox.info.subscriptionId}?api-version=2022-12-01`, {
    headers: made === undefined ? {} : { authorization: `Bearer ${made}` },
  });
  expect([answer.status, ((await answer.json()) as { error?: { code: string } }).error?.code]).toEqual([status, code]);
  const challenge = answer.headers.get("www-authenticate")?.split("=")[0];
  expect(challenge).toBe(status === 401 ? "Bearer authorization_uri" : undefined);
});

test.each<[string, () => Promise<string>, string]>([
  ["good", async () => await token({ audience: storage }), "ok"],
  ["for Resource Manager", async () => await token({ audience: arm }), "401 InvalidAuthenticationInfo"],
  ["over", async () => await token({ audience: storage, from: -7200, until: -60 }), "401 InvalidAuthenticationInfo"],
  ["by another key", async () => await token({ audience: storage }, false), "401 InvalidAuthenticationInfo"],
])("blobs and a token that is %s", async (_what, make, expected) => {
  const credential = { getToken: async () => ({ token: await make(), expiresOnTimestamp: Date.now() + hour }) };
  expect(await outcome(read, new BlobServiceClient(url, credential, once))).toBe(expected);
});

test("an endpoint's keys and tokens", async () => {
  for (const [name, authMode] of Object.entries({ "ep-key": "Key", "ep-token": "AMLToken" })) {
    await sandbox.ended(
      await sandbox.call("PUT", `${workspace}/onlineEndpoints/${name}`, { location: "westeurope", properties: { authMode } }),
    );
  }
  const score = async (name: string, secret?: string): Promise<number> => {
    const headers = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
    const { scoringUri } = (await sandbox.call("GET", `${workspace}/onlineEndpoints/${name}`)).body.properties as { scoringUri: string };
    return (await fetch(scoringUri, { method: "POST", headers, body: "{}" })).status;
  };
  const keys = (await sandbox.call("POST", `${workspace}/onlineEndpoints/ep-key/listKeys`)).body as {
    primaryKey: string;
    secondaryKey: string;
  };
  // Nothing is deployed: who is let in finds nothing.
  for (const key of Object.values(keys)) expect(await score("ep-key", key)).toBe(404);
  for (const wrong of [undefined, "", "wrong", keys.primaryKey.slice(1), await token({ audience: arm })])
    expect(await score("ep-key", wrong)).toBe(401);
  await sandbox.call("POST", `${workspace}/onlineEndpoints/ep-key/regenerateKeys`, { keyType: "Primary" });
  expect([await score("ep-key", keys.primaryKey), await score("ep-key", keys.secondaryKey)]).toEqual([401, 404]);
  const { accessToken } = (await sandbox.call("POST", `${workspace}/onlineEndpoints/ep-token/token`)).body as { accessToken: string };
  expect(await score("ep-token", accessToken)).toBe(404);
  for (const wrong of [undefined, `${accessToken}x`, keys.secondaryKey]) expect(await score("ep-token", wrong)).toBe(401);
  const other = (await sandbox.call("POST", `${workspace}/onlineEndpoints/ep-token/listKeys`)).status;
  expect(other).toBeGreaterThanOrEqual(400);
}, 30_000);
