// @azure/storage-blob and @azure/identity, unpatched: blobs by key, by token and by signature; who is signed in, and who is not.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import * as identity from "@azure/identity";
import * as blob from "@azure/storage-blob";
import { readFileSync } from "node:fs";
import path from "node:path";
import { Readable } from "node:stream";
import { testSandbox, type TestSandbox, workspaceIn } from "../../sandbox/testing.ts";
import { kept, Notes } from "./kept.ts";
import { methodsIn, versionOf, watchClasses } from "./traced.ts";

const { BlobServiceClient, ContainerClient, BlobClient, BlockBlobClient, AppendBlobClient, PageBlobClient } = blob;
const { BlobLeaseClient, BlobBatchClient } = blob;
const storage = {
  classes: {
    BlobServiceClient,
    ContainerClient,
    BlobClient,
    BlockBlobClient,
    AppendBlobClient,
    PageBlobClient,
    BlobLeaseClient,
    BlobBatchClient,
  },
  notes: new Notes(),
};
const credentials = {
  classes: Object.fromEntries(Object.entries(identity).filter(([name]) => /^[A-Z]\w+Credential$/.test(name))) as unknown as Record<
    string,
    { prototype: object }
  >,
  notes: new Notes(),
};
let sandbox: TestSandbox;
let url: string;
let key: blob.StorageSharedKeyCredential;

beforeAll(async () => {
  sandbox = await testSandbox();
  await workspaceIn(sandbox, "jsblob");
  const account = `${sandbox.subscription}/resourceGroups/jsblob/providers/Microsoft.Storage/storageAccounts/stjsblob`;
  url = `https://localhost:${sandbox.info.blobPort}/stjsblob`;
  const { keys } = (await sandbox.call("POST", `${account}/listKeys`)).body as { keys: { value: string }[] };
  key = new blob.StorageSharedKeyCredential("stjsblob", keys[0]!.value);
  await sandbox.grant("Storage Blob Data Owner", account);
  watchClasses(storage.classes, storage.notes);
  watchClasses(credentials.classes, credentials.notes);
}, 60_000);
afterAll(async () => await sandbox.stop());

const soon = (): Date => new Date(Date.now() + 3_600_000);
const read = blob.BlobSASPermissions.parse("r");

async function all<One>(pages: AsyncIterable<One>): Promise<One[]> {
  const found: One[] = [];
  for await (const one of pages) found.push(one);
  return found;
}
const refused = async (operation: string, call: () => Promise<unknown>): Promise<void> => {
  await expect(call()).rejects.toMatchObject({ statusCode: 501, code: "NotModeledInSandbox" });
  storage.notes.refused(operation, "NotModeledInSandbox");
};

