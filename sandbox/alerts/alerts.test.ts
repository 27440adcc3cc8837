// Metric alerts: what a rule may say, when it fires and is over, whom it tells, and that a storm of them does not bury anybody.
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { DatabaseSync } from "node:sqlite";
import type { ArmResource, SandboxContext } from "../core.ts";
import { mailsOf } from "../mail/outbox.ts";
import { openResources } from "../state/resources.ts";
import { testSandbox, workspaceIn, type Answer, type TestSandbox } from "../testing.ts";
import { AlertWatch, alertsOf } from "./watch.ts";

const minute = 60_000;
const at = "/subscriptions/s/resourceGroups/g/providers";
const endpoint = `${at}/Microsoft.MachineLearningServices/workspaces/w/onlineEndpoints/e`;
const criterion = { name: "slow", metricName: "RequestLatency_P95", operator: "GreaterThan", threshold: 500, timeAggregation: "Average" };
const properties = {
  ...{
    severity: 2,
    enabled: true,
    scopes: [endpoint],
    evaluationFrequency: "PT1M",
    windowSize: "PT5M",
    autoMitigate: true,
    description: "too slow",
  },
  criteria: { "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria", allOf: [criterion] },
};

/** A watch over what `values` says at the moment; one rule, one group with two addresses. */
let sandbox: SandboxContext;
let watch: AlertWatch;
let values: number[];
let rule: ArmResource;
let now: number;
beforeEach(() => {
  const db = new DatabaseSync(":memory:");
  const resources = openResources(db);
  sandbox = { db, resources, log: () => undefined } as unknown as SandboxContext;
  const put = (id: string, more: object): ArmResource =>
    resources.put({ id, name: id.split("/").at(-1)!, type: id.split("/").slice(-3, -1).join("/"), properties: {}, ...more });
  put(endpoint, {});
  const emailReceivers = ["ann", "bob"].map((name) => ({ name, emailAddress: `${name}@example.com` }));
  const group = put(`${at}/Microsoft.Insights/actionGroups/people`, {
    properties: { enabled: true, emailReceivers, webhookReceivers: [], logicAppReceivers: [] },
  });
  rule = put(`${at}/Microsoft.Insights/metricAlerts/latency`, { properties: { ...properties, actions: [{ actionGroupId: group.id }] } });
  watch = new AlertWatch(sandbox, async () => await Promise.resolve([{ dimensions: { deployment: "blue" }, values }]));
  now = Date.now();
});
const minutes = async (...measured: number[][]): Promise<void> => {
  for (values of measured) await watch.tick((now += minute));
};
const subjects = (): string[] =>
  mailsOf(sandbox)
    .filter(({ to }) => to[0] === "ann@example.com")
    .map(({ subject }) => subject);

test("fires once, stays, is resolved after three good evaluations, fires anew", async () => {
  await minutes([1], [900], [950]);
  expect(alertsOf(sandbox)).toEqual([expect.objectContaining({ condition: "Fired", dimensions: { deployment: "blue" } })]);
  const [first] = alertsOf(sandbox);
  await minutes([100], [100]);
  expect(alertsOf(sandbox)[0]).toMatchObject({ condition: "Fired", good: 2, id: first!.id });
  await minutes([100]);
  expect(alertsOf(sandbox)[0]).toMatchObject({ condition: "Resolved", id: first!.id });
  await minutes([900]);
  expect(alertsOf(sandbox)[0]!.id).not.toBe(first!.id);
  expect(subjects()).toEqual(["Fired: Sev2 latency", "Resolved: Sev2 latency", "Fired: Sev2 latency"]);
  expect(mailsOf(sandbox)[0]).toMatchObject({
    to: ["ann@example.com"],
    body: expect.stringContaining("RequestLatency_P95 (Average) is 900, alert when GreaterThan 500"),
  });
});

test("minutes without a measurement change nothing; one good minute in between starts the count again", async () => {
  await minutes([], [900], [], [], [], [], [100], [900], [100], [100]);
  expect(alertsOf(sandbox)[0]).toMatchObject({ condition: "Fired", good: 2 });
});

