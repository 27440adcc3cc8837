// History: what events and deployments come to, and what may happen next.
import { expect, test } from "@jest/globals";
import { type EventKind, excludedFrom, obstacles, type ReleaseEvent, type ReleaseRecord, stageState, whereabouts } from "./history.ts";
import { sealed } from "./manifest.ts";
import { body } from "./manifest.fixture.ts";
import {
  begin,
  beginRollback,
  configOf,
  emptyStage,
  endRollback,
  finish,
  rolledBack,
  serving,
  type StageRecord,
  takeBack,
} from "./stageRecord.ts";

const person = (name: string) => ({ id: `id-${name}`, name, kind: "user" as const });
const event = (kind: EventKind, stage?: string, more: Partial<ReleaseEvent> = {}): ReleaseEvent => ({
  at: "2026-05-01T12:00:00Z",
  by: person("dan"),
  kind,
  ...(stage ? { stage } : {}),
  ...more,
});
const record = (...events: ReleaseEvent[]): ReleaseRecord => ({ manifest: sealed(body), events });

test("what stands between a release and a stage", () => {
  const failed = sealed({
    ...body,
    gate: { ...body.gate, passed: false, verdicts: [{ rule: "metrics.r2", passed: false, message: "r2 is 0.1" }] },
  });
  expect(obstacles({ manifest: failed, events: [event("shared")] }, "auto")).toEqual(["diabetes-10 failed the gate: r2 is 0.1"]);
  expect(obstacles(record(), "qa").join()).toMatch(/not in the registry/);
  expect(obstacles(record(event("shared")), "qa")).toEqual([]);
  expect(obstacles(record(event("shared")), "prod").join()).toMatch(/not tested in qa/);
  expect(obstacles(record(event("shared"), event("tested", "qa", { passed: false, note: "wrong" })), "prod").join()).toMatch(
    /failed its acceptance in qa: wrong/,
  );
  expect(obstacles(record(event("shared"), event("tested", "qa", { passed: true })), "prod")).toEqual([]);
  // The last test is the one that counts.
  expect(
    obstacles(record(event("shared"), event("tested", "qa", { passed: true }), event("tested", "qa", { passed: false })), "prod"),
  ).toHaveLength(1);
});

test("states of a stage follow from the events", () => {
  const events = [event("deploying", "prod"), event("deployed", "prod"), event("replaced", "prod")];
  expect(stageState([], "prod")).toBe("absent");
  expect(stageState(events.slice(0, 1), "prod")).toBe("deploying");
  expect(stageState(events, "prod")).toBe("kept");
  expect(stageState([...events, event("restored", "prod")], "prod")).toBe("deployed");
  expect(stageState([...events, event("failed", "qa")], "prod")).toBe("kept");
  expect(whereabouts(record(event("tested", "qa", { passed: true }), ...events), ["auto", "qa", "prod"])).toBe("qa tested, prod kept");
});

test("who trained or deployed to qa is excluded, others are not", () => {
  const found = excludedFrom(record(event("deployed", "qa"), event("deployed", "qa"), event("deployed", "auto", { by: person("eve") })));
  expect(found.map(({ person, why }) => `${person.name} ${why}`)).toEqual(["ann trained it", "dan deployed it to qa"]);
});

const release = (version: string) => ({ release: `m-${version}`, digest: version.padStart(64, "0"), model: "m", version });
const rollBack = (from: StageRecord): StageRecord | undefined => {
  const begun = beginRollback(from, "slow", person("dan"));
  return begun && endRollback(rolledBack(begun));
};
const deploy = (before: StageRecord, version: string, inPlace = false): StageRecord =>
  finish(begin(before, release(version), inPlace, person("dan")).record);

