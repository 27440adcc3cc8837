// What the sandbox lets nobody do: be reached from elsewhere, by pages in a browser, write outside its folders, blow things up.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { recipeOf } from "./environments/recipe.ts";
import { testSandbox, workspaceIn } from "./testing.ts";
import type { TestSandbox } from "./testing.ts";
import { runInSandbox } from "./testing-inside.ts";

let sandbox: TestSandbox;
let workspace: string;
let vaultPort: number;

beforeAll(async () => {
  sandbox = await testSandbox();
  workspace = await workspaceIn(sandbox, "safe");
  await sandbox.grant("Storage Blob Data Contributor");
  const vault = await sandbox.call("GET", `${sandbox.subscription}/resourceGroups/safe/providers/Microsoft.KeyVault/vaults/kvsafe`);
  vaultPort = Number(new URL(vault.body.properties.vaultUri as string).port);
}, 60_000);
afterAll(async () => await sandbox.stop());

const ports = (): Record<string, number> => ({
  management: sandbox.info.port,
  blob: sandbox.info.blobPort,
  scoring: sandbox.info.scoringPort,
  vault: vaultPort,
});

interface Said {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
}

async function send(port: number, method: string, path: string, headers: Record<string, string>, body?: Buffer): Promise<Said> {
  return await new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, servername: "localhost", method, path, headers, agent: false }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

test("every socket that the sandbox's processes listen on is on loopback", () => {
  // Elsewhere than on Linux nothing tells which process listens where.
  if (process.platform !== "linux") return;
  const parents = new Map<number, number>();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      parents.set(Number(pid), Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]));
    } catch {
      // It has just ended.
    }
  }
  const own = (pid: number | undefined): boolean => pid === sandbox.info.pid || (pid !== undefined && pid > 1 && own(parents.get(pid)));
  const sockets = new Set(
    [...parents.keys()].filter(own).flatMap((pid) =>
      readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
        try {
          return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
        } catch {
          return [];
        }
      }),
    ),
  );
  const listening = ["tcp", "tcp6"].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, "utf8")
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === "0A" && sockets.has(inode ?? ""))
      .map(([, address]) => address!),
  );
  expect(listening.length).toBeGreaterThanOrEqual(Object.keys(ports()).length);
  expect(listening.filter((address) => !/^0100007F:|^0{24}01000000:/.test(address))).toEqual([]);
});

test.each(["management", "blob", "scoring", "vault"])(
  "%s answers to its own names only, and to no page of another origin",
  async (service) => {
    const port = ports()[service]!;
    const own = `localhost:${port}`;
    for (const host of ["evil.example", `evil.example:${port}`, "169.254.169.254", "localhost.evil.example", "127.0.0.1.nip.io"]) {
      expect([host, (await send(port, "GET", "/", { host })).status]).toEqual([host, 403]);
    }
    for (const origin of ["https://evil.example", "null", "http://localhost:3000", `https://localhost:${port + 1}`]) {
      for (const method of ["GET", "POST", "OPTIONS"]) {
        const answer = await send(port, method, "/", { host: own, origin, "access-control-request-method": "PUT", "content-length": "0" });
        expect([origin, method, answer.status]).toEqual([origin, method, 403]);
        expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control-"))).toEqual([]);
      }
    }
  },
);

