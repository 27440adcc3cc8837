// Acceptance requests and cost: what an answer must fulfil, what running it costs.
import { expect, test } from "@jest/globals";
import { readdirSync, readFileSync } from "node:fs";
import { type AcceptanceCase, readCase, shortcomings } from "./acceptance.ts";
import { formatCost, monthlyCost, PriceTable } from "./cost.ts";

const expecting = (expect: AcceptanceCase["expect"]): AcceptanceCase => ({ description: "a case", request: {}, expect });
const numbers = expecting({ status: 200, predictions: { count: 2, min: 25, max: 346, near: [200, 80], tolerance: 50, order: undefined } });

test("a right answer has no shortcomings", () => {
  expect(shortcomings(numbers, { status: 200, body: [193.8, 75] })).toEqual([]);
  expect(shortcomings(numbers, { status: 200, body: { predictions: [193.8, 75] } })).toEqual([]);
});

test.each<[string, { status: number; body: unknown }, RegExp]>([
  ["no answer", { status: 0, body: "connection refused" }, /no answer.*connection refused/],
  ["another status", { status: 500, body: "oops" }, /status 500, expected 200: oops/],
  ["text", { status: 200, body: "fine" }, /not a list of numbers/],
  ["null", { status: 200, body: null }, /not a list of numbers/],
  ["too few", { status: 200, body: [193.8] }, /1 predictions, expected 2/],
  ["out of bounds", { status: 200, body: [400, 75] }, /above 346/],
  ["far off", { status: 200, body: [193.8, 140] }, /not within 50 of 80/],
])("%s falls short", (_what, answer, message) => expect(shortcomings(numbers, answer).join("\n")).toMatch(message));

test("order and errors", () => {
  const increasing = expecting({ status: 200, predictions: { order: "increasing" } });
  expect(shortcomings(increasing, { status: 200, body: [1, 1, 2] })).toEqual([]);
  expect(shortcomings(increasing, { status: 200, body: [1, 3, 2] })).toHaveLength(1);
  const refused = expecting({ status: 400, error: { code: "BadRequest", mentions: ["'bmi' is missing", 'a "quote"'] } });
  expect(
    shortcomings(refused, { status: 400, body: { error: { code: "BadRequest", details: ["row 0: 'bmi' is missing", 'a "quote"'] } } }),
  ).toEqual([]);
  expect(shortcomings(refused, { status: 400, body: { error: { code: "Other" } } })).toHaveLength(3);
});

test("the sample's own cases are cases, and a mistyped one is refused", () => {
  const folder = new URL("../../project/deploy/acceptance/", import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) expect(readCase(readFileSync(new URL(file, folder), "utf8"))).toMatchObject({ ok: true });
  expect(readCase('{"description": "x", "request": {}, "expect": {"status": 200, "prediction": {}}}')).toMatchObject({
    ok: false,
    problem: expect.stringContaining("prediction"),
  });
  expect(readCase("{")).toMatchObject({ ok: false });
});

test("a month's cost, and what has no price", () => {
  const prices = { currency: "USD", asOf: "x", hoursPerMonth: 730, perHour: { westeurope: { Standard_DS3_v2: 0.3 } } };
  const running = [{ name: "blue", instanceType: "Standard_DS3_v2", instances: 2 }];
  expect(monthlyCost(running, "westeurope", prices)).toEqual({ currency: "USD", total: 438, unknown: [] });
  const other = monthlyCost([...running, { name: "green", instanceType: "Standard_X1", instances: 1 }], "westeurope", prices);
  expect(formatCost(other)).toMatch(/^USD 438\.00 and Standard_X1 in westeurope/);
  expect(PriceTable.safeParse(JSON.parse(readFileSync(new URL("../prices.json", import.meta.url), "utf8"))).success).toBe(true);
});