test("alert storm: a hundred mails an hour to an address, the last of which says so", async () => {
  sandbox.resources.put({ ...rule, properties: { ...rule.properties, autoMitigate: false } });
  await minutes(...Array.from({ length: 250 }, () => [900]));
  const mails = mailsOf(sandbox).filter(({ to }) => to[0] === "ann@example.com");
  expect(mails).toHaveLength(100);
  expect(mails.at(-1)!.body).toContain("no more are sent");
  expect(alertsOf(sandbox)).toHaveLength(1);
});

test("a watch that starts again goes on with what fired", async () => {
  await minutes([1], [900]);
  watch = new AlertWatch(sandbox, async () => await Promise.resolve([{ dimensions: { deployment: "blue" }, values }]));
  await minutes([900], [900]);
  expect(subjects()).toEqual(["Fired: Sev2 latency"]);
});

let real: TestSandbox;
let workspace: string;
beforeAll(async () => {
  real = await testSandbox();
  workspace = await workspaceIn(real, "alerts");
}, 60_000);
afterAll(async () => await real?.stop());

const put = async (type: string, name: string, body: object): Promise<Answer> =>
  await real.call("PUT", `${workspace.split("/providers/")[0]}/providers/Microsoft.Insights/${type}/${name}?api-version=2018-03-01`, body);

test("over Resource Manager: group, rule on the quota that has room, no alerts yet, workbook", async () => {
  const group = await put("actionGroups", "people", {
    location: "global",
    properties: { groupShortName: "people", enabled: true, emailReceivers: [{ name: "ann", emailAddress: "ann@example.com" }] },
  });
  expect(group.status).toBe(201);
  const quota = { ...criterion, metricName: "Quota Utilization Percentage", threshold: 80 };
  const made = await put("metricAlerts", "quota", {
    location: "global",
    properties: {
      ...properties,
      scopes: [workspace],
      criteria: { ...properties.criteria, allOf: [quota] },
      actions: [{ actionGroupId: group.body.id }],
    },
  });
  expect(made.status).toBe(201);
  const list = await real.call("GET", `${real.subscription}/providers/Microsoft.AlertsManagement/alerts?api-version=2019-05-05-preview`);
  expect(list).toMatchObject({ status: 200, body: { value: [] } });
  const measured = await real.call(
    "GET",
    `${workspace}/providers/Microsoft.Insights/metrics?metricnames=Quota%20Utilization%20Percentage&api-version=2018-01-01`,
  );
  expect(measured.body.value[0].timeseries[0].data[0]).toMatchObject({ average: 0 });
  const workbook = { location: "westeurope", kind: "shared", properties: { displayName: "w", category: "workbook", serializedData: "{}" } };
  expect((await put("workbooks", "0b4b2c6e-6f0f-4f5e-9a53-0d3f0e7a0001", workbook)).status).toBe(201);
});

test.each<[string, object, number, RegExp]>([
  ["a scope that is not there", { scopes: [`${endpoint}x`] }, 404, /was not found/],
  ["a window shorter than the frequency", { evaluationFrequency: "PT15M" }, 400, /windowSize is PT5M; it must not be shorter/],
  [
    "a metric nobody measures",
    { criteria: { ...properties.criteria, allOf: [{ ...criterion, metricName: "Happiness" }] } },
    501,
    /Happiness/,
  ],
  [
    "a dynamic threshold",
    { criteria: { ...properties.criteria, allOf: [{ criterionType: "DynamicThresholdCriterion" }] } },
    501,
    /dynamic threshold/,
  ],
  [
    "an action group that is not there",
    {
      criteria: { ...properties.criteria, allOf: [{ ...criterion, metricName: "Quota Utilization Percentage" }] },
      actions: [{ actionGroupId: `${at}/Microsoft.Insights/actionGroups/none` }],
    },
    400,
    /none/,
  ],
])("refused: %s", async (_, change, status, message) => {
  const answer = await put("metricAlerts", "wrong", { location: "global", properties: { ...properties, scopes: [workspace], ...change } });
  expect([answer.status, answer.body.error.message]).toEqual([status, expect.stringMatching(message)]);
});
