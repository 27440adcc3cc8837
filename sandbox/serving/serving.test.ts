// Deployments as they really run: Azure's inference server, scoring scripts, crashes, failures, restarts.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openTestSandbox, testEnvironment, WORKSPACE } from "./testing.ts";
import type { TestSandbox } from "./testing.ts";
import type { PythonEnvironment } from "./parts.ts";

const dir = mkdtempSync(join(tmpdir(), "serving-"));
let environment: PythonEnvironment;
let box: TestSandbox;
const endpointId = `${WORKSPACE}/onlineEndpoints/wine`;
const deploymentId = (name: string, of = endpointId): string => `${of}/deployments/${name}`;

const endpoint = (traffic: Record<string, number> = {}, more: object = {}) => ({
  location: "westeurope",
  properties: { authMode: "Key", traffic, ...more },
});
const deployment = (code: string, more: object = {}, capacity = 1) => ({
  location: "westeurope",
  sku: { name: "Default", capacity },
  properties: {
    endpointComputeType: "Managed",
    model: "folder:model.txt",
    codeConfiguration: { codeId: `folder:${code}`, scoringScript: "score.py" },
    environmentId: "azureml:env:1",
    instanceType: "Standard_DS3_v2",
    requestSettings: { maxConcurrentRequestsPerInstance: 20, requestTimeout: "PT10S" },
    livenessProbe: { period: "PT1S", timeout: "PT1S", failureThreshold: 3 },
    ...more,
  },
});

const answering = (name: string): string => `
import json, os, sys
def init():
    global text
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.txt")) as file:
        text = file.read()
def run(raw):
    data = json.loads(raw)
    if data.get("die"):
        os.killpg(0, 9)
    if data.get("fail"):
        raise ValueError("bad row")
    if data.get("env"):
        return dict(os.environ)
    print("scored by ${name}")
    return {"by": "${name}", "model": text, "pid": os.getpid()}
`;

async function code(name: string, script: string): Promise<void> {
  await mkdir(join(dir, "assets", name), { recursive: true });
  await writeFile(join(dir, "assets", name, "score.py"), script);
}

beforeAll(async () => {
  environment = await testEnvironment("server");
  await code("blue", answering("blue"));
  await code("green", answering("green"));
  await code("broken", "def init():\n    raise RuntimeError('no such column: alcohol')\n\ndef run(raw):\n    return raw\n");
  await writeFile(join(dir, "assets", "model.txt"), "weights");
  box = await openTestSandbox(dir, environment);
  await box.put(endpointId, endpoint());
}, 240_000);

afterAll(async () => {
  await box.close();
  rmSync(dir, { recursive: true, force: true });
});

test("a deployment serves its model, takes traffic, and its logs can be read", async () => {
  await box.put(deploymentId("blue"), deployment("blue"));
  expect((await box.score(endpointId)).status).toBe(404);
  await box.put(endpointId, endpoint({ blue: 100 }));
  const response = await box.score(endpointId);
  expect(response.headers.get("azureml-model-deployment")).toBe("blue");
  expect(await response.json()).toMatchObject({ by: "blue", model: "weights" });
  expect((await box.score(endpointId, { key: "x".repeat(32) })).status).toBe(401);
  const swagger = await box.score(endpointId, { path: "/swagger.json", method: "GET" });
  expect(await swagger.json()).toMatchObject({ swagger: "2.0", paths: { "/westeurope/wine/score": {} } });
  const { content } = (await box.act(deploymentId("blue"), "getLogs", { tail: 50 })).body as { content: string };
  expect(content).toContain("scored by blue");
  const storage = (await box.act(deploymentId("blue"), "getLogs", { containerType: "StorageInitializer" })).body as { content: string };
  expect(storage.content).toContain("Downloading model folder:model.txt");
}, 60_000);

test("a script that throws is 424, and the process has none of the sandbox's own environment", async () => {
  process.env["SERVING_TEST_SECRET"] = "do-not-pass-on";
  const failed = await box.score(endpointId, { body: '{"fail": true}' });
  expect([failed.status, failed.headers.get("ms-azureml-model-error-statuscode")]).toEqual([424, "500"]);
  const seen = (await (await box.score(endpointId, { body: '{"env": true}' })).json()) as Record<string, string>;
  expect(JSON.stringify(seen)).not.toContain("do-not-pass-on");
  expect(seen).toMatchObject({ AZUREML_MODEL_DIR: expect.stringMatching(/azureml-models\/[^/]+\/[^/]+$/), SERVICE_NAME: "wine" });
  expect(Object.keys(seen).filter((name) => /^(ARM|AZURE)_|TOKEN|PASSPHRASE/.test(name))).toEqual([]);
}, 30_000);

