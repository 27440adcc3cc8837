// Filters as MLflow's documentation writes them.
import { expect, test } from "@jest/globals";
import { filterOf, orderBy, type Look } from "./filter.ts";

const look: Look = (kind, key) =>
  ({
    metrics: { rmse: 0.5, "a b": 2 },
    params: { model: "tree", n: "10" },
    tags: { "mlflow.source.name": "x/train.py", who: "it's" },
    attributes: { status: "FINISHED", start_time: 100, run_name: "Good Run" },
  })[kind as "metrics"]?.[key as "rmse"];

test.each([
  ["", true],
  ["metrics.rmse < 1", true],
  ["metrics.rmse < 1 and params.model = 'tree'", true],
  ["metrics.rmse < 1 AND params.model != 'tree'", false],
  ["metrics.`a b` >= 2", true],
  ['metrics."a b" > 2', false],
  ['params.model = "tree"', true],
  ["tags.mlflow.source.name LIKE '%train%'", true],
  ["tags.who = 'it''s'", true],
  ["tags.none = 'x'", false],
  ["tags.none IS NULL", true],
  ["tags.none != 'x'", false],
  ["tag.`mlflow.prompt.is_prompt` != 'true'", true],
  ["attributes.status = 'FINISHED' and start_time > 99", true],
  ["run_name ILIKE 'good%'", true],
  ["run_name LIKE 'good%'", false],
  ["params.model IN ('a', 'tree')", true],
  ["params.model NOT IN ('a', 'tree')", false],
  ["metrics.rmse = 5e-1", true],
])("%s is %s", (text, expected) => {
  expect(filterOf(text)(look)).toBe(expected);
});

test.each(["metrics.rmse <", "nonsense", "metrics.rmse < 1 or metrics.rmse > 2", "thing.x = 'y'"])("%s is refused", (text) => {
  expect(() => filterOf(text)).toThrow(/Invalid filter string/);
});

test("order: what has no value comes last both ways", () => {
  const items = [{ m: 2 }, { m: undefined }, { m: 1 }];
  const of =
    (item: { m: number | undefined }): Look =>
    () =>
      item.m;
  expect(orderBy(items, ["metrics.m DESC"], of).map((item) => item.m)).toEqual([2, 1, undefined]);
  expect(orderBy(items, ["metrics.m"], of).map((item) => item.m)).toEqual([1, 2, undefined]);
});
