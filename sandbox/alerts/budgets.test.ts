// Budgets: what runs is counted by the hour, and each threshold tells once a month.
import { beforeEach, expect, test } from "@jest/globals";
import { DatabaseSync } from "node:sqlite";
import type { ArmResource, SandboxContext } from "../core.ts";
import { mailsOf } from "../mail/outbox.ts";
import { openResources } from "../state/resources.ts";
import { budgets } from "../types/budgets.ts";
import { BudgetWatch } from "./budgets.ts";
import { forecastOf, perCoreHour, spentIn } from "./spend.ts";

const hour = 3_600_000;
const group = "/subscriptions/s/resourceGroups/rg-a";
let sandbox: SandboxContext;
let watch: BudgetWatch;
let now: number;
const put = (id: string, more: Partial<ArmResource>): ArmResource =>
  sandbox.resources.put({ id, name: id.split("/").at(-1)!, type: "", properties: {}, ...more });

beforeEach(() => {
  const db = new DatabaseSync(":memory:");
  sandbox = { db, resources: openResources(db), scale: 1, log: () => undefined } as unknown as SandboxContext;
  watch = new BudgetWatch(sandbox);
  now = Date.UTC(2027, 0, 11);
  const deployments = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments";
  const deployment = `${group}/providers/Microsoft.MachineLearningServices/workspaces/w/onlineEndpoints/e/deployments/blue`;
  put(deployment, {
    ...{ type: deployments, location: "westeurope", sku: { name: "Default", capacity: 2 } },
    properties: { endpointComputeType: "Managed", instanceType: "Standard_DS3_v2", provisioningState: "Succeeded" },
  });
  const people = put(`${group}/providers/Microsoft.Insights/actionGroups/people`, {
    properties: { enabled: true, emailReceivers: [{ emailAddress: "bob@example.com" }], webhookReceivers: [], logicAppReceivers: [] },
  });
  const told = (threshold: number, thresholdType: string, more: object = {}): object => ({
    ...{ enabled: true, operator: "GreaterThanOrEqualTo", threshold, thresholdType, contactEmails: ["ann@example.com"] },
    ...more,
  });
  put(`${group}/providers/Microsoft.Consumption/budgets/b`, {
    type: "Microsoft.Consumption/budgets",
    properties: {
      amount: 10,
      timePeriod: { startDate: "2027-01-01T00:00:00Z" },
      notifications: {
        spent50: told(50, "Actual"),
        spent100: told(100, "Actual", { contactGroups: [people.id] }),
        forecast110: told(110, "Forecasted"),
        off: told(1, "Actual", { enabled: false }),
      },
    },
  });
});
const pass = (hours: number): void => watch.tick((now += hours * hour));
const told = (): string[] =>
  mailsOf(sandbox).map(({ to, subject }) => `${to[0]!.split("@")[0]} ${subject.replace("Azure budget alert: b has reached ", "")}`);

test("two machines of four cores for an hour, then for a day; each threshold tells once", () => {
  pass(0);
  pass(1);
  expect(spentIn(sandbox, group, now)).toBeCloseTo(8 * perCoreHour);
  expect(spentIn(sandbox, "/subscriptions/s", now)).toBeCloseTo(8 * perCoreHour);
  expect(spentIn(sandbox, "/subscriptions/s/resourceGroups/rg", now)).toBe(0);
  expect(told()).toEqual([]);
  pass(9);
  expect(told()).toEqual(["ann 50 % (actual)", "ann 110 % (forecast)"]);
  pass(10);
  pass(10);
  expect(told().slice(2)).toEqual(["ann 100 % (actual)", "bob 100 % (actual)"]);
  const shown = budgets.show!(sandbox.resources.all("Microsoft.Consumption/budgets")[0]!, sandbox).properties;
  // It is shown for the month that it is now.
  expect(shown["currentSpend"]).toEqual({ amount: 0, unit: "USD" });
});

test("a new month begins at nothing, and tells again", () => {
  pass(0);
  pass(12);
  const january = told().length;
  now = Date.UTC(2027, 1, 1);
  pass(0);
  expect(spentIn(sandbox, group, now)).toBeGreaterThan(0);
  now = Date.UTC(2027, 2, 1);
  watch = new BudgetWatch(sandbox);
  pass(0);
  expect(spentIn(sandbox, group, now)).toBe(0);
  pass(10);
  expect(told().slice(january)).toContain("ann 50 % (actual)");
});

test("the forecast of a month is what it comes to as it has gone so far", () => {
  expect(forecastOf(10, Date.UTC(2027, 0, 11))).toBeCloseTo(31);
  expect(forecastOf(10, Date.UTC(2027, 0, 1))).toBeCloseTo(310);
});
