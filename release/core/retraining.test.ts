// When a model is trained again, and the bad days: no data, one row, a renamed column, a gate that says no three times.
import { describe, expect, test } from "@jest/globals";
import { decide, failedInARow, type Attempt, type Known, type RetrainPolicy } from "./retraining.ts";
import { readSignal, summary, type SignalFile } from "./signals.ts";

const policy: RetrainPolicy = { onDrift: true, onData: true, everyDays: 30, attempts: 3 };
const now = new Date("2026-11-25T12:00:00Z");

const file = (rows: number, groups: Record<string, { value: number; threshold: number }>): SignalFile => ({
  signalName: "drift",
  signalType: "DataDrift",
  metrics: {
    TargetRowCount: { value: rows, threshold: null },
    BaselineRowCount: { value: 442, threshold: null },
    NormalizedWassersteinDistance: { groups },
  },
});
const drifted = readSignal(file(200, { bmi: { value: 0.9, threshold: 0.5 }, bp: { value: 0.1, threshold: 0.5 } }), ["bmi", "bp"], 50);
const quiet = readSignal(file(200, { bmi: { value: 0.1, threshold: 0.5 } }), ["bmi"], 50);

const attempt = (more: Partial<Attempt> = {}): Attempt => ({
  job: "t1",
  at: "2026-11-24T12:00:00Z",
  cause: "drift:m0",
  status: "Completed",
  gate: "passed",
  ...more,
});
const known = (more: Partial<Known> = {}): Known => ({
  now,
  monitor: { job: "m1", signals: [quiet] },
  data: { newest: "1", trained: "1" },
  attempts: [attempt()],
  ...more,
});

describe("a signal", () => {
  test("says of each feature whether it is beyond its threshold", () => {
    expect(drifted.results.map(({ feature, verdict }) => `${feature} ${verdict}`)).toEqual(["bmi beyond", "bp ok"]);
  });

  test("over one row tells nothing, whatever it measured", () => {
    const one = readSignal(file(1, { bmi: { value: 3, threshold: 0.5 } }), ["bmi"], 50);
    expect(one.results[0]!.verdict).toBe("few");
    expect(decide(policy, known({ monitor: { job: "m1", signals: [one] } })).what).toBe("wait");
  });

  test("without data says so, and is no reason", () => {
    const none = readSignal({ ...file(0, {}), metrics: { TargetRowCount: { value: 0, threshold: null } } }, ["bmi"], 50);
    expect(summary(none)).toBe("drift: no data was collected in its window");
    expect(decide(policy, known({ monitor: { job: "m1", signals: [none] } })).what).toBe("wait");
  });

  test("names a column that was renamed or is gone", () => {
    const renamed = readSignal(file(200, { bmi_2: { value: 0.1, threshold: 0.5 } }), ["bmi"], 50);
    expect(renamed.results.find(({ feature }) => feature === "bmi")?.verdict).toBe("missing");
    expect(summary(renamed)).toContain("bmi");
  });

  test("of probabilities: a small one is the bad one", () => {
    const p: SignalFile = {
      ...file(200, {}),
      metrics: { TargetRowCount: { value: 200 }, TwoSampleKolmogorovSmirnovTest: { groups: { bmi: { value: 0.001, threshold: 0.05 } } } },
    };
    expect(readSignal(p, [], 50).results[0]!.verdict).toBe("beyond");
  });
});

describe("a training", () => {
  test("begins when the monitor found drift, with what it found as its reason", () => {
    const found = known({ monitor: { job: "m1", signals: [drifted] }, attempts: [attempt({ cause: "data:1" })] });
    expect(decide(policy, found)).toEqual({
      what: "train",
      cause: "drift:m1",
      why: "monitor run m1 found drift beyond the threshold",
    });
  });

  test("answers one finding once", () => {
    const answered = known({ monitor: { job: "m1", signals: [drifted] }, attempts: [attempt({ cause: "drift:m1" })] });
    expect(decide(policy, answered)).toMatchObject({ what: "wait" });
  });

  test("is not repeated for the drift of later days while there is no newer data: the model would be the same", () => {
    const next = { monitor: { job: "m2", signals: [drifted] }, attempts: [attempt({ cause: "drift:m1" })] };
    expect(decide(policy, known(next))).toMatchObject({ what: "wait" });
    expect(decide(policy, known({ ...next, data: { newest: "2", trained: "1" } }))).toMatchObject({ what: "train", cause: "drift:m2" });
    // A pipeline that names no version reads what is new by itself.
    expect(decide(policy, known({ ...next, data: undefined }))).toMatchObject({ what: "train", cause: "drift:m2" });
  });

  test("begins with new data, and with age", () => {
    expect(decide(policy, known({ data: { newest: "2", trained: "1" } }))).toMatchObject({ what: "train", cause: "data:2" });
    expect(decide(policy, known({ attempts: [attempt({ at: "2026-10-01T00:00:00Z" })] }))).toMatchObject({
      what: "train",
      cause: "days:2026-11-25",
    });
  });

  test("that was cut off is gone on with, before anything else", () => {
    const cut = known({
      attempts: [attempt({ job: "t2", gate: undefined, status: "Running" })],
      monitor: { job: "m1", signals: [drifted] },
    });
    expect(decide(policy, cut)).toMatchObject({ what: "resume", job: "t2" });
  });

  test("is not tried a fourth time after three failed gates, until a person trains", () => {
    const failed = [1, 2, 3].map((n) => attempt({ job: `t${n}`, gate: "failed", cause: `drift:m${n}` }));
    const tired = known({ monitor: { job: "m9", signals: [drifted] }, attempts: failed });
    expect(decide(policy, tired)).toMatchObject({
      what: "stop",
      why: expect.stringContaining("the last 3 trainings did not pass the gate"),
    });
    const person = attempt({ job: "by-hand", cause: undefined, gate: "failed" });
    expect(failedInARow([person, ...failed])).toBe(0);
    expect(decide(policy, { ...tired, attempts: [person, ...failed] })).toMatchObject({ what: "train" });
  });

  test("without any reason in the settings never begins", () => {
    const off = { onDrift: false, onData: false, attempts: 3 };
    expect(decide(off, known({ monitor: { job: "m1", signals: [drifted] } }))).toMatchObject({ what: "wait" });
  });
});