test("a deployment whose script fails is left behind as Failed, with the log's tail in the error", async () => {
  await expect(box.put(deploymentId("bad"), deployment("broken"))).rejects.toMatchObject({
    code: "ResourceNotReady",
    message: expect.stringContaining("no such column: alcohol"),
  });
  expect(box.get(deploymentId("bad"))?.properties["provisioningState"]).toBe("Failed");
  expect((await box.score(endpointId, { headers: { "azureml-model-deployment": "bad" } })).status).toBe(503);
  const { content } = (await box.act(deploymentId("bad"), "getLogs", {})).body as { content: string };
  expect(content).toContain("UserContainerStart: Failed");
  expect(content).toContain("no such column: alcohol");
  await box.delete(deploymentId("bad"));
}, 60_000);

test("an update that fails leaves what served before serving", async () => {
  await expect(box.put(deploymentId("blue"), deployment("broken"))).rejects.toMatchObject({ code: "ResourceNotReady" });
  expect(await (await box.score(endpointId)).json()).toMatchObject({ by: "blue" });
  await box.put(deploymentId("blue"), deployment("blue"));
  expect(box.get(deploymentId("blue"))?.properties["provisioningState"]).toBe("Succeeded");
}, 60_000);

test("a process that crashes is started again", async () => {
  const before = box.serving.capacity(deploymentId("blue")).pids;
  expect((await box.score(endpointId, { body: '{"die": true}' })).status).toBe(424);
  const statuses: number[] = [];
  for (let i = 0; i < 150 && statuses.at(-1) !== 200; i++) {
    statuses.push((await box.score(endpointId)).status);
    await sleep(100);
  }
  expect(statuses.at(-1)).toBe(200);
  expect(statuses).toContain(503);
  expect(box.serving.capacity(deploymentId("blue")).pids).not.toEqual(before);
}, 30_000);

test("a process that hangs is found by its liveness probe and started again", async () => {
  const [pid] = box.serving.capacity(deploymentId("blue")).pids;
  // Stopped, it answers neither requests nor probes, and does not end either.
  for (const one of groupOf(pid!)) process.kill(one, "SIGSTOP");
  for (let i = 0; i < 200 && box.serving.capacity(deploymentId("blue")).pids[0] === pid; i++) await sleep(100);
  await readyAgain("blue", 1);
  expect((await box.score(endpointId)).status).toBe(200);
  await gone([pid!]);
}, 60_000);

test("no request is lost while the new slot comes, takes the traffic and the old one goes", async () => {
  const statuses = new Map<number, number>();
  const served = new Set<string>();
  let running = true;
  const client = (async () => {
    while (running) {
      const response = await box.score(endpointId);
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      served.add(((await response.json()) as { by: string }).by);
      await sleep(5);
    }
  })();
  await box.put(deploymentId("green"), deployment("green"));
  await box.put(endpointId, endpoint({ blue: 90, green: 10 }));
  await sleep(200);
  await expect(box.delete(deploymentId("blue"))).rejects.toMatchObject({
    code: "BadArgument",
    message: expect.stringContaining("90 percent"),
  });
  await box.put(endpointId, endpoint({ blue: 0, green: 100 }));
  await box.delete(deploymentId("blue"));
  await sleep(200);
  running = false;
  await client;
  expect([...statuses.keys()]).toEqual([200]);
  expect([...served].sort()).toEqual(["blue", "green"]);
  expect(box.get(deploymentId("blue"))).toBeUndefined();
}, 60_000);

test("instances come and go with the capacity, without a restart of the others", async () => {
  const first = box.serving.capacity(deploymentId("green")).pids;
  await box.put(deploymentId("green"), { sku: { capacity: 2 } }, "PATCH");
  const both = box.serving.capacity(deploymentId("green"));
  expect(both).toMatchObject({ ready: 2, wanted: 2 });
  expect(both.pids).toEqual(expect.arrayContaining([...first]));
  const seen = new Set<number>();
  for (let i = 0; i < 20; i++) seen.add(((await (await box.score(endpointId)).json()) as { pid: number }).pid);
  expect(seen.size).toBe(2);
  await box.put(deploymentId("green"), { sku: { capacity: 1 } }, "PATCH");
  expect(box.serving.capacity(deploymentId("green")).pids).toEqual(first);
  await gone(both.pids.filter((pid) => !first.includes(pid)));
}, 60_000);

