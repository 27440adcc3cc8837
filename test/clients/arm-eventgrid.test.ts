// Event Grid of the sandbox, by Azure's own client: topics, subscriptions, handshake, retries, dead letters, a kill.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { EventGridManagementClient } from "@azure/arm-eventgrid";
import { BlobServiceClient } from "@azure/storage-blob";
import { setTimeout as sleep } from "node:timers/promises";
import { webhook, type Webhook } from "../../sandbox/events/testing.ts";
import { testSandbox, type TestSandbox, workspaceIn } from "../../sandbox/testing.ts";
import { kept, Notes } from "./kept.ts";
import { traced, versionOf } from "./traced.ts";

/** An hour passes in three seconds. */
const scale = 1200;
const group = "rgevents";
const location = "westeurope";

let sandbox: TestSandbox;
let client: EventGridManagementClient;
let workspaceId: string;
let hook: Webhook;
const notes = new Notes();

beforeAll(async () => {
  sandbox = await testSandbox({ profile: "azure", scale });
  const endpoint = sandbox.info.armEndpoint.replace(/\/$/, "");
  const options = { endpoint, credentialScopes: `${endpoint}/.default` };
  client = traced(new EventGridManagementClient(sandbox.credential, sandbox.info.subscriptionId, options), notes);
  workspaceId = await workspaceIn(sandbox, group);
  hook = await webhook(sandbox.dir);
}, 120_000);

afterAll(async () => {
  await hook.close();
  await sandbox.stop();
});

const soon = { updateIntervalInMs: 50 };
const destination = (url: string) => ({ endpointType: "WebHook" as const, endpointUrl: url });

/** Registers a version as `az ml model create` does. */
async function register(version: string): Promise<void> {
  const answer = await sandbox.call("PUT", `${workspaceId}/models/diabetes/versions/${version}`, {
    properties: {
      modelUri: `azureml://subscriptions/${sandbox.info.subscriptionId}/resourceGroups/${group}/workspaces/mlw-${group}/datastores/workspaceblobstore/paths/m`,
      modelType: "custom_model",
      tags: { area: "diabetes" },
    },
  });
  if (answer.status > 202) throw new Error(JSON.stringify(answer.body));
}

const versions = (one: Webhook): string[] => one.events().map(({ data }: { data: { modelVersion: string } }) => data.modelVersion);

test("a system topic on the workspace, a subscription with a handshake, and ModelRegistered as documented", async () => {
  const topic = await client.systemTopics.beginCreateOrUpdateAndWait(
    group,
    "evgt-one",
    { location, source: workspaceId, topicType: "Microsoft.MachineLearningServices.Workspaces" },
    soon,
  );
  expect(topic).toMatchObject({ source: workspaceId, provisioningState: "Succeeded", metricResourceId: expect.any(String) });
  await expect(
    client.systemTopics.beginCreateOrUpdateAndWait(
      group,
      "evgt-two",
      { location, source: workspaceId, topicType: "Microsoft.MachineLearningServices.Workspaces" },
      soon,
    ),
  ).rejects.toThrow(/Only one system topic/);

  const subscription = await client.systemTopicEventSubscriptions.beginCreateOrUpdateAndWait(
    group,
    "evgt-one",
    "models",
    {
      destination: destination(hook.url),
      filter: { includedEventTypes: ["Microsoft.MachineLearningServices.ModelRegistered"], subjectBeginsWith: "models/diabetes:" },
    },
    soon,
  );
  expect(subscription.provisioningState).toBe("Succeeded");
  expect(subscription.retryPolicy).toMatchObject({ maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 });
  // The key in the address is shown to nobody but to who asks for it.
  expect(JSON.stringify(subscription)).not.toContain("very-secret");
  expect(subscription.destination).toMatchObject({ endpointBaseUrl: hook.url.replace(/\?.*/, "") });
  expect((await client.systemTopicEventSubscriptions.getFullUrl(group, "evgt-one", "models")).endpointUrl).toBe(hook.url);
  expect(hook.received[0]).toMatchObject({
    headers: { "aeg-event-type": "SubscriptionValidation", "aeg-subscription-name": "MODELS" },
    body: [{ eventType: "Microsoft.EventGrid.SubscriptionValidationEvent", topic: workspaceId }],
  });

  await register("10");
  await hook.until(() => hook.events().length === 1);
  expect(hook.events()[0]).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    topic: workspaceId,
    subject: "models/diabetes:10",
    eventType: "Microsoft.MachineLearningServices.ModelRegistered",
    eventTime: expect.any(String),
    data: { modelName: "diabetes", modelVersion: "10", modelTags: { area: "diabetes" }, modelProperties: {} },
    dataVersion: "2",
    metadataVersion: "1",
  });
  expect(hook.received.at(-1)!.headers).toMatchObject({ "aeg-event-type": "Notification", "aeg-delivery-count": "0" });
  const types = await client.systemTopicEventSubscriptions.listBySystemTopic(group, "evgt-one").next();
  expect((types.value as { name: string }).name).toBe("models");
}, 60_000);

