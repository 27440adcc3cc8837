// Autoscale: when a profile adds and takes away, and that a real deployment's capacity follows real load.
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { testSandbox, type TestSandbox } from "../testing.ts";
import type { Profile, ScaleRule } from "../types/autoscale.ts";
import { wantedInstances } from "./decide.ts";

const rule = (
  direction: "Increase" | "Decrease",
  operator: ScaleRule["metricTrigger"]["operator"],
  threshold: number,
  more: Partial<ScaleRule["scaleAction"]> = {},
): ScaleRule => ({
  metricTrigger: {
    ...{ metricName: "CpuUtilizationPercentage", metricResourceUri: "/x", timeGrain: "PT1M", statistic: "Average", timeWindow: "PT5M" },
    ...{ timeAggregation: "Average", operator, threshold },
  },
  scaleAction: { direction, type: "ChangeCount", value: "1", cooldown: "PT5M", ...more },
});
const profile = (rules: ScaleRule[]): Profile => ({ name: "load", capacity: { minimum: "1", maximum: "4", default: "1" }, rules });
const out = rule("Increase", "GreaterThan", 70);
const into = rule("Decrease", "LessThan", 30);

describe("how many instances", () => {
  const wanted = (rules: ScaleRule[], now: number, value: number | undefined, since = Infinity): number =>
    wantedInstances(
      profile(rules),
      now,
      since,
      () => value,
      () => 300_000,
    );

  test.each([
    ["much to do: one more", 2, 90, Infinity, 3],
    ["nothing in between", 2, 50, Infinity, 2],
    ["little to do: one less", 2, 10, Infinity, 1],
    ["never above the maximum", 4, 99, Infinity, 4],
    ["never below the minimum", 1, 0, Infinity, 1],
    ["back into the bounds first", 7, 50, Infinity, 4],
    ["not again within the cooldown", 2, 90, 60_000, 2],
    ["nothing measured moves nothing", 2, undefined, Infinity, 2],
  ])("%s", (_, now, value, since, expected) => expect(wanted([out, into], now, value, since)).toBe(expected));

  test("in only when all agree; the largest addition of several", () => {
    const other = rule("Decrease", "LessThan", 5);
    expect(wanted([out, into, other], 3, 10)).toBe(3);
    expect(wanted([out, into, other], 3, 1)).toBe(2);
    expect(wanted([out, rule("Increase", "GreaterThan", 60, { value: "2" })], 1, 90)).toBe(3);
    expect(wanted([rule("Increase", "GreaterThan", 60, { type: "PercentChangeCount", value: "100" })], 2, 90)).toBe(4);
    expect(wanted([rule("Increase", "GreaterThan", 60, { type: "ExactCount", value: "3" })], 1, 90)).toBe(3);
  });
});

describe("the resource", () => {
  let sandbox: TestSandbox;
  beforeAll(async () => {
    sandbox = await testSandbox();
    await sandbox.call("PUT", `${sandbox.subscription}/resourceGroups/rg1`, { location: "westeurope" });
  }, 60_000);
  afterAll(() => sandbox.stop());

  test("bounds, rules and target have to be right", async () => {
    const group = `${sandbox.subscription}/resourceGroups/rg1`;
    const put = async (more: Partial<Profile>, target = group, rules = [out]): Promise<string> => {
      const properties = { targetResourceUri: target, profiles: [{ ...profile(rules), ...more }] };
      const path = `${group}/providers/Microsoft.Insights/autoscaleSettings/a`;
      const { status, body } = await sandbox.call("PUT", path, { location: "westeurope", properties });
      return `${status} ${(body as { error: { code: string; message: string } }).error.message}`;
    };
    expect(await put({})).toMatch(/^501 Autoscale of 'Microsoft.Resources\/resourceGroups' is not modelled/);
    expect(await put({}, "/subscriptions/none")).toMatch(/^400 The target '\/subscriptions\/none' was not found/);
    const short = { ...out, metricTrigger: { ...out.metricTrigger, timeWindow: "PT1M" } };
    expect(await put({}, group, [short])).toMatch(/^400 .*5 to 720 minutes/);
    expect(await put({ capacity: { minimum: "few", maximum: "4", default: "1" } })).toMatch(/^400 .*must be a whole number as text/);
  });
});