test("blue and green by turns, the one before is kept", () => {
  const first = deploy(emptyStage("prod"), "9");
  expect(first).toMatchObject({ plan: { live: "blue", versions: { blue: "9" } }, pending: null });
  const second = deploy(first, "10");
  expect(second.plan).toEqual({ live: "green", versions: { blue: "9", green: "10" } });
  const third = deploy(second, "11");
  expect(third.plan).toEqual({ live: "blue", versions: { blue: "11", green: "10" } });
  expect(Object.keys(third.releases)).toEqual(["10", "11"]);
  expect(serving(third)?.release).toBe("m-11");
  expect(configOf(third, third)).toMatchObject({ modelVersion: "11", keptVersion: "10", slot: "blue", slotFrozen: "", release: "m-11" });
});

test("how a model is made goes with it, from slot to slot", () => {
  const automl = { ...release("10"), variant: "automl" as const };
  const first = deploy(emptyStage("prod"), "9");
  expect(configOf(first, first)).toMatchObject({ variant: "", keptVariant: "" });
  const second = finish(begin(first, automl, false, person("dan")).record);
  expect(configOf(second, second)).toMatchObject({ variant: "automl", keptVariant: "", modelVersion: "10", keptVersion: "9" });
  const third = deploy(second, "11");
  expect(configOf(third, third)).toMatchObject({ variant: "", keptVariant: "automl" });
  const back = rollBack(third)!;
  expect(configOf(back, back)).toMatchObject({ variant: "automl", keptVariant: "", modelVersion: "10" });
});

test("what is live already changes nothing", () => {
  const live = deploy(emptyStage("prod"), "9");
  expect(begin(live, release("9"), false, person("dan")).changes).toBe(false);
  expect(begin(live, release("10"), false, person("dan")).changes).toBe(true);
});

test("a killed deployment goes on from where it began, or is taken back", () => {
  const live = deploy(deploy(emptyStage("prod"), "9"), "10");
  const begun = begin(live, release("11"), false, person("dan")).record;
  expect(begin(begun, release("11"), false, person("eve"))).toEqual({ record: begun, changes: true });
  const back = takeBack(begun);
  expect(back).toMatchObject({ plan: { live: "green", versions: { green: "10" } }, frozen: true, pending: null });
  expect(beginRollback(back, "slow", person("dan"))).toBeUndefined();
  expect(takeBack(begin(emptyStage("qa"), release("1"), false, person("dan")).record).plan).toBeNull();
});

test("in place there is one slot, and taking back deploys the old version again", () => {
  const live = deploy(emptyStage("qa"), "9", true);
  const begun = begin(live, release("10"), true, person("dan")).record;
  expect(begun.pending?.to).toEqual({ live: "blue", versions: { blue: "10" } });
  expect(takeBack(begun)).toMatchObject({ plan: { live: "blue", versions: { blue: "9" } }, frozen: false });
});

test("rollback goes to the kept slot and freezes it; back again is possible", () => {
  const back = rollBack(deploy(deploy(emptyStage("prod"), "9"), "10"))!;
  expect(back).toMatchObject({ plan: { live: "blue", versions: { blue: "9", green: "10" } }, frozen: true });
  expect(configOf(back, back)).toMatchObject({ modelVersion: "9", keptVersion: "10", slotFrozen: "true", release: "m-9" });
  expect(rollBack(back)?.plan?.live).toBe("green");
  expect(rollBack(emptyStage("prod"))).toBeUndefined();
  expect(rollBack(deploy(emptyStage("prod"), "9"))).toBeUndefined();
});

test("a rollback that was killed goes on to where it wanted, not back once more", () => {
  const begun = beginRollback(deploy(deploy(emptyStage("prod"), "9"), "10"), "slow", person("dan"))!;
  expect(begun).toMatchObject({ plan: { live: "green" }, returning: { left: "m-10", to: { live: "blue" }, reason: "slow" } });
  const moved = rolledBack(begun);
  expect(beginRollback(moved, "again", person("eve"))).toEqual(moved);
  expect(rolledBack(moved)).toEqual(moved);
  expect(endRollback(moved)).toMatchObject({ plan: { live: "blue" } });
  expect(endRollback(begun)).toMatchObject({ plan: { live: "green" } });
});
