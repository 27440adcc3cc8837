// Logic Apps of the sandbox, by Azure's own client: what a workflow may say, how it runs, what it leaves behind.
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { LogicManagementClient } from "@azure/arm-logic";
import { setTimeout as sleep } from "node:timers/promises";
import { webhook, type Webhook } from "../../sandbox/events/testing.ts";
import { readOutbox } from "../../sandbox/mail/outbox.ts";
import { testSandbox, type TestSandbox } from "../../sandbox/testing.ts";

const group = "rglogic";
const location = "westeurope";
let sandbox: TestSandbox;
let client: LogicManagementClient;
let hook: Webhook;
let connectionId: string;

beforeAll(async () => {
  // A minute passes in a tenth of a second.
  sandbox = await testSandbox({ profile: "azure", scale: 600 });
  const endpoint = sandbox.info.armEndpoint.replace(/\/$/, "");
  client = new LogicManagementClient(sandbox.credential, sandbox.info.subscriptionId, {
    endpoint,
    credentialScopes: `${endpoint}/.default`,
  });
  hook = await webhook(sandbox.dir);
  const at = `${sandbox.subscription}/resourceGroups/${group}`;
  await sandbox.ended(await sandbox.call("PUT", at, { location }));
  connectionId = `${at}/providers/Microsoft.Web/connections/mail`;
  const connection = await sandbox.call("PUT", connectionId, {
    location,
    properties: {
      api: { id: `${sandbox.subscription}/providers/Microsoft.Web/locations/${location}/managedApis/acsemail` },
      parameterValues: { api_key: "endpoint=https://acs.communication.azure.com/;accesskey=verysecret" },
    },
  });
  if (connection.status !== 201) throw new Error(JSON.stringify(connection.body));
}, 120_000);

afterAll(async () => {
  await hook.close();
  await sandbox.stop();
});

const schema = "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#";
type Part = Record<string, unknown>;

async function write(name: string, actions: Part, more: { trigger?: Part; parameters?: Part; values?: Part } = {}): Promise<string> {
  await client.workflows.createOrUpdate(group, name, {
    location,
    definition: {
      $schema: schema,
      contentVersion: "1.0.0.0",
      parameters: more.parameters ?? {},
      triggers: { manual: { type: "Request", kind: "Http", ...more.trigger } },
      actions,
    },
    parameters: (more.values ?? {}) as never,
  });
  let state: string | undefined;
  for (let look = 0; state !== "Succeeded" && look < 100; look++) {
    state = (await client.workflows.get(group, name)).provisioningState;
    if (state !== "Succeeded") await sleep(20);
  }
  return (await client.workflowTriggers.listCallbackUrl(group, name, "manual")).value!;
}

const call = async (url: string, body: unknown): Promise<Response> =>
  await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

/** Waits until no run of the workflow is under way; gives the runs, newest first. */
async function runs(name: string, atLeast = 1): Promise<{ name: string; status: string; error?: Part }[]> {
  for (let look = 0; look < 400; look++) {
    const found: { name: string; status: string; error?: Part }[] = [];
    for await (const run of client.workflowRuns.list(group, name)) found.push(run as never);
    if (found.length >= atLeast && found.every(({ status }) => !["Running", "Waiting"].includes(status))) return found;
    await sleep(25);
  }
  throw new Error(`the runs of ${name} do not end`);
}

async function actions(name: string, run: string): Promise<Record<string, { status: string; error?: Part; outputs?: unknown }>> {
  const all = await sandbox.call(
    "GET",
    `${sandbox.subscription}/resourceGroups/${group}/providers/Microsoft.Logic/workflows/${name}/runs/${run}/actions`,
  );
  return Object.fromEntries((all.body.value as { name: string; properties: never }[]).map((one) => [one.name, one.properties]));
}

