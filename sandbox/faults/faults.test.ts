// Fault rules by themselves: reading them, and which calls they meet.
import { expect, test } from "@jest/globals";
import { Faults } from "./faults.ts";
import type { ObservedCall } from "./faults.ts";
import { readFaults } from "./read.ts";

const call = (more: Partial<ObservedCall> = {}): ObservedCall => ({
  service: "management",
  method: "PUT",
  path: "/subscriptions/s/a",
  ...more,
});
const set = (yaml: string): Faults => {
  const faults = new Faults();
  faults.set(readFaults(yaml, "faults.yml"));
  return faults;
};
/** The numbers of the calls, from 1, that a fault met. */
const met = (faults: Faults, calls: number, of = call()): number[] =>
  Array.from({ length: calls }, (_, index) => (faults.due(of, ["answer", "drop", "slow"]).length > 0 ? index + 1 : 0)).filter((n) => n > 0);

test("a list with everything in it is read", () => {
  expect(
    readFaults(
      `
- name: throttled
  call: { method: [PUT, PATCH], type: Microsoft.Storage/storageAccounts }
  first: 2
  answer: { status: 429, retryAfter: 1 }
- call: { service: blob, path: "/st*/models/*" }
  probability: 0.1
  seed: 7
  times: 3
  drop: after
- slow: 0.5
`,
      "faults.yml",
    ),
  ).toMatchObject([
    { name: "throttled", call: { service: "management" }, first: 2, answer: { status: 429 } },
    { call: { service: "blob" }, probability: 0.1, seed: 7, times: 3, drop: "after" },
    { call: { service: "management" }, slow: 0.5, per: "rule", after: 0 },
  ]);
  expect(readFaults("", "faults.yml")).toEqual([]);
});

test.each([
  ["- answer: { status: 429 }\n  frist: 2\n", "faults.yml:2:10: `frist`: there is no field frist"],
  ["- first: 2\n", "faults.yml:1:3: a rule has one of answer, drop, slow"],
  [
    "- slow: 1\n  drop: before\n",
    "faults.yml:1:3: a rule has one of answer, drop, slow, fail, refuse, rolesHoldAfter; this one has drop and slow",
  ],
  ["- answer:\n    status: 200\n", "faults.yml:2:13: `answer.status`: must be an error, 400 to 599"],
  ["- slow: 1\n  first: 1\n  every: 2\n", "faults.yml:3:10: `every`: a rule has one of first, every, probability"],
  ["- slow: 1\n  seed: 2\n", "faults.yml:2:9: `seed`: belongs to probability"],
  ["- slow: 1\n  call: { service: moon }\n", "faults.yml:2:20: `call.service`: Invalid option"],
  ["- slow: 1\n  call: { service: blob, type: x }\n", "faults.yml:2:9: `call`: type and operation are of Resource Manager"],
  ["- fail: {}\n  call: { service: blob }\n", "faults.yml:2:9: `call`: fail and refuse are for writes of resources"],
  ["- rolesHoldAfter: 5\n  first: 1\n", "faults.yml:1:19: `rolesHoldAfter`: is for all role assignments"],
  ["slow: 1\n", "faults.yml:1:1: the file must be a list of faults"],
  ["- slow: [1\n", "faults.yml:2:1: "],
])("what is wrong is said with its place: %s", (yaml, said) => {
  expect(() => readFaults(yaml, "faults.yml")).toThrow(said);
});

test("first, every, after, times and chance choose calls, the same ones in each run", () => {
  expect(met(set("- { slow: 1, first: 2 }"), 5)).toEqual([1, 2]);
  expect(met(set("- { slow: 1, every: 3 }"), 7)).toEqual([3, 6]);
  expect(met(set("- { slow: 1, first: 2, after: 3 }"), 9)).toEqual([4, 5]);
  expect(met(set("- { slow: 1, every: 2, times: 2 }"), 9)).toEqual([2, 4]);
  const drawn = met(set("- { slow: 1, probability: 0.3, seed: 5 }"), 1000);
  expect(met(set("- { slow: 1, probability: 0.3, seed: 5 }"), 1000)).toEqual(drawn);
  expect(met(set("- { slow: 1, probability: 0.3, seed: 6 }"), 1000)).not.toEqual(drawn);
  expect(drawn.length).toBeGreaterThan(250);
  expect(drawn.length).toBeLessThan(350);
});

test("per path, each thing's first try fails", () => {
  const faults = set("- { slow: 1, first: 1, per: path }");
  expect(met(faults, 2, call({ path: "/a" }))).toEqual([1]);
  expect(met(faults, 2, call({ path: "/b" }))).toEqual([1]);
  expect(met(faults, 2, call({ path: "/b", method: "GET" }))).toEqual([1]);
  expect(faults.counts()).toEqual([{ met: 6, played: 3 }]);
});

test("service, method, path, type and operation choose, whatever their case; a star stands for anything", () => {
  const meets = (rule: string, more: Partial<ObservedCall> = {}): boolean =>
    met(set(`- { slow: 1, call: ${rule} }`), 1, call(more)).length === 1;
  const storage = { type: "Microsoft.Storage/storageAccounts", operation: "Microsoft.Storage/storageAccounts/write" };
  expect(meets("{}")).toBe(true);
  expect(meets("{}", { service: "blob" })).toBe(false);
  expect(meets("{ method: [PUT, DELETE] }")).toBe(true);
  expect(meets("{ method: GET }")).toBe(false);
  expect(meets("{ path: '/SUBSCRIPTIONS/*' }")).toBe(true);
  expect(meets("{ path: '/subscriptions' }")).toBe(false);
  expect(meets("{ path: '/subscriptions/?/a' }")).toBe(false);
  expect(meets("{ type: microsoft.storage/* }", storage)).toBe(true);
  expect(meets("{ operation: '*/storageAccounts/write' }", storage)).toBe(true);
  expect(meets("{ operation: '*/storageAccounts/read' }", storage)).toBe(false);
  expect(meets("{ type: '*' }")).toBe(true);
});

test("slow ones come together, of the others the first; who comes later keeps its count", () => {
  const faults = set("- { slow: 1 }\n- { slow: 2 }\n- { answer: { status: 500 }, first: 1 }\n- { drop: before, first: 1 }");
  const due = (): (number | string | undefined)[] =>
    faults.due(call(), ["answer", "drop", "slow"]).map(({ slow, answer, drop }) => slow ?? answer?.status ?? drop);
  expect(due()).toEqual([1, 2, 500]);
  expect(due()).toEqual([1, 2, "before"]);
  expect(due()).toEqual([1, 2]);
});
