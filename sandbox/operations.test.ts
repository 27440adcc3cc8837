import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { setTimeout as sleep } from "node:timers/promises";
import { testSandbox, workspaceIn } from "./testing.ts";
import type { Answer, TestSandbox } from "./testing.ts";

let sandbox: TestSandbox;
let workspace: string;

// Azure's times, 60 times faster: a workspace takes 1 s, a cluster 0.5 s.
beforeAll(async () => {
  sandbox = await testSandbox({ profile: "azure", scale: 60 });
  workspace = await workspaceIn(sandbox, "ops");
}, 60_000);
afterAll(async () => await sandbox.stop());

const cluster = (name: string): string => `${workspace}/computes/${name}`;
const body = (maxNodeCount = 1): object => ({
  location: "westeurope",
  properties: { computeType: "AmlCompute", properties: { vmSize: "Standard_DS3_v2", scaleSettings: { maxNodeCount } } },
});
const state = async (id: string): Promise<string> => (await sandbox.call("GET", id)).body.properties?.provisioningState;

test("a write that takes time answers at once, and says where its end will be", async () => {
  const made = await sandbox.call("PUT", cluster("slow"), body());
  expect(made.status).toBe(201);
  expect(made.body.properties.provisioningState).toBe("Creating");
  expect(made.headers.get("retry-after")).toBe("1");
  expect((await sandbox.call("GET", made.headers.get("azure-asyncoperation")!)).body.status).toBe("InProgress");
  expect((await sandbox.call("GET", made.headers.get("location")!)).status).toBe(202);
  expect((await sandbox.ended(made)).body).toMatchObject({
    status: "Succeeded",
    startTime: expect.any(String),
    endTime: expect.any(String),
  });
  expect((await sandbox.call("GET", made.headers.get("location")!)).body).toMatchObject({
    name: "slow",
    properties: { provisioningState: "Succeeded" },
  });
});

test("the same write again joins the first, another one has to wait", async () => {
  const first = await sandbox.call("PUT", cluster("busy"), body());
  const same = await sandbox.call("PUT", cluster("busy"), body());
  expect(same.status).toBe(200);
  expect(same.headers.get("azure-asyncoperation")).toBe(first.headers.get("azure-asyncoperation"));
  expect(await sandbox.call("PUT", cluster("busy"), body(3))).toMatchObject({
    status: 409,
    body: { error: { code: "Conflict", message: expect.stringContaining("busy") } },
  });
  await sandbox.ended(first);
  const update = await sandbox.call("PUT", cluster("busy"), body(3));
  expect(update.body.properties.provisioningState).toBe("Updating");
  await sandbox.ended(update);
});

test("a delete takes time too, ends the write before it, and is done once", async () => {
  const made = await sandbox.call("PUT", cluster("doomed"), body());
  const deleted = await sandbox.call("DELETE", cluster("doomed"));
  expect(deleted.status).toBe(202);
  expect(await state(cluster("doomed"))).toBe("Deleting");
  const again = await sandbox.call("DELETE", cluster("doomed"));
  expect(again.headers.get("location")).toBe(deleted.headers.get("location"));
  expect((await sandbox.ended(deleted)).body.status).toBe("Succeeded");
  expect((await sandbox.call("GET", deleted.headers.get("location")!)).status).toBe(204);
  expect((await sandbox.call("GET", made.headers.get("azure-asyncoperation")!)).body.status).toBe("Canceled");
  expect((await sandbox.call("GET", cluster("doomed"))).status).toBe(404);
});

test("a workspace has its datastores when its operation ends, not before", async () => {
  const datastores = await sandbox.call("GET", `${workspace}/datastores`);
  expect(datastores.body.value.map((one: { name: string }) => one.name)).toEqual([
    "workspaceartifactstore",
    "workspaceblobstore",
    "workspacefilestore",
    "workspaceworkingdirectory",
  ]);
});

test.each(["killed", "stopped"])(
  "what was under way when the sandbox was %s is taken up again",
  async (how) => {
    const made: Answer[] = [await sandbox.call("PUT", cluster(`up-${how}`), body())];
    await sandbox.ended(await sandbox.call("PUT", cluster(`down-${how}`), body()));
    made.push(await sandbox.call("DELETE", cluster(`down-${how}`)));
    if (how === "killed") sandbox.kill();
    else process.kill(sandbox.info.pid, "SIGTERM");
    await sleep(300);
    await sandbox.restart();
    for (const one of made) expect((await sandbox.ended(one)).body.status).toBe("Succeeded");
    expect(await state(cluster(`up-${how}`))).toBe("Succeeded");
    expect((await sandbox.call("GET", cluster(`down-${how}`))).status).toBe(404);
  },
  30_000,
);