test("conditions, loops, expressions and an answer; the history tells what each action did", async () => {
  const url = await write("shapes", {
    Kind: {
      type: "Switch",
      expression: "@triggerBody()?['kind']",
      cases: { a: { case: "a", actions: { Is_a: { type: "Compose", inputs: "is a" } } } },
      default: { actions: { Is_other: { type: "Compose", inputs: "is other" } } },
    },
    Big: {
      type: "If",
      expression: { and: [{ greater: ["@length(triggerBody()?['items'])", 1] }, { not: { equals: ["@triggerBody()?['kind']", "b"] } }] },
      actions: { Yes: { type: "Compose", inputs: "big" } },
      else: { actions: { No: { type: "Compose", inputs: "small" } } },
    },
    Each: {
      type: "Foreach",
      foreach: "@triggerBody()?['items']",
      actions: { Line: { type: "Compose", inputs: "@{toUpper(item())} of @{items('Each')}" } },
    },
    Lines: { type: "Select", inputs: { from: "@triggerBody()?['items']", select: { name: "@item()" } } },
    Some: {
      type: "Query",
      inputs: { from: "@body('Lines')", where: "@not(equals(item()?['name'], 'x'))" },
      runAfter: { Lines: ["Succeeded"] },
    },
    Answer: {
      type: "Response",
      kind: "Http",
      runAfter: { Kind: ["Succeeded"], Big: ["Succeeded"], Each: ["Succeeded"], Some: ["Succeeded"] },
      inputs: { statusCode: 201, headers: { "x-kind": "@outputs('Is_a')" }, body: { size: "@outputs('Yes')", some: "@body('Some')" } },
    },
  });
  const answer = await call(url, { kind: "a", items: ["x", "y"] });
  expect([answer.status, answer.headers.get("x-kind"), await answer.json()]).toEqual([201, "is a", { size: "big", some: [{ name: "y" }] }]);
  const [run] = await runs("shapes");
  expect(run!.status).toBe("Succeeded");
  const done = await actions("shapes", run!.name);
  expect(done["Line#0"]).toMatchObject({ status: "Succeeded", outputs: "X of x" });
  expect(Object.keys(done)).toEqual(expect.arrayContaining(["Is_a", "Yes", "Line#1", "Some", "Answer"]));
  expect(Object.keys(done)).not.toContain("No");
  const unsigned = await call(url.replace(/sig=[^&]+/, "sig=x"), {});
  expect([unsigned.status, await unsigned.text()]).toEqual([401, expect.stringContaining("DirectApiAuthorizationRequired")]);
});

test("what fails is caught by runAfter, or fails the run; Terminate ends it", async () => {
  const url = await write("fails", {
    Ask: { type: "Http", inputs: { method: "GET", uri: hook.url, retryPolicy: { type: "fixed", count: 2, interval: "PT20S" } } },
    Caught: { type: "Compose", inputs: "caught @{actions('Ask')?['status']}", runAfter: { Ask: ["Failed", "TimedOut"] } },
    Never: { type: "Compose", inputs: "x", runAfter: { Ask: ["Succeeded"] } },
    Wrong: { type: "Compose", inputs: "@triggerBody()['nothing']", runAfter: { Caught: ["Succeeded"] } },
  });
  hook.answer = 503;
  hook.received.length = 0;
  expect((await call(url, {})).status).toBe(202);
  const [run] = await runs("fails");
  expect(run).toMatchObject({ status: "Failed", error: { message: "An action failed: Ask." } });
  const done = await actions("fails", run!.name);
  expect(done).toMatchObject({
    Ask: { status: "Failed", outputs: { statusCode: 503 } },
    Caught: { status: "Succeeded", outputs: "caught Failed" },
    Never: { status: "Skipped" },
    Wrong: { status: "Failed", error: { code: "InvalidTemplate", message: expect.stringContaining("no property 'nothing'") } },
  });
  expect(hook.received.length).toBe(3);
  hook.answer = 200;
  const stop = await write("stops", { Stop: { type: "Terminate", inputs: { runStatus: "Cancelled" } } });
  await call(stop, {});
  expect((await runs("stops"))[0]!.status).toBe("Cancelled");
});

test("mail lands in the outbox, and so does what would leave this machine; secrets are nowhere to be read", async () => {
  const parameters = { $connections: { type: "Object", defaultValue: {} }, url: { type: "SecureString" } };
  const secret = "https://hooks.example.com/services/T0/B0/topsecret";
  const hidden = { runtimeConfiguration: { secureData: { properties: ["inputs"] } } };
  const url = await write(
    "tells",
    {
      Mail: {
        type: "ApiConnection",
        inputs: {
          host: { connection: { name: "@parameters('$connections')['acsemail']['connectionId']" } },
          method: "post",
          path: "/emails:sendGAVersion",
          queries: { "api-version": "2023-03-31" },
          body: {
            senderAddress: "DoNotReply@example.com",
            recipients: { to: [{ address: "ann@example.com" }] },
            content: { subject: "Model @{triggerBody()?['name']}", html: "<p>@{triggerBody()?['name']}</p>" },
          },
        },
      },
      Post: { type: "Http", inputs: { method: "POST", uri: "@parameters('url')", body: { text: "hi" } }, ...hidden },
    },
    { parameters, values: { $connections: { value: { acsemail: { connectionId } } }, url: { value: secret } } },
  );
  await call(url, { name: "diabetes:10" });
  const [run] = await runs("tells");
  expect(run).toMatchObject({ status: "Succeeded" });
  expect(readOutbox(sandbox.dir)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        from: "workflow tells",
        to: ["ann@example.com"],
        subject: "Model diabetes:10",
        body: "<p>diabetes:10</p>",
      }),
      expect.objectContaining({ to: ["POST hooks.example.com"], body: '{"text":"hi"}' }),
    ]),
  );
  const shown = JSON.stringify([
    await client.workflows.get(group, "tells"),
    await actions("tells", run!.name),
    (await sandbox.call("GET", `${connectionId}?api-version=2016-06-01`)).body,
    readOutbox(sandbox.dir),
  ]);
  expect(shown).not.toMatch(/topsecret|verysecret/);
  expect((await client.workflows.get(group, "tells")).parameters).toMatchObject({ url: { type: "SecureString" } });
});

