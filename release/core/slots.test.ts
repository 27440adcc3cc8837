// Which slot serves next, and where one can go back to.
import { expect, test } from "@jest/globals";
import { afterDeploy, afterRollback, restingTraffic } from "./slots.ts";

test("the first version takes blue", () => {
  expect(afterDeploy(undefined, "1")).toEqual({ live: "blue", versions: { blue: "1" } });
});

test("the next version takes the idle slot and the old one is kept", () => {
  const first = afterDeploy(undefined, "1");
  const second = afterDeploy(first, "2");
  expect(second).toEqual({ live: "green", versions: { blue: "1", green: "2" } });
  expect(afterDeploy(second, "3")).toEqual({ live: "blue", versions: { blue: "3", green: "2" } });
});

test("the live version again changes nothing", () => {
  const plan = { live: "green", versions: { blue: "1", green: "2" } } as const;
  expect(afterDeploy(plan, "2")).toBe(plan);
});

test("in place: the live slot itself changes", () => {
  expect(afterDeploy({ live: "blue", versions: { blue: "1" } }, "2", true)).toEqual({ live: "blue", versions: { blue: "2" } });
});

test("rollback goes to the kept slot, and only if there is one", () => {
  const plan = { live: "green", versions: { blue: "1", green: "2" } } as const;
  expect(afterRollback(plan)).toEqual({ live: "blue", versions: { blue: "1", green: "2" } });
  expect(afterRollback({ live: "blue", versions: { blue: "1" } })).toBeUndefined();
});

test("traffic at rest: all to the live slot, none without a deployment", () => {
  expect(restingTraffic({ live: "green", versions: { blue: "1", green: "2" } })).toEqual({ green: 100 });
  expect(restingTraffic({ live: "blue", versions: {} })).toEqual({});
});
