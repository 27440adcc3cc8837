import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  BlobServiceClient,
  ContainerClient,
  ContainerSASPermissions,
  StorageSharedKeyCredential,
  generateBlobSASQueryParameters,
} from "@azure/storage-blob";
import { testSandbox } from "./testing.ts";
import type { TestSandbox } from "./testing.ts";

let sandbox: TestSandbox;
let keys: [string, string];
const once = { retryOptions: { maxTries: 1 } };

beforeAll(async () => {
  sandbox = await testSandbox();
  const group = `${sandbox.subscription}/resourceGroups/rg`;
  await sandbox.call("PUT", group, { location: "westeurope" });
  for (const [name, allowSharedKeyAccess] of [
    ["stone", true],
    ["stlocked", false],
  ] as const) {
    await sandbox.call("PUT", `${group}/providers/Microsoft.Storage/storageAccounts/${name}`, {
      location: "westeurope",
      kind: "StorageV2",
      sku: { name: "Standard_LRS" },
      properties: { allowSharedKeyAccess },
    });
  }
  keys = await keysOf("stone");
  await sandbox.grant("Storage Blob Data Contributor");
}, 60_000);
afterAll(async () => await sandbox.stop());

const accountId = (name: string): string => `${sandbox.subscription}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/${name}`;
const url = (account: string): string => `https://localhost:${sandbox.info.blobPort}/${account}`;
const keysOf = async (name: string): Promise<[string, string]> =>
  (await sandbox.call("POST", `${accountId(name)}/listKeys`)).body.keys.map((key: { value: string }) => key.value);
const byKey = (account = "stone", key = keys[0]): BlobServiceClient =>
  new BlobServiceClient(url(account), new StorageSharedKeyCredential(account, key), once);
const byToken = (account: string): BlobServiceClient => new BlobServiceClient(url(account), sandbox.credential, once);

test("a key, a token and a signature each open what they should; content and metadata come back", async () => {
  const container = byKey().getContainerClient("first");
  await container.create();
  const bytes = randomBytes(3_000_000);
  await container
    .getBlockBlobClient("deep/er/file.bin")
    .uploadData(bytes, { blockSize: 1_000_000, maxSingleShotSize: 1_000_000, metadata: { upload_status: "completed", name: "x" } });
  const read = byToken("stone").getContainerClient("first").getBlobClient("deep/er/file.bin");
  expect((await read.downloadToBuffer()).equals(bytes)).toBe(true);
  expect((await read.getProperties()).metadata).toEqual({ upload_status: "completed", name: "x" });
  expect((await read.downloadToBuffer(10, 5)).equals(bytes.subarray(10, 15))).toBe(true);
  const sas = generateBlobSASQueryParameters(
    {
      containerName: "first",
      permissions: ContainerSASPermissions.parse("rl"),
      expiresOn: new Date(Date.now() + 60_000),
      version: "2023-11-03",
    },
    new StorageSharedKeyCredential("stone", keys[1]),
  );
  const signed = new ContainerClient(`${url("stone")}/first?${sas.toString()}`, undefined, once);
  const names: string[] = [];
  for await (const blob of signed.listBlobsFlat({ prefix: "deep/" })) names.push(blob.name);
  expect(names).toEqual(["deep/er/file.bin"]);
  await expect(signed.getBlockBlobClient("new").upload("x", 1)).rejects.toMatchObject({ statusCode: 403 });
});

test("wrong, missing and foreign credentials get what Azure answers", async () => {
  const expectCode = async (client: BlobServiceClient, statusCode: number, code: string): Promise<void> =>
    await expect(client.getContainerClient("first").getProperties()).rejects.toMatchObject({ statusCode, code });
  await expectCode(byKey("stone", randomBytes(64).toString("base64")), 403, "AuthenticationFailed");
  await expectCode(new BlobServiceClient(url("stone"), undefined, once), 401, "NoAuthenticationInformation");
  const token = {
    getToken: async () => ({
      token: await sandbox.token(sandbox.info.armEndpoint.replace(/\/$/, "")),
      expiresOnTimestamp: Date.now() + 60_000,
    }),
  };
  await expectCode(new BlobServiceClient(url("stone"), token, once), 401, "InvalidAuthenticationInfo");
  await expectCode(byKey("stlocked", (await keysOf("stlocked"))[0]), 403, "KeyBasedAuthenticationNotPermitted");
  await expect(byToken("nosuchaccount").getContainerClient("first").getProperties()).rejects.toMatchObject({ statusCode: 404 });
  const expired = generateBlobSASQueryParameters(
    {
      containerName: "first",
      permissions: ContainerSASPermissions.parse("r"),
      expiresOn: new Date(Date.now() - 60_000),
      version: "2023-11-03",
    },
    new StorageSharedKeyCredential("stone", keys[0]),
  );
  await expect(new ContainerClient(`${url("stone")}/first?${expired.toString()}`, undefined, once).getProperties()).rejects.toMatchObject({
    statusCode: 403,
  });
});