test("one run at a time, one waiting, 429 for the rest; Wait holds the place, and a kill loses nothing", async () => {
  const url = await write(
    "slowly",
    {
      Tell: { type: "Http", inputs: { method: "POST", uri: hook.url, body: "@triggerBody()" } },
      Quiet: { type: "Wait", inputs: { interval: { count: 10, unit: "Minute" } }, runAfter: { Tell: ["Succeeded"] } },
      End: {
        type: "Http",
        inputs: { method: "POST", uri: `${hook.url}&end=1`, body: "@triggerBody()" },
        runAfter: { Quiet: ["Succeeded"] },
      },
    },
    { trigger: { runtimeConfiguration: { concurrency: { runs: 1, maximumWaitingRuns: 1 } } } },
  );
  hook.received.length = 0;
  const statuses = [];
  for (const n of [1, 2, 3, 4]) statuses.push((await call(url, { n })).status);
  expect(statuses).toEqual([202, 202, 429, 429]);
  await hook.until(() => hook.received.length === 1);
  sandbox.kill();
  await sleep(100);
  await sandbox.restart();
  for (const run of await runs("slowly", 2)) expect([run, await actions("slowly", run.name)]).toMatchObject([{ status: "Succeeded" }, {}]);
  const heard = hook.received.map(({ path, body }) => `${path.includes("end=1") ? "end" : "tell"} ${(body as { n: number }).n}`);
  // The request that was under way at the kill may have been sent twice.
  expect([...new Set(heard)]).toEqual(["tell 1", "end 1", "tell 2", "end 2"]);
  expect(heard.length).toBeLessThanOrEqual(5);
}, 60_000);

describe("refused when it is written", () => {
  const compose = { A: { type: "Compose", inputs: "x" } };
  test.each<[string, () => Promise<unknown>, RegExp]>([
    [
      "an action of another type",
      () => write("no", { A: { type: "JavaScriptCode", inputs: {} } }),
      /does not model actions of type 'JavaScriptCode' \('A'\)/,
    ],
    [
      "a function it does not know",
      () => write("no", { A: { type: "Compose", inputs: "@xpath('a', 'b')" } }),
      /does not model the function 'xpath' \(action 'A'\)/,
    ],
    [
      "an expression with a slip",
      () => write("no", { A: { type: "Compose", inputs: "@concat('a'" } }),
      /action 'A': 'concat\('a'': '\)' is missing at the end/,
    ],
    ["another trigger", () => write("no", compose, { trigger: { type: "Recurrence" } }), /does not model triggers of type 'Recurrence'/],
    [
      "an input it would not heed",
      () => write("no", { A: { type: "Http", inputs: { method: "GET", uri: "https://localhost", authentication: {} } } }),
      /'authentication' in the inputs of action 'A'/,
    ],
    [
      "a place in the order that is not there",
      () => write("no", { A: { ...compose.A, runAfter: { B: ["Succeeded"] } } }),
      /runs after 'B', which is not there/,
    ],
    [
      "actions that wait for each other",
      () => write("no", { A: { ...compose.A, runAfter: { B: ["Succeeded"] } }, B: { ...compose.A, runAfter: { A: ["Succeeded"] } } }),
      /A → B → A wait for each other/,
    ],
    [
      "a parameter without a value",
      () => write("no", compose, { parameters: { p: { type: "String" } } }),
      /parameter 'p' .* neither a value nor a default/,
    ],
    [
      "another connector",
      async () => {
        const answer = await sandbox.call("PUT", connectionId.replace(/mail$/, "other"), {
          location,
          properties: { api: { id: "/x/managedApis/office365" } },
        });
        throw new Error(JSON.stringify(answer.body));
      },
      /does not model the connector 'office365'/,
    ],
  ])("%s", async (_what, attempt, message) => {
    await expect(attempt()).rejects.toThrow(message);
  });
});
