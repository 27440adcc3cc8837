// Which models a watch knows of, and which is next.
import { expect, test } from "@jest/globals";
import { nextStep, nextWatched, registeredModel, type WatchedModel } from "./watched.ts";

const model = (version: string, state: WatchedModel["state"], done: WatchedModel["done"] = []): WatchedModel => ({
  name: "diabetes",
  version,
  state,
  done,
  at: "2026-05-01T12:00:00Z",
});

test("the model of an event, by its subject, in whatever form its data are", () => {
  const event = { eventType: "Microsoft.MachineLearningServices.ModelRegistered", subject: "models/my.model-1:10" };
  expect(registeredModel(event)).toEqual({ name: "my.model-1", version: "10" });
  for (const other of [undefined, {}, { ...event, eventType: "x" }, { ...event, subject: "models/../../x:1" }, { ...event, subject: 1 }])
    expect(registeredModel(other)).toBeUndefined();
});

test("versions come in the order of their numbers, whenever they were heard of; what is done or failed stays", () => {
  const all = [model("10", "pending"), model("9", "pending"), model("2", "failed"), model("1", "waits"), model("3", "before")];
  expect(nextWatched(all)?.version).toBe("9");
  expect(nextWatched(all.slice(2))).toBeUndefined();
});

test("a restart goes on with the first step that is not done", () => {
  expect(nextStep(model("1", "pending"))).toBe("gate");
  expect(nextStep(model("1", "pending", ["gate", "share"]))).toBe("auto");
  expect(nextStep(model("1", "pending", ["gate", "share", "auto", "qa"]))).toBeUndefined();
});
