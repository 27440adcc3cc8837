// The back-off that Event Grid documents.
import { expect, test } from "@jest/globals";
import { delivered, hopeless, retryAfter } from "./schedule.ts";

test("10 s, 30 s, 1, 5, 10, 30 minutes, 1, 3, 6 hours, then every 12", () => {
  const seconds = Array.from({ length: 12 }, (_, index) => retryAfter(index + 1, 500, 0));
  expect(seconds).toEqual([10, 30, 60, 300, 600, 1800, 3600, 10_800, 21_600, 43_200, 43_200, 43_200]);
  expect(retryAfter(1, 500, 1)).toBeCloseTo(11);
});

test("some statuses wait longer, some are taken, some are hopeless", () => {
  expect([404, 408, 503].map((status) => retryAfter(1, status, 0))).toEqual([300, 120, 30]);
  expect([200, 202, 204, 205, 301, 500].map(delivered)).toEqual([true, true, true, false, false, false]);
  expect([400, 401, 403, 413, 404, 500].map(hopeless)).toEqual([true, true, true, true, false, false]);
});
