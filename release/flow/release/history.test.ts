// The history on the real blob protocol: two writers at once, a hold that only one has, a holder that was killed.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../../../azure/client.ts";
import { openDocuments } from "../../../azure/documents.ts";
import { testSandbox, type TestSandbox } from "../../../sandbox/testing.ts";
import { eventNow, stageState } from "../../core/history.ts";
import { HistoryBackup } from "../../core/historyBackup.ts";
import { body } from "../../core/manifest.fixture.ts";
import { sealed } from "../../core/manifest.ts";
import { emptyStage } from "../../core/stageRecord.ts";
import { backUp, restore } from "../destroy/backup.ts";
import { endStage } from "../destroy/endStage.ts";
import { History } from "./history.ts";
import { holderHere } from "./holder.ts";

let sandbox: TestSandbox;
const dan = { id: "1", name: "dan", kind: "user" } as const;

/** A connection of its own, as another process would have. */
async function open(prefix = "t"): Promise<History> {
  const { tenantId, subscriptionId, clientId, clientSecretFile, metadataUrl, armEndpoint } = sandbox.info;
  const secret = readFileSync(clientSecretFile, "utf8");
  const env = {
    AZURE_TENANT_ID: tenantId,
    AZURE_SUBSCRIPTION_ID: subscriptionId,
    AZURE_CLIENT_ID: clientId,
    AZURE_CLIENT_SECRET: secret,
    ARM_CLOUD_METADATA_URL: metadataUrl,
    AZURE_AUTHORITY_HOST: armEndpoint,
  };
  return History.at(await connect(env), {
    ...{ account: "sthistory", releases: `${prefix}-releases`, approvals: `${prefix}-approvals` },
    keyId: undefined,
  });
}
const quiet = { signal: new AbortController().signal, say: () => undefined };

beforeAll(async () => {
  sandbox = await testSandbox();
  const account = `${sandbox.subscription}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/sthistory`;
  await sandbox.call("PUT", `${sandbox.subscription}/resourceGroups/rg`, { location: "westeurope" });
  await sandbox.call("PUT", account, {
    location: "westeurope",
    kind: "StorageV2",
    sku: { name: "Standard_LRS" },
    properties: { allowSharedKeyAccess: false },
  });
  await sandbox.grant("Storage Blob Data Contributor", account);
  for (const name of ["t-releases", "t-approvals", "new-releases", "new-approvals"])
    await sandbox.call("PUT", `${account}/blobServices/default/containers/${name}`, { properties: {} });
}, 60_000);
afterAll(() => sandbox.stop());

test("ten events from five writers at once are all there", async () => {
  const manifest = sealed(body);
  const writers = await Promise.all(Array.from({ length: 5 }, () => open()));
  await Promise.all(writers.map((writer) => writer.put(manifest, [eventNow("gated", dan, { passed: true })], (there) => there)));
  await Promise.all(
    writers.flatMap((writer, i) =>
      [0, 1].map((j) => writer.add(manifest.id, eventNow("receipt", dan, { stage: "qa", note: `${i}-${j}` }))),
    ),
  );
  const record = await writers[0]!.release(manifest.id);
  expect(record?.events.filter(({ kind }) => kind === "gated")).toHaveLength(1);
  expect(record?.events.flatMap(({ note }) => note ?? []).toSorted()).toEqual([0, 1, 2, 3, 4].flatMap((i) => [`${i}-0`, `${i}-1`]));
  expect((await writers[0]!.releases()).map((one) => one.manifest.id)).toEqual([manifest.id]);
  await expect(writers[0]!.add("nobody-1", eventNow("shared", dan))).rejects.toThrow(/no release nobody-1/);
}, 60_000);

test("a history that is lost comes back from its backup; what is there stays as it is", async () => {
  const [old, fresh] = await Promise.all([open(), open("new")]);
  const manifest = sealed(body);
  await old.put(manifest, [eventNow("gated", dan, { passed: true })], (there) => there);
  const { id, digest } = manifest;
  const now = new Date().toISOString();
  const approval = { release: id, digest, stage: "prod", decision: "approved", by: dan, at: now, expires: now } as const;
  await old.approve(approval);
  await endStage(old, "prod", "nothing served");
  const file = join(mkdtempSync(join(tmpdir(), "mlops-backup-")), "deeper", "history.json");
  await backUp(old, "shared", file);
  const backup = HistoryBackup.parse(JSON.parse(readFileSync(file, "utf8")));
  expect(await restore(fresh, backup)).toEqual({ releases: [id], approvals: 1 });
  expect((await fresh.release(id))!.events).toEqual((await old.release(id))!.events);
  expect(await fresh.approvals(id, "prod")).toEqual([approval]);
  await fresh.add(id, eventNow("shared", dan));
  expect(await restore(fresh, backup)).toEqual({ releases: [], approvals: 0 });
  expect((await fresh.release(id))!.events.at(-1)!.kind).toBe("shared");
});