test("@azure/storage-blob: containers and blobs of every kind", async () => {
  const service = new BlobServiceClient(url, sandbox.credential);
  const container = (await service.createContainer("data", { metadata: { a: "b" } })).containerClient;
  expect((await container.getProperties()).metadata).toEqual({ a: "b" });
  await container.setMetadata({ c: "d" });
  expect(await container.exists()).toBe(true);
  expect((await all(service.listContainers({ prefix: "data" }))).map(({ name }) => name)).toEqual(["data"]);
  const byKey = new BlobServiceClient(url, key).getContainerClient("data");
  await byKey.setAccessPolicy(undefined, [{ id: "p", accessPolicy: { permissions: "r" } }]);
  expect((await byKey.getAccessPolicy()).signedIdentifiers).toHaveLength(1);

  const block = container.getBlockBlobClient("a/block.txt");
  await block.upload("hello", 5, { metadata: { k: "v" }, blobHTTPHeaders: { blobContentType: "text/plain" } });
  expect((await block.downloadToBuffer()).toString()).toBe("hello");
  expect(await new Response((await block.download(1, 3)).readableStreamBody as never).text()).toBe("ell");
  await block.uploadData(Buffer.alloc(9_000_000, 1), { blockSize: 4_000_000, maxSingleShotSize: 1 });
  expect((await block.getBlockList("committed")).committedBlocks).toHaveLength(3);
  await block.setHTTPHeaders({ blobContentType: "x/y" });
  await block.setMetadata({ q: "r" });
  await block.setTags({ t: "1" });
  expect((await block.getTags()).tags).toEqual({ t: "1" });
  await block.setAccessTier("Cool");
  expect(await block.getProperties()).toMatchObject({
    contentLength: 9_000_000,
    contentType: "x/y",
    accessTier: "Cool",
    metadata: { q: "r" },
  });
  const lease = block.getBlobLeaseClient();
  await lease.acquireLease(15);
  await expect(block.delete()).rejects.toMatchObject({ statusCode: 412, code: "LeaseIdMissing" });
  await lease.renewLease();
  await lease.releaseLease();
  expect(await all(container.listBlobsByHierarchy("/"))).toMatchObject([{ kind: "prefix", name: "a/" }]);
  const copy = container.getBlobClient("copy.txt");
  const source = await byKey.getBlockBlobClient("a/block.txt").generateSasUrl({ permissions: read, expiresOn: soon() });
  await (await copy.beginCopyFromURL(source)).pollUntilDone();
  expect(await copy.exists()).toBe(true);
  await copy.createSnapshot();
  await copy.delete({ deleteSnapshots: "include" });

  const append = container.getAppendBlobClient("log.txt");
  await append.createIfNotExists();
  await append.appendBlock("one", 3);
  await append.appendBlock("two", 3);
  expect((await append.downloadToBuffer()).toString()).toBe("onetwo");
  const pages = container.getPageBlobClient("disk");
  await pages.create(1024);
  await pages.uploadPages("x".repeat(512), 0, 512);
  expect((await pages.getPageRanges(0, 1024)).pageRange).toHaveLength(1);

  await pages.clearPages(0, 512);
  await pages.resize(512);
  await pages.createIfNotExists(512);
  await block.uploadStream(Readable.from(["stream", "ed"]));
  const file = path.join(sandbox.dir, "blob.txt");
  await block.downloadToFile(file);
  expect(readFileSync(file, "utf8")).toBe("streamed");
  await block.uploadFile(file);
  expect((await block.getAccountInfo()).accountKind).toBe("StorageV2");
  expect((await container.getAccountInfo()).accountKind).toBe("StorageV2");
  expect((await service.getAccountInfo()).accountKind).toBe("StorageV2");
  await block.setTags({ team: "ml" });
  expect(await all(service.findBlobsByTags("\"team\"='ml'"))).toMatchObject([{ name: "a/block.txt" }]);
  expect(await all(container.findBlobsByTags("\"team\"='ml'"))).toHaveLength(1);
  await lease.acquireLease(15);
  await lease.changeLease("10000000-0000-4000-8000-000000000001");
  await lease.breakLease(0);
  await container.getBlobClient("none").deleteIfExists();
  await service.setProperties({ deleteRetentionPolicy: { enabled: true, days: 3 } });
  expect((await service.getProperties()).deleteRetentionPolicy).toMatchObject({ enabled: true, days: 3 });

  await refused("BlockBlobClient.syncUploadFromURL", () => block.syncUploadFromURL(source));
  await refused("BlobClient.setImmutabilityPolicy", () => block.setImmutabilityPolicy({ expiriesOn: soon(), policyMode: "Unlocked" }));
  await refused("BlobClient.undelete", () => block.undelete());
  await refused("BlobClient.setLegalHold", () => block.setLegalHold(true));
  await refused("BlockBlobClient.query", () => block.query("select * from BlobStorage"));
  await service.getBlobBatchClient().deleteBlobs([append.url, pages.url], sandbox.credential);
  expect((await all(container.listBlobsFlat())).map(({ name }) => name)).toEqual(["a/block.txt"]);
  await container.deleteBlob("a/block.txt");
  await service.deleteContainer("data");
  const again = service.getContainerClient("again");
  await again.createIfNotExists();
  expect((await again.deleteIfExists()).succeeded).toBe(true);
}, 60_000);

