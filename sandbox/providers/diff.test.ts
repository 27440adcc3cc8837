// Changes between inputs: kinds, paths, replacement, and what a refresh carries over.
import { expect, test } from "@jest/globals";
import { applyDrift, diffInputs } from "./diff.ts";
import { unknown } from "./rpc/values.ts";
import type { Properties } from "./rpc/values.ts";

const replaceKeys = new Set(["name", "location"]);
const diff = (olds: Properties, news: Properties, state: Properties = {}): unknown[] => {
  const { changes, keys, replaces, deleteBeforeReplace } = diffInputs(olds, news, replaceKeys, state);
  return [Object.fromEntries([...changes].map(([path, c]) => [path, c.kind])), keys, replaces, deleteBeforeReplace];
};

test("nothing changed", () => {
  expect(diff({ a: { b: [1, { c: "x" }] } }, { a: { b: [1, { c: "x" }] } })).toEqual([{}, [], [], false]);
});

test("paths are Pulumi's, with brackets where a key needs them", () => {
  expect(diff({ a: { b: [1, 2] } }, { a: { b: [1, 3, 4] } })).toEqual([{ "a.b[1]": "update", "a.b[2]": "add" }, ["a"], [], false]);
  expect(diff({ tags: { "x.y": "1" } }, { tags: { "x.y": "2" } })).toEqual([{ 'tags["x.y"]': "update" }, ["tags"], [], false]);
  expect(diff({ a: 1 }, { b: 1 })).toEqual([{ a: "delete", b: "add" }, ["a", "b"], [], false]);
});

test("a value not known yet is a change", () => {
  expect(diff({ a: "x" }, { a: unknown })[0]).toEqual({ a: "update" });
  expect(diff({ a: unknown }, { a: unknown })[0]).toEqual({ a: "update" });
});

test("a new name or place replaces, the old one first unless its name was made up", () => {
  expect(diff({ name: "a" }, { name: "b" })).toEqual([{ name: "update" }, ["name"], ["name"], true]);
  expect(diff({ name: "a1b2", __createBeforeDelete: true }, { name: "b" })).toEqual([{ name: "update" }, ["name"], ["name"], false]);
  expect(diff({ location: "West Europe" }, { location: "westeurope" })).toEqual([{}, [], [], false]);
});

test("naming what the resource already has replaces nothing", () => {
  expect(diff({}, { location: "westeurope" }, { location: "westeurope" })).toEqual([{ location: "add" }, ["location"], [], false]);
  expect(diff({}, { location: "northeurope" }, { location: "westeurope" })).toEqual([
    { location: "add" },
    ["location"],
    ["location"],
    true,
  ]);
});

test("a refresh takes over what changed in Azure, not what Azure filled in", () => {
  const inputs = { a: "1", tags: { x: "1" }, list: [{ n: "a" }] };
  const before = { a: "1", filled: "d", tags: { x: "1" }, list: [{ n: "a", id: "i" }] };
  expect(applyDrift(inputs, before, { ...before, filled: "d" })).toEqual(inputs);
  expect(applyDrift(inputs, before, { ...before, a: "2", filled: "e" })).toEqual({ ...inputs, a: "2", filled: "e" });
  expect(applyDrift(inputs, before, { ...before, tags: { x: "1", y: "2" } })).toEqual({ ...inputs, tags: { x: "1", y: "2" } });
  expect(applyDrift(inputs, before, { ...before, list: [{ n: "b", id: "i" }] })).toEqual({ ...inputs, list: [{ n: "b" }] });
  expect(applyDrift(inputs, before, { filled: "d", tags: { x: "1" }, list: before.list })).toEqual({
    tags: { x: "1" },
    list: [{ n: "a" }],
  });
});
