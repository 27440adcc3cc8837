// The small rules by themselves: durations, sizes, draws, gates, windows, logs.
import { expect, test } from "@jest/globals";
import { appendFileSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { durationMs } from "./durations.ts";
import { modelName } from "./files.ts";
import { tail, turnOver } from "./logs.ts";
import { EvenDraws, pickByWeight } from "./router/pick.ts";
import { Windows } from "./router/window.ts";
import { reservedCores } from "./quota.ts";
import { coresOf } from "./sizes.ts";

test.each([
  ["PT5S", 5_000],
  ["PT0.5S", 500],
  ["PT1M30S", 90_000],
  ["P1DT1H", 90_000_000],
  ["PT", undefined],
  ["5 s", undefined],
  ["P", undefined],
])("duration %s is %s ms", (text, ms) => expect(durationMs(text)).toBe(ms));

test.each([
  ["Standard_DS3_v2", 4],
  ["Standard_D5_v2", 16],
  ["Standard_DS14_v2", 16],
  ["Standard_D4s_v3", 4],
  ["Standard_F4s_v2", 4],
  ["Standard_NC24ads_A100_v4", 24],
  ["Standard_E32-16s_v3", 16],
  ["Basic", undefined],
])("%s has %s cores", (size, cores) => expect(coresOf(size)).toBe(cores));

test("an upgrade holds 20 percent in reserve, rounded up to whole instances", () => {
  expect(reservedCores({ kind: "Managed", instanceType: "Standard_DS3_v2", capacity: 1 })).toBe(8);
  expect(reservedCores({ kind: "Managed", instanceType: "Standard_DS3_v2", capacity: 10 })).toBe(48);
  expect(reservedCores({ kind: "Kubernetes", instanceType: undefined, capacity: 10 })).toBe(0);
});

test("draws keep close to the weights after few requests, from wherever they start", () => {
  const entries = [
    { name: "a", weight: 5 },
    { name: "b", weight: 0 },
    { name: "c", weight: 95 },
  ];
  for (const start of [0, 0.2, 0.5, 0.9999]) {
    const draws = new EvenDraws(start);
    const picks = Array.from({ length: 200 }, () => pickByWeight(entries, draws.next())?.name);
    const small = picks.filter((name) => name === "a").length;
    expect(small).toBeGreaterThanOrEqual(8);
    expect(small).toBeLessThanOrEqual(12);
    expect(picks).not.toContain("b");
  }
  expect(pickByWeight([{ weight: 0 }], 0.5)).toBeUndefined();
});

test("windows sum what lies in them, and a percentile is right within 4 percent", () => {
  const windows = new Windows();
  for (let i = 1; i <= 1000; i++) windows.record(i <= 500 ? 60_000 : 70_000, i > 990 ? 424 : 200, i > 990 ? 500 : 200, i);
  windows.record(600_000, 499, undefined, 5);
  const all = windows.summary(0, 120_000);
  expect(all).toMatchObject({ requests: 1000, errors: 10, byStatus: { "200": 990, "424/500": 10 } });
  expect(Math.abs(all.p50 / 500 - 1)).toBeLessThan(0.05);
  expect(Math.abs(all.p99 / 990 - 1)).toBeLessThan(0.05);
  expect(windows.summary(60_000, 65_000).requests).toBe(500);
  expect(windows.summary(600_000, 700_000)).toMatchObject({ requests: 1, errors: 0 });
  expect(windows.summary(200_000, 300_000)).toMatchObject({ requests: 0, p95: 0, mean: 0 });
});

test("a log is turned over under its writer, and the tail reaches into the older part", () => {
  const dir = mkdtempSync(join(tmpdir(), "logs-"));
  const file = join(dir, "a.log");
  const writer = openSync(file, "a");
  for (let i = 0; i < 100; i++) writeSync(writer, `line ${i}\n`);
  expect(turnOver(file, 10_000)).toBe(false);
  expect(turnOver(file, 100)).toBe(true);
  writeSync(writer, "after\n");
  expect(readFileSync(file, "utf8")).toBe("after\n");
  expect(statSync(file).size).toBe(6);
  expect(tail(file, 1)).toBe("after");
  expect(tail(file, 3)).toBe("line 98\nline 99\nafter");
  appendFileSync(file, "ü".repeat(50_000) + "\nlast\n");
  expect(tail(file, 2)).toBe("ü".repeat(50_000) + "\nlast");
  expect(tail(join(dir, "none.log"), 5)).toBe("");
  expect(existsSync(`${file}.1`)).toBe(true);
  rmSync(dir, { recursive: true });
});

test.each([
  [
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/models/diabetes/versions/3",
    ["diabetes", "3"],
  ],
  ["azureml:diabetes:3", ["diabetes", "3"]],
  ["azureml://registries/r/models/diabetes/versions/12", ["diabetes", "12"]],
  ["azureml:diabetes@latest", ["diabetes", "latest"]],
  ["azureml://datastores/d/paths/x/model.pkl", ["model.pkl", "1"]],
])("the model's folder of %s", (reference, expected) => expect(modelName(reference)).toEqual(expected));
