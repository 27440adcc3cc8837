// Filters of event subscriptions, operator by operator.
import { describe, expect, test } from "@jest/globals";
import type { GridEvent } from "./event.ts";
import { filterBody, wants } from "./filter.ts";

const event: GridEvent = {
  id: "1",
  topic: "/t",
  subject: "models/diabetes:10",
  eventType: "Microsoft.MachineLearningServices.ModelRegistered",
  eventTime: "2026-01-01T00:00:00Z",
  data: { modelName: "diabetes", drift: 0.7, live: true, tags: ["a", "b"], deep: { stage: "prod" }, nothing: null },
  dataVersion: "2",
  metadataVersion: "1",
};
const holds = (filter: object): boolean => wants(filterBody.parse(filter), event);
const advanced = (operatorType: string, key: string, more: object = {}, arrays = false): boolean =>
  holds({ enableAdvancedFilteringOnArrays: arrays, advancedFilters: [{ operatorType, key, ...more }] });

describe("types and subjects", () => {
  test("all without a filter; a type in any casing; All", () => {
    expect(wants(undefined, event)).toBe(true);
    expect(holds({ includedEventTypes: ["microsoft.machinelearningservices.modelregistered"] })).toBe(true);
    expect(holds({ includedEventTypes: ["Microsoft.MachineLearningServices.RunCompleted"] })).toBe(false);
    expect(holds({ includedEventTypes: ["All"] })).toBe(true);
  });
  test("the subject's beginning and end, casing as asked", () => {
    expect(holds({ subjectBeginsWith: "MODELS/diab", subjectEndsWith: ":10" })).toBe(true);
    expect(holds({ subjectBeginsWith: "MODELS/", isSubjectCaseSensitive: true })).toBe(false);
    expect(holds({ subjectEndsWith: ":1" })).toBe(false);
  });
});

test.each([
  ["NumberIn", "data.drift", { values: [0.7, 1] }, true],
  ["NumberNotIn", "data.drift", { values: [0.7] }, false],
  ["NumberGreaterThan", "data.drift", { value: 0.5 }, true],
  ["NumberLessThanOrEquals", "data.drift", { value: 0.5 }, false],
  [
    "NumberInRange",
    "data.drift",
    {
      values: [
        [0, 0.1],
        [0.6, 0.8],
      ],
    },
    true,
  ],
  ["NumberNotInRange", "data.drift", { values: [[0.6, 0.8]] }, false],
  ["NumberGreaterThan", "data.modelName", { value: 0 }, false],
  ["BoolEquals", "data.live", { value: true }, true],
  ["StringIn", "data.deep.stage", { values: ["QA", "PROD"] }, true],
  ["StringNotIn", "data.deep.stage", { values: ["qa"] }, true],
  ["StringNotIn", "data.missing", { values: ["qa"] }, true],
  ["StringContains", "Subject", { values: ["betes"] }, true],
  ["StringBeginsWith", "EventType", { values: ["microsoft.storage"] }, false],
  ["StringEndsWith", "data.modelName", { values: ["tes"] }, true],
  ["StringNotContains", "data.modelName", { values: ["x"] }, true],
  ["IsNullOrUndefined", "data.nothing", {}, true],
  ["IsNotNull", "data.modelName", {}, true],
])("%s on %s", (operator, key, more, expected) => {
  expect(advanced(operator, key, more)).toBe(expected);
});

test("arrays only when asked for", () => {
  expect(advanced("StringIn", "data.tags", { values: ["b"] })).toBe(false);
  expect(advanced("StringIn", "data.tags", { values: ["b"] }, true)).toBe(true);
  expect(advanced("StringNotIn", "data.tags", { values: ["b"] }, true)).toBe(false);
});

test("an operator that is not one is refused", () => {
  expect(() => advanced("StringLike", "data.tags", { values: ["b"] })).toThrow(/operatorType/);
});