test("a stage that was destroyed serves nothing, and its releases know it", async () => {
  const history = await open("new");
  const manifest = sealed(body);
  await history.put(manifest, [eventNow("deployed", dan, { stage: "qa" })], (there) => there);
  const version = manifest.model.version;
  await history.putStage({
    ...emptyStage("qa"),
    plan: { live: "blue", versions: { blue: version } },
    releases: { [version]: { release: manifest.id, digest: manifest.digest, model: manifest.model.name } },
  });
  await endStage(history, "qa", "the stage was destroyed");
  await endStage(history, "qa", "the stage was destroyed");
  expect(await history.stage("qa")).toEqual(emptyStage("qa"));
  const events = (await history.release(manifest.id))!.events.filter(({ kind }) => kind === "ended");
  expect(events).toMatchObject([{ stage: "qa", note: "the stage was destroyed" }]);
  expect(stageState((await history.release(manifest.id))!.events, "qa")).toBe("ended");
});

test("a stage is held by one: the second waits for the first, or is turned away", async () => {
  const [one, two] = await Promise.all([open(), open()]);
  const order: string[] = [];
  const first = one.holding("prod", { wait: 0, ...quiet }, async () => {
    order.push("one begins");
    await sleep(1500);
    order.push("one ends");
  });
  while (order.length === 0) await sleep(10);
  await expect(two.holding("prod", { wait: 0, ...quiet }, async () => order.push("never"))).rejects.toThrow(
    /prod is being changed by another run/,
  );
  await two.holding("qa", { wait: 0, ...quiet }, async () => order.push("another stage is free"));
  await two.holding("prod", { wait: 30, ...quiet }, async () => order.push("two begins"));
  await first;
  expect(order).toEqual(["one begins", "another stage is free", "one ends", "two begins"]);
}, 60_000);

test("a holder that was killed lets go by itself", async () => {
  const { azure } = await open();
  const documents = await openDocuments(azure, "sthistory", "t-releases");
  // Nobody renews it: the shortest lease there is stands for one whose process is gone, on a machine that nobody knows here.
  expect(await documents.lease("locks/auto", 15, () => "")).toBeDefined();
  const history = await open();
  const began = Date.now();
  await history.holding("auto", { wait: 40, ...quiet }, async () => undefined);
  expect(Date.now() - began).toBeGreaterThan(5_000);
}, 60_000);

test("a holder that was killed on this machine is known to be dead: nobody waits for it, and another's hold stays", async () => {
  const [{ azure }, history] = await Promise.all([open(), open()]);
  const documents = await openDocuments(azure, "sthistory", "t-releases");
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  const lease = (path: string, pid: number) => documents.lease(path, 60, (id) => JSON.stringify({ ...holderHere("dan", id), pid }));
  await lease("locks/qa", dead);
  const said: string[] = [];
  await history.holding("qa", { wait: 0, ...quiet, say: (line) => said.push(line) }, async () => undefined);
  expect(said.join()).toMatch(/the run of dan on .* was killed; its hold is ended/);

  await lease("locks/qa", process.ppid);
  await expect(history.holding("qa", { wait: 0, ...quiet }, async () => undefined)).rejects.toThrow(/by another run, of dan on /);
  const { text } = (await documents.read("locks/qa"))!;
  await documents.endLease("locks/qa", "00000000-0000-4000-8000-000000000000");
  expect(await documents.lease("locks/qa", 60, () => "")).toBeUndefined();
  expect((await documents.read("locks/qa"))?.text).toBe(text);
}, 60_000);

test("a document is written only over what was read", async () => {
  const { azure } = await open();
  const documents = await openDocuments(azure, "sthistory", "t-releases");
  await documents.write("x", "1", "new");
  await documents.write("x", "1", "new");
  await expect(documents.write("x", "2", "new")).rejects.toThrow(/by somebody else/);
  const { etag } = (await documents.read("x"))!;
  await documents.write("x", "2", { etag });
  await expect(documents.write("x", "3", { etag })).rejects.toThrow(/by somebody else/);
  expect((await documents.read("x"))?.text).toBe("2");
  expect(await documents.read("y")).toBeUndefined();
}, 60_000);

test("a stage's record, and one person's word over their earlier one", async () => {
  const history = await open();
  expect(await history.stage("prod")).toEqual(emptyStage("prod"));
  const approval = {
    release: "m-1",
    digest: "a".repeat(64),
    stage: "prod",
    decision: "approved",
    by: dan,
    at: "2026-05-01T12:00:00Z",
    expires: "2026-05-02T12:00:00Z",
  } as const;
  await history.approve(approval);
  await history.approve({ ...approval, decision: "rejected", reason: "no" });
  await history.approve({ ...approval, by: { ...dan, id: "2" } });
  expect((await history.approvals("m-1", "prod")).map(({ decision }) => decision)).toEqual(["rejected", "approved"]);
  expect(await history.approvals("m-1", "qa")).toEqual([]);
  // A release whose name begins like another's has approvals of its own.
  expect(await history.approvals("m", "prod")).toEqual([]);
}, 60_000);
