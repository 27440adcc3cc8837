// The expression language: what it reads, what it makes of it, what it refuses.
import { describe, expect, test } from "@jest/globals";
import { fill } from "./evaluate.ts";
import type { Scope } from "./evaluate.ts";
import { isKnown } from "./functions.ts";
import { functionsIn, parseExpression, parseTemplate } from "./parse.ts";

const event = { data: { modelName: "diabetes", metrics: { r2: 0.5 }, empty: null }, subject: "models/diabetes:10" };
const scope: Scope = {
  trigger: { outputs: { headers: { a: "1" }, body: [event] } },
  workflow: { name: "wf", run: { name: "r1" } },
  parameter: (name) => ({ stage: "prod" })[name],
  action: (name) => ({ status: "Succeeded", outputs: { body: `of ${name}` } }),
  item: (loop) => (loop === undefined ? event : `item of ${loop}`),
};

test.each([
  ["plain", "plain"],
  ["@@escaped", "@escaped"],
  ["mail@example.com", "mail@example.com"],
  ["@triggerBody()[0]?['data']?['modelName']", "diabetes"],
  ["@triggerBody()[0].data.modelName", "diabetes"],
  ["@item()?['data']?['nothing']?['deeper']", null],
  ["@{item()?['data']?['empty']}", ""],
  ["Model @{item()?['data']?['modelName']} in @{parameters('stage')}", "Model diabetes in prod"],
  ["@{concat('it''s {', '}')}!", "it's {}!"],
  ["costs @@{5}", "costs @{5}"],
  ["@body('Send it')", "of Send it"],
  ["@items('each')", "item of each"],
  ["@workflow().run.name", "r1"],
  ["@last(split(item()?['subject'], ':'))", "10"],
  ["@formatNumber(item()?['data']?['metrics']?['r2'], 'F3')", "0.500"],
  ["@formatNumber(0.5, '0.0##')", "0.5"],
  ["@formatNumber(0.123, 'P1')", "12.3%"],
  ["@coalesce(null, item()?['x'], 'else')", "else"],
  ["@IF(equals(1, 1), 'a', int('not evaluated'))", "a"],
  ["@and(true, not(false), or(false, greater(2, 1)), lessOrEquals('a', 'b'))", true],
  ["@equals(item()?['x'], null)", true],
  ["@join(createArray(1, 'b', true), ', ')", "1, b, True"],
  ["@add(1, mul(2, sub(5, div(7, 2))))", 5],
  ["@empty('')", true],
  ["@contains(createArray('a', 'b'), 'b')", true],
  ["@replace('a-b-c', '-', '+')", "a+b+c"],
  ["@json('{\"a\": [1]}')?['a'][0]", 1],
  ["@formatDateTime('2026-03-01T10:20:30Z', 'yyyy-MM-dd HH:mm')", "2026-03-01 10:20"],
  ["@substring('abcdef', 1, 3)", "bcd"],
  ["@-1.5", -1.5],
])("%s", (text, expected) => {
  expect(fill(text, scope)).toEqual(expected);
});

test("objects and arrays are filled all the way down", () => {
  expect(fill({ a: ["@item()?['subject']", { b: "@{1}" }], n: 1 }, scope)).toEqual({ a: ["models/diabetes:10", { b: "1" }], n: 1 });
});

describe("what is wrong is said with its place", () => {
  test.each([
    ["@concat('a'", /'\)' is missing at the end/],
    ["@concat('a',)", /a value is missing at position/],
    ["@a b", /'\(' is missing/],
    ["@1 2", /the end is missing at position 2/],
    ["@{concat('}')", /'}' is missing/],
    ["@a['x'", /'\(' is missing|is missing/],
    ["@#", /cannot be read at position 1/],
  ])("%s", (text, message) => {
    expect(() => parseTemplate(text)).toThrow(message);
  });
  test.each([
    ["@item()['nothing']", /no property 'nothing'; write \?\['nothing'\]/],
    ["@triggerBody()[3]", /1 items and no item 3/],
    ["@greater(1, 'a')", /two numbers or two strings/],
    ["@not('x')", /true or false/],
    ["@div(1, 0)", /divide by 0/],
    ["@length(1)", /takes an array/],
    ["@formatNumber(1, 'X')", /does not know the number format/],
    ["@if(1, 2, 3)", /must be true or false/],
    ["@not(true, true)", /does not take 2 arguments/],
  ])("%s", (text, message) => {
    expect(() => fill(text, scope)).toThrow(message);
  });
});

test("functions are found by name, in any casing, and unknown ones are known to be so", () => {
  expect(functionsIn(parseExpression("concat(toLower('A'), item()?[guid()])"))).toEqual(["concat", "toLower", "item", "guid"]);
  expect([isKnown("CONCAT"), isKnown("xpath"), isKnown("constructor")]).toEqual([true, false, false]);
});
