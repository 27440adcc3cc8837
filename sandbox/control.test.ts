import { afterAll, expect, test } from "@jest/globals";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resetSandbox, sandboxEnv, sandboxStatus, startSandbox, stopSandbox } from "./control.ts";

const dirs: string[] = [];
const newDir = (): string => {
  dirs.push(mkdtempSync(join(tmpdir(), "mlops-control-")));
  return dirs.at(-1)!;
};
afterAll(async () => {
  for (const dir of dirs) {
    await stopSandbox(dir);
    rmSync(dir, { recursive: true, force: true });
  }
});

test("two starts at once start one; each directory has its own; a stop ends it", async () => {
  const [one, two] = [newDir(), newDir()];
  let starts = 0;
  const onStart = (): void => void starts++;
  const [a, b, c] = await Promise.all([startSandbox(one, { onStart }), startSandbox(one, { onStart }), startSandbox(two, { onStart })]);
  expect(starts).toBe(2);
  expect(a.pid).toBe(b.pid);
  expect(c.pid).not.toBe(a.pid);
  expect(new Set([a.port, a.blobPort, a.scoringPort, c.port, c.blobPort, c.scoringPort]).size).toBe(6);
  const before = performance.now();
  expect(await sandboxStatus(one)).toMatchObject({ running: true, info: { pid: a.pid } });
  expect(performance.now() - before).toBeLessThan(200);
  expect(await stopSandbox(one)).toBe(true);
  expect(await stopSandbox(one)).toBe(false);
  expect(await sandboxStatus(one)).toMatchObject({ running: false });
  expect(await sandboxStatus(two)).toMatchObject({ running: true });
  const again = await startSandbox(one);
  expect(again.port).toBe(a.port);
}, 60_000);

test("a killed sandbox, a reused process id and a stale lock are seen for what they are", async () => {
  const dir = newDir();
  const first = await startSandbox(dir);
  process.kill(first.pid, "SIGKILL");
  writeFileSync(join(dir, "start.lock"), "999999999");
  const second = await startSandbox(dir);
  expect(second.pid).not.toBe(first.pid);
  expect(second.port).toBe(first.port);
  await stopSandbox(dir);
  writeFileSync(join(dir, "sandbox.json"), JSON.stringify({ ...second, pid: process.pid }));
  expect(await sandboxStatus(dir)).toMatchObject({ running: false, reason: expect.stringContaining("does not answer") });
  expect((await startSandbox(dir)).pid).not.toBe(process.pid);
}, 60_000);

test("a port that another program took is told with its log", async () => {
  const dir = newDir();
  const { port } = await startSandbox(dir);
  await stopSandbox(dir);
  const thief = createServer();
  await new Promise<void>((resolve) => thief.listen(port, "127.0.0.1", resolve));
  try {
    await expect(startSandbox(dir)).rejects.toThrow(new RegExp(`port ${port}.*ports\\.json`, "s"));
  } finally {
    thief.close();
  }
}, 60_000);

test("the environment points everything at it, and keeps its secrets in files that only the owner reads", async () => {
  const dir = newDir();
  await expect(sandboxEnv(dir)).rejects.toThrow("mlops sandbox start");
  const info = await startSandbox(dir);
  const shell = await sandboxEnv(dir, "shell", { PATH: "/usr/bin", NO_PROXY: "corp.example" });
  expect(shell).toMatchObject({
    ARM_CLOUD_METADATA_URL: info.metadataUrl,
    AZURE_AUTHORITY_HOST: info.armEndpoint,
    ARM_CLIENT_ID: info.clientId,
    AZURE_CLIENT_SECRET: readFileSync(info.clientSecretFile, "utf8"),
    PULUMI_HOME: join(dir, "pulumi-home"),
    NO_PROXY: "corp.example,localhost,127.0.0.1",
    PATH: expect.stringMatching(/node_modules\/\.bin:.*\.tools\/bin:\/usr\/bin$/),
  });
  expect(readFileSync(shell["REQUESTS_CA_BUNDLE"]!, "utf8")).toContain(readFileSync(info.caFile, "utf8").trim());
  expect(Object.keys(await sandboxEnv(dir, "python"))).not.toContain("PULUMI_HOME");
  for (const name of ["client-secret", "state.db", "ca.key", "server.key"]) expect(statSync(join(dir, name)).mode & 0o077).toBe(0);
  expect(readFileSync(join(dir, "sandbox.log"), "utf8")).not.toContain(shell["AZURE_CLIENT_SECRET"]!);
}, 60_000);

test("a reset forgets everything but ports and certificates", async () => {
  const dir = newDir();
  const before = await startSandbox(dir);
  const ca = readFileSync(before.caFile, "utf8");
  await resetSandbox(dir);
  expect(existsSync(join(dir, "state.db"))).toBe(false);
  const after = await startSandbox(dir);
  expect(after.port).toBe(before.port);
  expect(readFileSync(after.caFile, "utf8")).toBe(ca);
}, 60_000);