test("@azure/storage-blob: by key, by token, by each kind of signature", async () => {
  const byKey = new BlobServiceClient(url, key);
  const { containerClient: container } = await byKey.createContainer("signed");
  await container.uploadBlockBlob("a.txt", "a", 1);
  const service = new BlobServiceClient(url, sandbox.credential);
  const delegated = await service.getUserDelegationKey(new Date(Date.now() - 60_000), soon());
  const given = { containerName: "signed", blobName: "a.txt", permissions: read, expiresOn: soon() };
  const signed = [
    await container.getBlobClient("a.txt").generateSasUrl(given),
    `${url}/signed/a.txt?${blob.generateBlobSASQueryParameters(given, delegated, "stjsblob").toString()}`,
    `${url}/signed/a.txt?${(await container.generateSasUrl({ permissions: blob.ContainerSASPermissions.parse("r"), expiresOn: soon() })).split("?")[1]}`,
    `${url}/signed/a.txt?${byKey.generateAccountSasUrl(soon(), blob.AccountSASPermissions.parse("r"), "o").split("?")[1]}`,
  ];
  for (const address of signed) {
    const client = new BlockBlobClient(address);
    expect((await client.downloadToBuffer()).toString()).toBe("a");
    await expect(client.upload("b", 1)).rejects.toMatchObject({ statusCode: 403 });
  }
  const old = await container.getBlobClient("a.txt").generateSasUrl({ ...given, expiresOn: new Date(Date.now() - 60_000) });
  await expect(new BlobClient(old).download()).rejects.toMatchObject({ statusCode: 403, code: "AuthenticationFailed" });
  await expect(new BlobClient(`${url}/signed/a.txt`).download()).rejects.toMatchObject({ statusCode: 401 });
  storage.notes.works("BlobClient.generateSasUrl");
}, 60_000);

test("@azure/identity: a service principal with its secret, by the environment too; a wrong secret and a foreign application are not signed in", async () => {
  const { tenantId, clientId, armEndpoint, clientSecretFile } = sandbox.info;
  const secret = readFileSync(clientSecretFile, "utf8");
  const options = { authorityHost: armEndpoint, disableInstanceDiscovery: true };
  const scope = `${armEndpoint}.default`;
  const tokenOf = async (credential: identity.TokenCredential): Promise<string | undefined> => (await credential.getToken(scope))?.token;
  expect(await tokenOf(new identity.ClientSecretCredential(tenantId, clientId, secret, options))).toMatch(/^eyJ/);
  await expect(tokenOf(new identity.ClientSecretCredential(tenantId, clientId, "wrong", options))).rejects.toThrow(/AADSTS7000215/);
  await expect(tokenOf(new identity.ClientSecretCredential(tenantId, sandbox.info.objectId, secret, options))).rejects.toThrow(
    /AADSTS700016/,
  );
  const before = { ...process.env };
  Object.assign(process.env, { AZURE_TENANT_ID: tenantId, AZURE_CLIENT_ID: clientId, AZURE_CLIENT_SECRET: secret });
  try {
    const byEnvironment = [
      new identity.EnvironmentCredential(options),
      new identity.DefaultAzureCredential(options),
      new identity.ChainedTokenCredential(new identity.EnvironmentCredential(options)),
    ];
    for (const one of byEnvironment) expect(await tokenOf(one)).toMatch(/^eyJ/);
  } finally {
    process.env = before;
  }
}, 60_000);

test.each([
  ["js.storage-blob", "@azure/storage-blob", storage],
  ["js.identity", "@azure/identity", credentials],
] as const)("what %s saw is what the docs' table is made from", (file, client, { classes, notes }) => {
  const version = versionOf(client);
  const [was, is] = kept(file, { client, version, operations: notes.operations });
  expect(was).toEqual(is);
  const [wasAll, isAll] = kept(`${file}.all`, { client, version, all: methodsIn(classes) });
  expect(wasAll).toEqual(isAll);
});