test("an account without keys takes tokens and user delegation signatures", async () => {
  const service = byToken("stlocked");
  const container = service.getContainerClient("tokens-only");
  await container.create();
  const from = new Date(Math.floor(Date.now() / 1000) * 1000 - 60_000);
  const until = new Date(from.getTime() + 600_000);
  const key = await service.getUserDelegationKey(from, until);
  const sas = generateBlobSASQueryParameters(
    {
      containerName: "tokens-only",
      permissions: ContainerSASPermissions.parse("cw"),
      startsOn: from,
      expiresOn: until,
      version: "2023-11-03",
    },
    key,
    "stlocked",
  );
  await new ContainerClient(`${url("stlocked")}/tokens-only?${sas.toString()}`, undefined, once).getBlockBlobClient("a").upload("hello", 5);
  expect((await container.getBlobClient("a").downloadToBuffer()).toString()).toBe("hello");
  const forged = sas.toString().replace(/sig=[^&]+/, `sig=${encodeURIComponent(randomBytes(32).toString("base64"))}`);
  await expect(
    new ContainerClient(`${url("stlocked")}/tokens-only?${forged}`, undefined, once).getBlockBlobClient("b").upload("x", 1),
  ).rejects.toMatchObject({ statusCode: 403 });
});

/** Clients tidy such paths before they send them. */
async function putRaw(path: string): Promise<number> {
  const authorization = `Bearer ${await sandbox.token("https://storage.azure.com")}`;
  const headers = { authorization, "x-ms-version": "2023-11-03", "x-ms-blob-type": "BlockBlob", "content-length": "1" };
  return await new Promise((resolve, reject) => {
    const asked = request({ host: "localhost", port: sandbox.info.blobPort, path, method: "PUT", headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on("error", reject).end("x");
  });
}

test("a regenerated key opens, the old one does not", async () => {
  await sandbox.call("POST", `${accountId("stone")}/regenerateKey`, { keyName: "key2" });
  const [, fresh] = await keysOf("stone");
  expect(fresh).not.toBe(keys[1]);
  await expect(byKey("stone", keys[1]).getContainerClient("first").exists()).rejects.toMatchObject({ statusCode: 403 });
  expect(await byKey("stone", fresh).getContainerClient("first").exists()).toBe(true);
});

test("an address without its account finds the container's owner, and says when it cannot", async () => {
  await byKey().getContainerClient("only-in-stone").create();
  await byKey().getContainerClient("in-both").create();
  await byToken("stlocked").getContainerClient("in-both").create();
  const bare = `https://localhost:${sandbox.info.blobPort}`;
  const get = async (container: string): Promise<Awaited<ReturnType<typeof fetch>>> =>
    await fetch(`${bare}/${container}?restype=container`, {
      headers: { authorization: `Bearer ${await sandbox.token("https://storage.azure.com")}`, "x-ms-version": "2023-11-03" },
    });
  expect((await get("only-in-stone")).status).toBe(200);
  const both = await get("in-both");
  expect(both.status).toBe(400);
  expect(await both.text()).toContain("stlocked");
});

test("containers are the same for Resource Manager and the blob service", async () => {
  const at = `${accountId("stone")}/blobServices/default/containers`;
  expect((await sandbox.call("PUT", `${at}/by-arm`, { properties: {} })).status).toBe(201);
  expect(await byKey().getContainerClient("by-arm").exists()).toBe(true);
  await byKey().getContainerClient("by-blob").create();
  expect((await sandbox.call("GET", `${at}/by-blob`)).body.name).toBe("by-blob");
  expect((await sandbox.call("GET", at)).body.value.map((one: { name: string }) => one.name)).toEqual(
    expect.arrayContaining(["by-arm", "by-blob"]),
  );
  expect((await sandbox.call("DELETE", `${at}/by-blob`)).status).toBe(200);
  expect(await byKey().getContainerClient("by-blob").exists()).toBe(false);
});

test("an account that is deleted and made again is empty", async () => {
  const body = { location: "westeurope", kind: "StorageV2", sku: { name: "Standard_LRS" } };
  await sandbox.call("PUT", accountId("stagain"), body);
  await byToken("stagain").getContainerClient("old").create();
  await sandbox.call("DELETE", accountId("stagain"));
  await sandbox.call("PUT", accountId("stagain"), body);
  const names: string[] = [];
  for await (const one of byToken("stagain").listContainers()) names.push(one.name);
  expect(names).toEqual([]);
});

test("what was acknowledged survives kill -9 of everything, blobs and resources alike", async () => {
  await byKey().getContainerClient("killed").create();
  for (let round = 0; round < 3; round++) {
    const acknowledged: string[] = [];
    const container = byKey().getContainerClient("killed");
    let going = true;
    const writer = async (lane: number): Promise<void> => {
      for (let index = 0; going; index++) {
        const name = `r${round}/l${lane}/${index}`;
        try {
          await container.getBlockBlobClient(name).uploadData(Buffer.from(name.repeat(200)), { metadata: { round: String(round) } });
          const made = await sandbox.call("PUT", `${sandbox.subscription}/resourceGroups/k-${round}-${lane}-${index}`, {
            location: "westeurope",
          });
          if (made.status === 201) acknowledged.push(name);
        } catch {
          return;
        }
      }
    };
    const writers = [0, 1, 2, 3].map(async (lane) => await writer(lane));
    await sleep(250 + round * 170);
    sandbox.kill();
    going = false;
    await Promise.all(writers);
    await sandbox.restart();
    expect(acknowledged.length).toBeGreaterThan(5);
    const after = byKey().getContainerClient("killed");
    for (const name of acknowledged) {
      const blob = after.getBlobClient(name);
      expect((await blob.downloadToBuffer()).toString()).toBe(name.repeat(200));
      expect((await blob.getProperties()).metadata).toEqual({ round: String(round) });
      const [r, l, i] = name.replace(/[rl]/g, "").split("/");
      expect((await sandbox.call("GET", `${sandbox.subscription}/resourceGroups/k-${r}-${l}-${i}`)).status).toBe(200);
    }
  }
}, 60_000);

test("the blob service that dies alone is started again", async () => {
  const children = readFileSync(`/proc/${sandbox.info.pid}/task/${sandbox.info.pid}/children`, "utf8").trim().split(" ").map(Number);
  expect(children).toHaveLength(1);
  process.kill(children[0]!, "SIGKILL");
  for (let attempt = 0; attempt < 100; attempt++) {
    if (
      await byKey()
        .getContainerClient("first")
        .exists()
        .catch(() => false)
    )
      break;
    await sleep(100);
  }
  expect(await byKey().getContainerClient("first").exists()).toBe(true);
}, 20_000);

test("ends with its parent", async () => {
  const child = Number(readFileSync(`/proc/${sandbox.info.pid}/task/${sandbox.info.pid}/children`, "utf8").trim().split(" ")[0]);
  sandbox.kill();
  let alive = true;
  for (let attempt = 0; attempt < 50 && alive; attempt++) {
    await sleep(40);
    alive = (() => {
      try {
        return !/^State:\s+Z/m.test(readFileSync(`/proc/${child}/status`, "utf8"));
      } catch {
        return false;
      }
    })();
  }
  expect(alive).toBe(false);
  await sandbox.restart();
});

test("what Azurite does not have is refused by the sandbox's name for it", async () => {
  const container = byKey().getContainerClient("unmodelled");
  await container.create();
  await container.uploadBlockBlob("a.txt", "a", 1);
  await expect(container.getBlobClient("a.txt").undelete()).rejects.toMatchObject({
    statusCode: 501,
    code: "NotModeledInSandbox",
    message: expect.stringContaining("PUT comp=undelete"),
  });
  expect((await container.getBlobClient("a.txt").downloadToBuffer()).toString()).toBe("a");
});

test("a blob's name cannot leave the folder it is downloaded to", async () => {
  const { runInSandbox } = await import("./testing-inside.ts");
  const container = byKey().getContainerClient("climbing");
  await container.create();
  expect(await putRaw("/stone/climbing/data/%2e%2e/%2e%2e/escaped")).toBe(201);
  const dir = mkdtempSync(join(tmpdir(), "transfer-"));
  mkdirSync(join(dir, "from/sub"), { recursive: true });
  writeFileSync(join(dir, "from/sub/a.txt"), "A");
  writeFileSync(join(dir, "from/b.txt"), "B");
  await runInSandbox(sandbox, async ({ download, upload, context }) => {
    const place = { account: "stone", container: "folder", path: "up" };
    expect(await upload(context, join(dir, "from"), place)).toEqual({ files: 2, bytes: 2 });
    const down = await download(context, place, join(dir, "to"));
    expect(down).toMatchObject({ kind: "folder", files: 2, bytes: 2 });
    expect(readFileSync(join(dir, "to/sub/a.txt"), "utf8")).toBe("A");
    expect(await download(context, { ...place, path: "up/b.txt" }, join(dir, "one"))).toMatchObject({
      kind: "file",
      path: join(dir, "one/b.txt"),
    });
    await expect(download(context, { ...place, path: "none" }, join(dir, "no"))).rejects.toMatchObject({ status: 404 });
    await expect(download(context, { account: "stone", container: "climbing", path: "data" }, join(dir, "climb"))).rejects.toMatchObject({
      code: "InvalidBlobName",
    });
  });
});
