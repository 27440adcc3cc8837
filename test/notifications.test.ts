// Notifications as a stage has them: set by config, made by `pulumi up`, told by what happens; and the bad days of whoever listens.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, type Azure } from "../azure/client.ts";
import { openHistory, type History } from "../release/flow/release/history.ts";
import { eventNow } from "../release/core/history.ts";
import { body } from "../release/core/manifest.fixture.ts";
import { sealed } from "../release/core/manifest.ts";
import { pulumiFor } from "../release/pulumi.ts";
import { webhook, type Webhook } from "../sandbox/events/testing.ts";
import type { Mail } from "../sandbox/mail/outbox.ts";
import { type Checkout, copyCheckout, type Ran } from "./checkout.ts";

/** An hour passes in three seconds. */
const scale = 1200;
const hour = 3_600_000 / scale;
const dan = { id: "1", name: "dan", kind: "user" } as const;

let checkout: Checkout;
let hook: Webhook;
let azure: Azure;
let history: History;
const said: string[] = [];

const succeeded = (ran: Ran): Ran => {
  if (ran.code !== 0) throw new Error(`exit code ${ran.code}\n${ran.stderr.slice(-6000)}\n${ran.stdout.slice(-2000)}`);
  return ran;
};
const set = async (path: string, value: string, secret = false): Promise<void> =>
  void succeeded(
    await checkout.pulumi(
      "config",
      "set",
      ...(secret ? ["--secret"] : []),
      "--path",
      `azure-mlops:notifications.${path}`,
      value,
      "--stack",
      "qa",
    ),
  );
const outbox = async (): Promise<Mail[]> =>
  JSON.parse(succeeded(await checkout.mlops("sandbox", "outbox", "--json", "--last", "100")).stdout) as Mail[];
/** The outbox, once `enough` of it holds. */
async function arrived(enough: (all: Mail[]) => boolean): Promise<Mail[]> {
  for (let look = 0; look < 60; look++) {
    const all = await outbox();
    if (enough(all)) return all;
    await sleep(200);
  }
  throw new Error(`not in the outbox: ${JSON.stringify(await outbox(), undefined, 1)}`);
}
const told = (): { eventType: string; subject: string; id: string; data: { reason: string } }[] =>
  hook.events().flatMap(({ events }: { events: never[] }) => events);

beforeAll(async () => {
  checkout = copyCheckout();
  succeeded(await checkout.mlops("sandbox", "start", "--profile", "azure", "--scale", String(scale)));
  const dir = join(checkout.dir, ".sandbox");
  // Makes the stacks and installs the sandbox's providers, as in a shell of one's own.
  const env = {
    ...process.env,
    ...(JSON.parse(succeeded(await checkout.mlops("sandbox", "env", "--json")).stdout) as Record<string, string>),
  };
  setDefaultCACertificates([...getCACertificates("default"), readFileSync(join(dir, "ca.pem"), "utf8")]);
  hook = await webhook(dir);
  for (const [path, value] of [
    ["team.kind", "mail"],
    ["team.to[0]", "ann@example.com"],
    ["team.from", "DoNotReply@example.com"],
    ["team.on[0]", "modelRegistered"],
    ["team.on[1]", "live"],
    ["chat.kind", "slack"],
    ["ops.kind", "webhook"],
  ])
    await set(path!, value!);
  await set("team.connectionString", "endpoint=https://acs.example.com/;accesskey=very-secret", true);
  await set("chat.url", "https://hooks.slack.com/services/very-secret", true);
  await set("ops.url", hook.url, true);
  for (const stack of ["shared", "qa"]) succeeded(await checkout.pulumi("up", "--yes", "--skip-preview", "--stack", stack));
  azure = await connect(env);
  const out = { json: false, progress: (line: string) => void said.push(line), print: () => undefined, result: () => undefined };
  const pulumi = pulumiFor({ repo: checkout.dir, signal: new AbortController().signal, out }, { kind: "sandbox", env } as never);
  history = await openHistory(pulumi, { kind: "sandbox", env } as never, out);
}, 300_000);

afterAll(async () => {
  await hook.close();
  await checkout.dispose();
}, 60_000);

test("a second preview shows no changes, and no key stands in the state", async () => {
  succeeded(await checkout.pulumi("preview", "--stack", "qa", "--expect-no-changes"));
  expect(succeeded(await checkout.pulumi("stack", "export", "--stack", "qa")).stdout).not.toContain("very-secret");
  expect(readFileSync(join(checkout.dir, "Pulumi.qa.yaml"), "utf8")).not.toContain("very-secret");
}, 120_000);

test("a channel whose key stands in the file in plain is refused", async () => {
  await set("ops.url", hook.url);
  await set("team.connectionString", "endpoint=https://acs.example.com/;accesskey=very-secret");
  await set("chat.url", "https://hooks.slack.com/services/very-secret");
  const ran = await checkout.pulumi("preview", "--stack", "qa");
  expect(ran.code).not.toBe(0);
  expect(ran.stdout + ran.stderr).toMatch(/azure-mlops:notifications holds a key and is no secret/);
  await set("team.connectionString", "endpoint=https://acs.example.com/;accesskey=very-secret", true);
  await set("chat.url", "https://hooks.slack.com/services/very-secret", true);
  await set("ops.url", hook.url, true);
}, 120_000);