test("a webhook that answers 500 for an hour gets every event in the end, none twice once it is taken", async () => {
  hook.received.length = 0;
  const began = Date.now();
  hook.answer = () => (Date.now() - began < 3_600_000 / scale ? 500 : 200);
  await Promise.all(["11", "12"].map(register));
  await hook.until(
    () => new Set(versions(hook)).size === 2 && hook.received.slice(-2).every(({ at }) => at - began > 3_600_000 / scale),
    60,
  );
  const taken = hook.received.filter(({ at }) => at - began >= 3_600_000 / scale).flatMap(({ body }) => body as { subject: string }[]);
  expect(taken.map(({ subject }) => subject).toSorted()).toEqual(["models/diabetes:11", "models/diabetes:12"]);
  // 10 s, 30 s, 1, 5, 10, 30 minutes: some six attempts each in the hour, not hundreds.
  expect(hook.received.length).toBeGreaterThan(8);
  expect(hook.received.length).toBeLessThan(20);
  const count = hook.received.length;
  await sleep(500);
  expect(hook.received.length).toBe(count);
  hook.answer = 200;
}, 90_000);

test("what is owed survives kill -9, and is delivered after the restart", async () => {
  hook.received.length = 0;
  hook.answer = 503;
  await register("13");
  await hook.until(() => hook.events().length > 0);
  sandbox.kill();
  hook.answer = 200;
  await sleep(200);
  const before = hook.events().length;
  await sandbox.restart();
  await hook.until(() => hook.events().length > before);
  expect(versions(hook).at(-1)).toBe("13");
}, 60_000);

test("400 and used-up attempts go to the dead letters, with the reason", async () => {
  const account = `${sandbox.subscription}/resourceGroups/${group}/providers/Microsoft.Storage/storageAccounts/st${group}`;
  await sandbox.ended(await sandbox.call("PUT", `${account}/blobServices/default/containers/dead`, { properties: {} }));
  const dead = {
    deadLetterDestination: { endpointType: "StorageBlob" as const, resourceId: account, blobContainerName: "dead" },
  };
  const filter = { subjectBeginsWith: "models/" };
  hook.received.length = 0;
  for (const [name, maxDeliveryAttempts] of [
    ["refuses", 30],
    ["tries-two", 2],
  ] as const) {
    await client.systemTopicEventSubscriptions.beginCreateOrUpdateAndWait(
      group,
      "evgt-one",
      name,
      { destination: destination(`${hook.url}&to=${name}`), filter, ...dead, retryPolicy: { maxDeliveryAttempts } },
      soon,
    );
  }
  hook.answer = ({ path }) => (path.includes("refuses") ? 400 : path.includes("tries-two") ? 500 : 200);
  await register("14");
  await sandbox.grant("Storage Blob Data Reader", account);
  const blobs = new BlobServiceClient(`https://localhost:${sandbox.info.blobPort}/st${group}`, sandbox.credential);
  const found = new Map<string, { deadLetterReason: string; deliveryAttempts: number; lastDeliveryOutcome: string; subject: string }>();
  const until = Date.now() + 30_000;
  while (found.size < 2 && Date.now() < until) {
    await sleep(100);
    for await (const { name } of blobs.getContainerClient("dead").listBlobsFlat()) {
      const text = (await blobs.getContainerClient("dead").getBlobClient(name).downloadToBuffer()).toString("utf8");
      found.set(name.split("/")[1]!, (JSON.parse(text) as never)[0]);
    }
  }
  const shared = { subject: "models/diabetes:14", deadLetterReason: "MaxDeliveryAttemptsExceeded" };
  expect(found.get("REFUSES")).toMatchObject({ ...shared, deliveryAttempts: 1, lastDeliveryOutcome: "BadRequest" });
  expect(found.get("TRIES-TWO")).toMatchObject({ ...shared, deliveryAttempts: 2, lastDeliveryOutcome: "GenericError" });
  hook.answer = 200;
  for (const name of ["refuses", "tries-two"]) await client.systemTopicEventSubscriptions.beginDeleteAndWait(group, "evgt-one", name, soon);
}, 60_000);