test("deleting the endpoint ends its processes and forgets its key", async () => {
  const key = box.serving.keys.of(endpointId).primaryKey;
  const { pids } = box.serving.capacity(deploymentId("green"));
  await box.delete(endpointId);
  await gone(pids);
  expect(existsSync(join(dir, "serving", "wine.westeurope", "green"))).toBe(false);
  expect((await box.score(endpointId, { key, path: "/westeurope/wine/score" })).status).toBe(404);
  expect(box.serving.keys.of(endpointId).primaryKey).not.toBe(key);
}, 30_000);

test("a sandbox killed with -9 leaves no process, and its next start serves again and ends what it had begun", async () => {
  const state = join(dir, "killed");
  await mkdir(join(state, "assets", "green"), { recursive: true });
  await mkdir(join(state, "assets", "slow"), { recursive: true });
  await writeFile(join(state, "assets", "model.txt"), "weights");
  await writeFile(join(state, "assets", "green", "score.py"), answering("green"));
  await writeFile(
    join(state, "assets", "slow", "score.py"),
    `import time, os\nif not os.path.exists("${state}/go"): time.sleep(60)\n${answering("slow")}`,
  );
  const program = fileURLToPath(new URL("./killed.fixture.ts", import.meta.url));
  const input = JSON.stringify({
    state,
    environment,
    endpointId,
    endpoint: endpoint(),
    green: deployment("green"),
    slow: deployment("slow"),
  });
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", program, input], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const line = await new Promise<string>((resolve) => child.stdout.once("data", (data: Buffer) => resolve(data.toString())));
  const { pids } = JSON.parse(line) as { pids: number[] };
  expect(pids.flatMap((pid) => groupOf(pid)).length).toBeGreaterThan(0);
  expect(processesOf(state).length).toBeGreaterThan(pids.length);
  child.kill("SIGKILL");
  for (let i = 0; i < 50 && processesOf(state).length > 0; i++) await sleep(100);
  expect(processesOf(state)).toEqual([]);

  await writeFile(join(state, "go"), "");
  const again = await openTestSandbox(state, environment);
  try {
    expect(again.get(deploymentId("slow"))?.properties["provisioningState"]).toBe("Creating");
    for (let i = 0; i < 200 && again.get(deploymentId("slow"))?.properties["provisioningState"] === "Creating"; i++) await sleep(100);
    expect(again.get(deploymentId("slow"))?.properties["provisioningState"]).toBe("Succeeded");
    for (let i = 0; i < 200 && again.serving.capacity(deploymentId("green")).ready === 0; i++) await sleep(100);
    expect(await (await again.score(endpointId)).json()).toMatchObject({ by: "green" });
    const slow = await again.score(endpointId, { headers: { "azureml-model-deployment": "slow" } });
    expect(await slow.json()).toMatchObject({ by: "slow" });
  } finally {
    await again.close();
  }
  expect(processesOf(state)).toEqual([]);
}, 120_000);

async function readyAgain(name: string, count: number): Promise<void> {
  for (let i = 0; i < 300 && box.serving.capacity(deploymentId(name)).ready < count; i++) await sleep(100);
}

/** Nothing of these process groups is left, a moment after they were told to end. */
async function gone(leaders: readonly number[]): Promise<void> {
  expect(leaders.length).toBeGreaterThan(0);
  for (let i = 0; i < 50 && leaders.some((leader) => groupOf(leader).length > 0); i++) await sleep(100);
  expect(leaders.flatMap(groupOf)).toEqual([]);
}

/** Living processes of a group, by ps. */
function groupOf(leader: number): number[] {
  return ps("pid=,pgid=,stat=")
    .filter(([, group, stat]) => group === String(leader) && !stat!.startsWith("Z"))
    .map(([pid]) => Number(pid));
}

/** Processes that run something of a state directory. */
function processesOf(state: string): number[] {
  return ps("pid=,args=")
    .filter(([, ...args]) => args.join(" ").includes(`${state}/serving`))
    .map(([pid]) => Number(pid));
}

function ps(columns: string): string[][] {
  const text = execFileSync("ps", ["-A", "-ww", "-o", columns], { encoding: "utf8" });
  return text
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([first]) => first !== "");
}
