// The gate's rules, on evidence as a training job leaves it.
import { expect, test } from "@jest/globals";
import { type GateEvidence, type GateRules, judge, readRules } from "./gate.ts";

const rules = (content: unknown): GateRules => {
  const read = readRules(content);
  if (!read.ok) throw new Error(read.problems.join("\n"));
  return read.rules;
};
const sample = rules({
  metrics: { r2: { min: 0.4 }, rmse: { max: 60 } },
  live: { metric: "rmse", better: "lower", margin: 1 },
  data: { min_rows: 400, max_problems: 0, columns: ["age"] },
  smoke_test: "../deploy/sample-request.json",
});
const good: GateEvidence = {
  metrics: { r2: 0.48, rmse: 53.4 },
  dataVersion: "1",
  report: { rows: 442, problems: 0, columns: ["age", "sex"] },
  live: { label: "diabetes:9", dataVersion: "1", metrics: { rmse: 54.4 } },
  smoke: { passed: true, message: "answered" },
};
const failing = (evidence: Partial<GateEvidence>): string[] =>
  judge(sample, { ...good, ...evidence })
    .filter(({ passed }) => !passed)
    .map(({ rule }) => rule);

test("what holds every rule passes, and each rule has its verdict", () => {
  const verdicts = judge(sample, good);
  expect(verdicts.map(({ rule }) => rule)).toEqual([
    "metrics.r2",
    "metrics.rmse",
    "live.rmse",
    "data.min_rows",
    "data.max_problems",
    "data.columns",
    "smoke_test",
  ]);
  expect(verdicts.filter(({ passed }) => !passed)).toEqual([]);
});

test.each<[string, Partial<GateEvidence>, string[]]>([
  ["a metric below its bound", { metrics: { r2: 0.39, rmse: 53.4 } }, ["metrics.r2"]],
  ["a metric that was not measured", { metrics: { rmse: 53.4 } }, ["metrics.r2"]],
  ["a metric that is no number", { metrics: { r2: Number.NaN, rmse: 53.4 } }, ["metrics.r2"]],
  ["a metric as text", { metrics: { r2: "0.48", rmse: 53.4 } }, ["metrics.r2"]],
  ["better than the live one, but by less than the margin", { live: { ...good.live!, metrics: { rmse: 54.3 } } }, ["live.rmse"]],
  ["a live model measured on other data", { live: { ...good.live!, dataVersion: "2", metrics: undefined } }, ["live.rmse"]],
  ["a live model without the metric", { live: { ...good.live!, metrics: {} } }, ["live.rmse"]],
  ["too few rows", { report: { ...good.report, rows: 399 } }, ["data.min_rows"]],
  ["no report at all", { report: undefined }, ["data.min_rows", "data.max_problems", "data.columns"]],
  ["a column that is gone", { report: { ...good.report, columns: ["sex"] } }, ["data.columns"]],
  ["no answer to the smoke test", { smoke: { passed: false, message: "status 500" } }, ["smoke_test"]],
  ["no smoke test", { smoke: undefined }, ["smoke_test"]],
])("%s does not pass", (_what, evidence, failed) => expect(failing(evidence)).toEqual(failed));

test("the first model ever has nothing to be better than", () => expect(failing({ live: undefined })).toEqual([]));

test("a live model that cannot be compared fairly fails, unless the rule lets those decide who approve", () => {
  const live = { ...good.live!, metrics: undefined, incomparable: "it was made by automated ML" };
  const verdict = (incomparable?: string) =>
    judge(rules({ live: { metric: "rmse", better: "lower", ...(incomparable ? { incomparable } : {}) } }), { ...good, live })[0]!;
  expect(verdict()).toMatchObject({
    passed: false,
    message: expect.stringMatching(/diabetes:9, which serves, is not compared: it was made by automated ML/),
  });
  expect(verdict("pass")).toMatchObject({
    passed: true,
    message: expect.stringMatching(/is not compared: .*; those who approve see both$/),
  });
});

test("higher is better where the rule says so", () => {
  const higher = rules({ live: { metric: "r2", better: "higher" } });
  const verdict = (mine: number) => judge(higher, { ...good, metrics: { r2: mine }, live: { ...good.live!, metrics: { r2: 0.5 } } })[0]!;
  expect(verdict(0.5).passed).toBe(true);
  expect(verdict(0.49)).toMatchObject({ passed: false, message: expect.stringContaining("0.49") });
});

test.each([
  ["an empty file", null, /no rule/],
  ["a mistyped rule", { metric: { r2: { min: 1 } } }, /metric/],
  ["a mistyped bound", { metrics: { r2: { minimum: 1 } } }, /minimum/],
  ["bounds that nothing fits", { metrics: { r2: { min: 2, max: 1 } } }, /nothing could pass/],
  ["a rule without a bound", { metrics: { r2: {} } }, /rules nothing/],
  ["a mistyped way out", { live: { metric: "rmse", better: "lower", incomparable: "ignore" } }, /must be fail or pass/],
  ["a wrong direction", { live: { metric: "rmse", better: "less" } }, /lower or higher/],
])("%s is refused", (_what, content, message) => {
  const read = readRules(content);
  expect(read.ok ? "" : read.problems.join("\n")).toMatch(message);
});