test("a handshake by hand, one that fails, a webhook that is down, slow, or not of this machine", async () => {
  const create = async (name: string, url: string) =>
    await client.systemTopicEventSubscriptions.beginCreateOrUpdateAndWait(group, "evgt-one", name, { destination: destination(url) }, soon);
  let opened = "";
  hook.handshake = ({ data }) => {
    opened = data.validationUrl;
    return {};
  };
  const byHand = create("by-hand", hook.url);
  await hook.until(() => opened !== "");
  let state: string | undefined;
  while (state !== "AwaitingManualAction") {
    await sleep(20);
    state = (await client.systemTopicEventSubscriptions.get(group, "evgt-one", "by-hand")).provisioningState;
  }
  expect((await fetch(opened)).status).toBe(200);
  expect((await byHand).provisioningState).toBe("Succeeded");
  expect((await fetch(opened)).status).toBe(404);

  hook.handshake = () => ({ validationResponse: "something else" });
  const wrong = await create("wrong", hook.url).catch((error: Error) => error.message);
  expect(wrong).toMatch(/handshake failed for https:\/\/localhost:\d+\/hook: the validationResponse is not the code/);
  expect(wrong).not.toContain("very-secret");
  hook.handshake = ({ data }) => ({ validationResponse: data.validationCode });
  await expect(create("down", "https://localhost:1/x")).rejects.toThrow(/no answer/);
  await expect(create("far", "https://hooks.example.com/x")).rejects.toThrow(/calls nothing outside this machine/);
  await expect(create("plain", "http://localhost:1/x")).rejects.toThrow(/https/);
  await client.systemTopicEventSubscriptions.beginDeleteAndWait(group, "evgt-one", "by-hand", soon);
}, 60_000);

test("a custom topic: keys, Entra, filters, CloudEvents; its address and what it refuses", async () => {
  const topic = await client.topics.beginCreateOrUpdateAndWait(group, "evgt-release", { location }, soon);
  await client.eventSubscriptions.beginCreateOrUpdateAndWait(
    topic.id!,
    "cloud",
    {
      destination: destination(hook.url),
      eventDeliverySchema: "CloudEventSchemaV1_0",
      filter: { advancedFilters: [{ operatorType: "StringIn", key: "data.stage", values: ["prod"] }] },
    },
    soon,
  );
  const event = (stage: string) => ({
    id: stage,
    subject: `stages/${stage}/releases/diabetes-3`,
    eventType: "Mlops.Release.Live",
    eventTime: new Date().toISOString(),
    data: { stage },
    dataVersion: "1",
  });
  const publish = async (headers: Record<string, string>, body: unknown = [event("qa"), event("prod")]) =>
    await fetch(`${topic.endpoint}?api-version=2018-01-01`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  hook.received.length = 0;
  const { key1 } = await client.topics.listSharedAccessKeys(group, "evgt-release");
  expect((await publish({ "aeg-sas-key": key1! })).status).toBe(200);
  await hook.until(() => hook.events().length === 1);
  expect(hook.received.at(-1)!.headers["content-type"]).toBe("application/cloudevents+json; charset=utf-8");
  expect(hook.events()[0]).toMatchObject({ specversion: "1.0", type: "Mlops.Release.Live", source: topic.id, data: { stage: "prod" } });

  const bearer = { authorization: `Bearer ${await sandbox.token("https://eventgrid.azure.net")}` };
  expect((await publish(bearer, [event("prod")])).status).toBe(403);
  await sandbox.grant("EventGrid Data Sender", topic.id);
  // The profile of this sandbox lets an assignment take its time.
  let sent = 403;
  for (let i = 0; sent === 403 && i < 100; i++) sent = (await publish(bearer, [event("prod")])).status;
  expect(sent).toBe(200);
  await hook.until(() => hook.events().length === 2);
  expect((await publish({ authorization: `Bearer ${await sandbox.token("https://storage.azure.com")}` })).status).toBe(401);
  expect((await publish({ "aeg-sas-key": "wrong" })).status).toBe(401);
  const bad = await publish(bearer, [{ ...event("prod"), subject: undefined }]);
  expect([bad.status, await bad.text()]).toEqual([400, expect.stringContaining("'subject'")]);
  await client.topics.beginCreateOrUpdateAndWait(group, "evgt-release", { location, disableLocalAuth: true }, soon);
  expect((await publish({ "aeg-sas-key": key1! })).status).toBe(401);
}, 60_000);

test("what was seen is what the docs' table is made from", () => {
  const name = "@azure/arm-eventgrid";
  const [was, is] = kept("js.arm-eventgrid.events", { client: name, version: versionOf(name), operations: notes.operations });
  expect(was).toEqual(is);
});
