// The rules of a rollout, one by one.
import { describe, expect, test } from "@jest/globals";
import {
  formatTraffic,
  gaining,
  judge,
  mirrorProblems,
  parseTraffic,
  percentile,
  planProblems,
  remainingSplits,
  splits,
  trafficProblems,
} from "./rollout.ts";
import type { RolloutPlan } from "./rollout.ts";

const plan = (change: Partial<RolloutPlan> = {}): RolloutPlan => ({
  steps: [10, 50, 100],
  bakeSeconds: 60,
  check: { request: "{}", calls: 5, maxErrorPercent: 0, readySeconds: 60 },
  ...change,
});

describe("traffic", () => {
  test("100 and 0 are sound; anything else is not", () => {
    expect(trafficProblems({ blue: 90, green: 10 }, ["blue", "green"])).toEqual([]);
    expect(trafficProblems({}, ["blue"])).toEqual([]);
    expect(trafficProblems({ blue: 0 }, ["blue"])).toEqual([]);
    expect(trafficProblems({ blue: 90 }, ["blue"])).toEqual([{ property: "traffic", reason: expect.stringContaining("adds up to 90") }]);
  });

  test.each([
    [{ gren: 100 }, "traffic.gren", /no such deployment; there is blue, green/],
    [{ blue: 99.5, green: 0.5 }, "traffic.blue", /not a whole percent/],
    [{ blue: 150, green: -50 }, "traffic.blue", /150/],
  ])("%j is refused at the field", (traffic, property, reason) => {
    const [problem] = trafficProblems(traffic, ["blue", "green"]);
    expect(problem!.property).toBe(property);
    expect(problem!.reason).toMatch(reason);
  });

  test("is written and read back; zeros do not matter", () => {
    expect(formatTraffic({ green: 10, blue: 90 })).toBe("blue=90 green=10");
    expect(formatTraffic({ blue: 0 })).toBe("none");
    expect(parseTraffic("blue=90 green=10")).toEqual({ blue: 90, green: 10 });
    expect(parseTraffic("none")).toEqual({});
    expect(parseTraffic("what?")).toBeUndefined();
    expect(parseTraffic(undefined)).toBeUndefined();
  });
});

describe("mirrored traffic", () => {
  test("one deployment without live traffic, at most 50 %", () => {
    expect(mirrorProblems({ green: 20 }, { blue: 100 }, ["blue", "green"])).toEqual([]);
    expect(mirrorProblems({ green: 60 }, { blue: 100 }, ["blue", "green"])[0]!.reason).toMatch(/0 to 50/);
    expect(mirrorProblems({ blue: 20 }, { blue: 100 }, ["blue", "green"])[0]!.reason).toMatch(/has live traffic/);
    expect(mirrorProblems({ blue: 10, green: 10 }, {}, ["blue", "green"])[0]!.reason).toMatch(/only one/);
    expect(mirrorProblems({ red: 10 }, {}, ["blue"])[0]!.reason).toMatch(/no deployment red/);
  });
});

describe("plan", () => {
  test.each([
    [plan({ steps: [10, 50] }), "steps", /last step must be 100/],
    [plan({ steps: [50, 10, 100] }), "steps", /more than the one before/],
    [plan({ steps: [0, 100] }), "steps", /from 1 to 100/],
    [plan({ steps: [] }), "steps", /last step/],
    [plan({ bakeSeconds: -1 }), "bakeSeconds", /-1/],
    [plan({ check: { ...plan().check, request: "no json" } }), "check.request", /not JSON/],
    [plan({ check: { ...plan().check, calls: 1.5 } }), "check.calls", /1.5/],
    [plan({ check: { ...plan().check, maxErrorPercent: 101 } }), "check.maxErrorPercent", /101/],
    [plan({ check: { ...plan().check, maxP95Ms: 0 } }), "check.maxP95Ms", /above 0/],
  ])("refuses %#", (bad, property, reason) => {
    const problems = planProblems(bad);
    expect(problems).toHaveLength(1);
    expect(problems[0]!.property).toBe(property);
    expect(problems[0]!.reason).toMatch(reason);
  });

  test("a sound plan has no problems", () => expect(planProblems(plan())).toEqual([]));
});

describe("splits", () => {
  test("canary from blue to green", () => {
    expect(splits({ blue: 100 }, { green: 100 }, [10, 50, 100])).toEqual([
      { blue: 90, green: 10 },
      { blue: 50, green: 50 },
      { green: 100 },
    ]);
  });

  test("the first deployment of all gets everything at once", () => {
    expect(splits({}, { blue: 100 }, [10, 50, 100])).toEqual([{ blue: 100 }]);
  });

  test("taking out of service is one step", () => {
    expect(splits({ blue: 100 }, {}, [10, 50, 100])).toEqual([{}]);
  });

  test("nothing to do is no split", () => {
    expect(splits({ blue: 100, green: 0 }, { blue: 100 }, [10, 100])).toEqual([]);
  });

  test("every split adds up to 100, whatever the shares", () => {
    for (const split of splits({ blue: 33, green: 67 }, { blue: 71, green: 29 }, [7, 13, 29, 55, 100])) {
      expect(Object.values(split).reduce((a, b) => a + b, 0)).toBe(100);
    }
  });
});

describe("an interrupted rollout", () => {
  test("goes on after the split that is live", () => {
    expect(remainingSplits({ blue: 100 }, { blue: 90, green: 10 }, { green: 100 }, [10, 50, 100])).toEqual([
      { blue: 50, green: 50 },
      { green: 100 },
    ]);
    expect(remainingSplits({ blue: 100 }, { green: 100 }, { green: 100 }, [10, 100])).toEqual([]);
  });

  test("starts from what is live when that is not on the way", () => {
    expect(remainingSplits({ blue: 100 }, { blue: 80, green: 20 }, { green: 100 }, [50, 100])).toEqual([
      { blue: 40, green: 60 },
      { green: 100 },
    ]);
  });
});

test("who gains has to be checked", () => {
  expect(gaining({ blue: 100 }, { blue: 90, green: 10 })).toEqual(["green"]);
  expect(gaining({ blue: 90, green: 10 }, { blue: 100 })).toEqual(["blue"]);
});

describe("judge", () => {
  const good = { status: 200, milliseconds: 10 };

  test("all good", () => {
    expect(judge([good, good], { maxErrorPercent: 0 })).toMatchObject({ ok: true, summary: "2 calls, 0 failed, p95 10 ms" });
  });

  test("an error above the limit says what it was", () => {
    const verdict = judge([good, { status: 500, milliseconds: 5, message: "boom" }], { maxErrorPercent: 10 });
    expect(verdict.ok).toBe(false);
    expect(verdict.summary).toMatch(/50 % failed, the limit is 10 % \(last: 500: boom\)/);
  });

  test("within the limit passes", () => {
    expect(judge([good, good, good, { status: 0, milliseconds: 1 }], { maxErrorPercent: 25 }).ok).toBe(true);
  });

  test("too slow", () => {
    expect(judge([{ status: 200, milliseconds: 900 }], { maxErrorPercent: 0, maxP95Ms: 500 }).summary).toMatch(
      /p95 is 900 ms, the limit is 500 ms/,
    );
  });

  test("p95 is the nearest rank", () => {
    expect(
      percentile(
        [...Array(100).keys()].map((i) => i + 1),
        95,
      ),
    ).toBe(95);
    expect(percentile([7], 95)).toBe(7);
    expect(percentile([], 95)).toBe(0);
  });
});