test("who is told of what: mail with model, metrics, who and links; chat; webhook", async () => {
  const manifest = sealed(body);
  await history.put(manifest, [eventNow("gated", dan, { passed: true })], (there) => there);
  await history.add(
    manifest.id,
    eventNow("deployed", dan, { stage: "qa", note: "slot blue" }),
    eventNow("tested", dan, { stage: "qa", passed: true }),
  );
  await azure.put(
    `/subscriptions/${azure.subscriptionId}/resourceGroups/rg-mlops-qa/providers/Microsoft.MachineLearningServices/workspaces/mlw-mlops-qa/models/diabetes/versions/11`,
    { properties: { modelUri: "azureml://datastores/workspaceblobstore/paths/m", modelType: "custom_model" } },
    { apiVersion: "2024-10-01" },
  );
  const all = await arrived((found) => found.filter(({ from }) => from === "workflow logic-mlops-qa-team").length === 2);
  const mails = all.filter(({ to }) => to[0] === "ann@example.com");
  expect(mails.map(({ subject }) => subject).toSorted()).toEqual([
    "Model diabetes:11 was registered in mlw-mlops-qa",
    "diabetes:10 is live in qa",
  ]);
  const live = mails.find(({ subject }) => subject.includes("live"))!;
  expect(live.body).toContain("metrics: rmse 53.4; by dan; slot blue");
  expect(live.body).toMatch(/<a href="https:\/\/localhost:\d+\/subscriptions\/s\/jobs\/j">run<\/a>/);
  const chat = all.find(({ from }) => from === "workflow logic-mlops-qa-chat")!;
  expect(chat).toMatchObject({ to: ["POST hooks.slack.com"], body: expect.stringContaining("*diabetes:10 is live in qa*") });
  // Waiting for approval is prod's business, and prod has its own channels.
  await hook.until(() => told().length === 1);
  expect(hook.events()[0]).toMatchObject({ title: "diabetes:10 is live in qa", events: [{ subject: "stages/qa/releases/diabetes-10" }] });
  expect(said).toEqual([]);
}, 60_000);

test("a webhook that answers 500 for an hour: no release waits for it, and it hears of everything in the end", async () => {
  hook.received.length = 0;
  const began = Date.now();
  hook.answer = () => (Date.now() - began < hour ? 500 : 200);
  const took: number[] = [];
  for (const note of ["one", "two", "three"]) {
    const start = Date.now();
    await history.add("diabetes-10", eventNow("failed", dan, { stage: "qa", note }));
    took.push(Date.now() - start);
  }
  expect(Math.max(...took)).toBeLessThan(4000);
  const heard = (): string[] =>
    hook.received
      .filter(({ at }) => at - began >= hour)
      .flatMap(({ body: sent }) => (sent as { events: { data: { reason: string } }[] }).events.map(({ data }) => data.reason));
  await hook.until(() => new Set(heard()).size === 3, 60);
  expect(heard().toSorted()).toEqual(["one", "three", "two"]);
  expect(said).toEqual([]);
}, 120_000);

test("a storm becomes a few messages, in which nothing is missing", async () => {
  hook.received.length = 0;
  hook.answer = 200;
  const notes = Array.from({ length: 60 }, (_, index) => `storm ${index}`);
  await history.add("diabetes-10", ...notes.map((note) => eventNow("failed", dan, { stage: "qa", note })));
  await hook.until(() => new Set(told().map(({ data }) => data.reason)).size === 60, 60);
  expect(hook.received.length).toBeLessThan(20);
  expect(hook.events().some(({ title }: { title: string }) => /^\d+ notices: diabetes:10 failed in qa/.test(title))).toBe(true);
}, 120_000);

test("the same event twice has the same id, so that whoever hears it twice can tell", async () => {
  hook.received.length = 0;
  const twice = eventNow("failed", dan, { stage: "qa", note: "twice" });
  await history.notifier!.tell(sealed(body), [{ kind: "deploymentFailed", stage: "qa", by: dan, at: twice.at, note: "twice" }]);
  await history.add("diabetes-10", twice);
  await hook.until(() => told().length >= 2);
  expect(new Set(told().map(({ id }) => id)).size).toBe(1);
}, 60_000);

test("Event Grid gone: the release goes on, with a warning", async () => {
  const { resources } = {
    resources: `/subscriptions/${azure.subscriptionId}/resourceGroups/rg-mlops-shared/providers/Microsoft.EventGrid/topics`,
  };
  for await (const topic of azure.list<{ id: string }>(resources, { apiVersion: "2025-02-15" }))
    await azure.delete(topic.id, { apiVersion: "2025-02-15" });
  const before = Date.now();
  await history.add("diabetes-10", eventNow("failed", dan, { stage: "qa", note: "untold" }));
  expect(Date.now() - before).toBeLessThan(5000);
  expect(said.join("\n")).toMatch(/notify deploymentFailed of diabetes-10 could not be told: .*\nnotify the release goes on/);
  expect((await history.release("diabetes-10"))!.events.at(-1)!.note).toBe("untold");
}, 60_000);