test("names that climb: blobs, artifacts, code, models, data and datastore paths stay below their places", async () => {
  const { info } = sandbox;
  const blob = {
    authorization: `Bearer ${await sandbox.token("https://storage.azure.com")}`,
    "x-ms-version": "2023-11-03",
    host: `localhost:${info.blobPort}`,
  };
  await send(info.blobPort, "PUT", "/stsafe/climbing?restype=container", { ...blob, "content-length": "0" });
  const names = ["a/%2e%2e/%2e%2e/%2e%2e/escaped", "%2e%2e%2f%2e%2e%2fescaped", "..%5c..%5cescaped", "a%00b", "%2fetc%2fescaped"];
  for (const name of names) {
    const { status } = await send(
      info.blobPort,
      "PUT",
      `/stsafe/climbing/${name}`,
      { ...blob, "x-ms-blob-type": "BlockBlob", "content-length": "1" },
      Buffer.from("x"),
    );
    expect([name, status]).toEqual([name, expect.any(Number)]);
    expect(status).toBeLessThan(500);
  }
  // Not by fetch, which puts such paths in order before it sends them.
  const arm = { authorization: `Bearer ${await sandbox.token(info.armEndpoint.replace(/\/$/, ""))}`, host: `localhost:${info.port}` };
  const put = async (path: string): Promise<Said> =>
    await send(
      info.port,
      "PUT",
      path,
      { ...arm, "content-type": "application/json", "content-length": "17" },
      Buffer.from('{"properties":{}}'),
    );
  for (const path of [
    `${workspace}/codes/..%2f..%2fescaped/versions/1`,
    `${workspace}/codes/%2e%2e/versions/1`,
    `${workspace}/data/..%5cescaped/versions/1`,
    `${workspace}/models/m/versions/%2e%2e`,
    `${workspace}/environments/a%2f..%2fb/versions/1`,
    `${workspace}/jobs/..%2fescaped`,
  ]) {
    expect([path, (await put(`${path}?api-version=2024-10-01`)).status]).toEqual([path, 400]);
  }
  for (const path of ["e/r/artifacts/..%2F..%2Fescaped", "e/r/artifacts/%2e%2e/%2e%2e/escaped", "..%2F..%2Fescaped"])
    expect((await put(`/mlflow/v2.0${workspace}/api/2.0/mlflow-artifacts/artifacts/${path}`)).status).toBeLessThan(500);

  const outside = mkdtempSync(join(tmpdir(), "mlops-safe-"));
  await runInSandbox(sandbox, async ({ context, download }) => {
    const place = { account: "stsafe", container: "climbing", path: "" };
    // The container may hold names that no folder can: whoever brings it gets a refusal, not a file elsewhere.
    await context
      .container("stsafe", "climbing")
      .then((container) => container.getBlockBlobClient("b/../../../escaped").upload("x", 1))
      .catch(() => undefined);
    const brought = await download(context, place, join(outside, "in", "deep")).catch((error: Error) => error.message);
    expect(JSON.stringify(brought)).toMatch(/cannot be a file's path|"kind":"folder"/);
    const { locateBlob } = await import("./ml/locate.ts");
    for (const uri of [
      "azureml://datastores/workspaceblobstore/paths/../../escaped",
      "azureml://datastores/../paths/x",
      "azureml://datastores/workspaceblobstore/paths/%2e%2e/x",
    ]) {
      const attempt = async (): Promise<void> =>
        void (await download(context, locateBlob(context, uri, workspace), join(outside, "in", "deep")));
      await expect(attempt()).rejects.toThrow(/./);
    }
  });
  const escaped = [
    join(outside, "escaped"),
    join(outside, "in", "escaped"),
    join(sandbox.dir, "escaped"),
    join(sandbox.dir, "..", "escaped"),
    "/etc/escaped",
  ];
  expect(escaped.filter((file) => existsSync(file))).toEqual([]);
  rmSync(outside, { recursive: true });
}, 60_000);

test("what unpacks itself stays packed: archives as code, compressed bodies, YAML whose aliases multiply", async () => {
  const { info } = sandbox;
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  expect(bomb.length).toBeLessThan(100_000);
  // Archives in code, models and data are files like others: nothing unpacks them.
  const dir = mkdtempSync(join(tmpdir(), "mlops-safe-"));
  await runInSandbox(sandbox, async ({ context, download, upload }) => {
    for (const name of ["bomb.zip", "bomb.tar.gz"]) writeFileSync(join(dir, name), bomb);
    const place = { account: "stsafe", container: "bombs", path: "code/" };
    await upload(context, join(dir, "bomb.zip"), place);
    await upload(context, join(dir, "bomb.tar.gz"), place);
    const brought = await download(context, { ...place, path: "code" }, join(dir, "out"));
    expect([brought.files, brought.bytes]).toEqual([2, 2 * bomb.length]);
    expect(readdirSync(join(dir, "out")).map((name) => statSync(join(dir, "out", name)).size)).toEqual([bomb.length, bomb.length]);
  });
  rmSync(dir, { recursive: true });
  const token = await sandbox.token(info.armEndpoint.replace(/\/$/, ""));
  const json = gzipSync(Buffer.from(JSON.stringify({ location: "westeurope", tags: { a: "b".repeat(8_000_000) } })));
  const headers = {
    host: `localhost:${info.port}`,
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
    "content-encoding": "gzip",
    "content-length": String(json.length),
  };
  const packed = await send(info.port, "PUT", `${sandbox.subscription}/resourceGroups/packed?api-version=2024-10-01`, headers, json);
  expect(packed.status).toBe(400);
  const laughs = [
    "a: &a [x,x,x,x,x,x,x,x,x]",
    ..."bcdefghij".split("").map((name, index) => `${name}: &${name} [${Array(9).fill(`*${"abcdefghij"[index]}`).join(",")}]`),
    "dependencies: [*j]",
  ].join("\n");
  const began = performance.now();
  expect(() => recipeOf({ condaFile: laughs })).toThrow(/./);
  const asset = await sandbox.call("PUT", `${workspace}/environments/laughs/versions/1`, {
    properties: { image: "ubuntu", condaFile: laughs },
  });
  expect(asset.status).toBeLessThan(500);
  expect(performance.now() - began).toBeLessThan(2000);
  expect((await sandbox.call("GET", "/healthz")).status).toBe(200);
}, 60_000);
