// Status changes: times, events, and an end that stays.
import { expect, test } from "@jest/globals";
import { DatabaseSync } from "node:sqlite";
import { deleteTag, latestMetrics, logMetrics, logParams, metricHistory, setTags, tagsOf } from "./logged.ts";
import { enterWorkspace } from "./lives.ts";
import { changeStatus } from "./status.ts";
import { RunStore, runsOf } from "./store.ts";
import type { Resources } from "../core.ts";

function sandboxIn(): {
  db: DatabaseSync;
  events: string[];
  resources: Resources;
  publish(id: string, type: string, subject: string, data: Record<string, unknown>): void;
} {
  const events: string[] = [];
  return {
    db: new DatabaseSync(":memory:"),
    events,
    resources: { get: (id: string) => ({ id: id.toUpperCase(), name: "w", type: "t", properties: {} }) } as unknown as Resources,
    publish: (_id, type, _subject, data) => events.push([type.split(".").at(-1), data["runStatus"]].join(" ").trim()),
  };
}

test("a run's way to its end", () => {
  const sandbox = sandboxIn();
  const store = runsOf(sandbox);
  const experiment = store.experiment("/W", "e");
  const run = store.create({ workspace: "/W", id: "r", experiment: experiment.id, kind: "command", status: "NotStarted", principal: "p" });
  expect(run).toMatchObject({ workspace: "/w", displayName: "r", root: "r", started: undefined });
  for (const status of ["Queued", "Running", "Running", "Finalizing", "Completed"] as const) changeStatus(sandbox, run, status);
  expect(changeStatus(sandbox, run, "Failed").status).toBe("Completed");
  const after = store.get("/w", "r")!;
  expect(after.started).toBeLessThanOrEqual(after.ended!);
  expect(sandbox.events).toEqual([
    "RunStatusChanged Queued",
    "RunStatusChanged Running",
    "RunStatusChanged Finalizing",
    "RunStatusChanged Completed",
    "RunCompleted",
  ]);
});

test("unfinished jobs are found again; steps and MLflow's own runs are not jobs", () => {
  const { db } = sandboxIn();
  const store = new RunStore(db);
  const common = { workspace: "/w", experiment: "e", status: "Running" as const, principal: "p" };
  store.create({ ...common, id: "job", kind: "pipeline" });
  store.create({ ...common, id: "step", kind: "step", parent: "job", root: "job" });
  store.create({ ...common, id: "own", kind: "mlflow" });
  store.create({ ...common, id: "done", kind: "command", status: "Failed" });
  expect(store.unfinished().map((run) => run.id)).toEqual(["job"]);
  store.erase("/w", "job");
  expect(store.get("/w", "step")).toBeUndefined();
});

test("metrics: the latest by step, repeats once, NaN and infinity kept; params once; tags again and again", () => {
  const sandbox = sandboxIn();
  runsOf(sandbox);
  const run = { workspace: "/w", id: "r" };
  const point = (value: number, step: number, timestamp = 1) => ({ key: "m", value, step, timestamp });
  logMetrics(sandbox, run, [
    point(3, 2),
    point(1, 0),
    point(1, 0),
    point(Number.NaN, 1),
    point(Number.POSITIVE_INFINITY, 3, 5),
    point(0, 3, 4),
  ]);
  expect(metricHistory(sandbox, run, "m").map((one) => one.value)).toEqual([1, Number.NaN, 3, 0, Number.POSITIVE_INFINITY]);
  expect(latestMetrics(sandbox, run)).toEqual([point(Number.POSITIVE_INFINITY, 3, 5)]);
  logParams(sandbox, run, { a: "1" });
  logParams(sandbox, run, { a: "1", b: "2" });
  expect(() => logParams(sandbox, run, { a: "2" })).toThrow(/already logged with value='1'/);
  setTags(sandbox, run, { t: "1" });
  setTags(sandbox, run, { t: "2" });
  expect(tagsOf(sandbox, run)).toEqual({ t: "2" });
  expect([deleteTag(sandbox, run, "t"), deleteTag(sandbox, run, "t")]).toEqual([true, false]);
});

test("a workspace made anew under an old name has no runs of the old one; a recovered one has its own", () => {
  const sandbox = sandboxIn();
  const workspace = (guid: string) => ({ id: "/W", name: "w", type: "t", properties: { workspaceId: guid } });
  enterWorkspace(sandbox, workspace("one"));
  const store = runsOf(sandbox);
  store.create({ workspace: "/W", id: "r", experiment: store.experiment("/W", "e").id, kind: "mlflow", status: "Running", principal: "p" });
  enterWorkspace(sandbox, workspace("one"));
  expect(store.get("/W", "r")).toBeDefined();
  enterWorkspace(sandbox, workspace("two"));
  expect([store.get("/W", "r"), store.experiments("/W")]).toEqual([undefined, []]);
});
