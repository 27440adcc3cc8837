// Approvals: who counts, for what, and how long.
import { expect, test } from "@jest/globals";
import { type Approval, type ApprovalQuestion, judgeApprovals, mayNotApprove } from "./approval.ts";
import type { Person } from "./person.ts";

const person = (name: string): Person => ({ id: `id-${name}`, name, kind: "user" });
const digest = "a".repeat(64);
const at = new Date("2026-05-01T12:00:00Z");
const approval = (name: string, more: Partial<Approval> = {}): Approval => ({
  ...{ release: "m-1", digest, stage: "prod", decision: "approved", by: person(name) },
  ...{ at: "2026-05-01T11:00:00Z", expires: "2026-05-04T11:00:00Z" },
  ...more,
});
const ask = (approvals: Approval[], more: Partial<ApprovalQuestion> = {}) =>
  judgeApprovals({
    ...{ policy: { required: 2, validHours: 72, approvers: [] }, release: "m-1", digest, stage: "prod", approvals, at },
    excluded: [{ person: person("trainer"), why: "trained it" }],
    ...more,
  });

test("as many different people as asked for", () => {
  const verdict = ask([approval("ann"), approval("bob")]);
  expect(verdict).toMatchObject({ approved: true, problems: [] });
  expect(verdict.by.map(({ name }) => name)).toEqual(["ann", "bob"]);
});

test.each<[string, Approval[], RegExp]>([
  ["none", [], /0 of 2 approvals/],
  ["too few", [approval("ann")], /1 of 2 approvals/],
  ["one person twice", [approval("ann"), approval("ann", { by: { ...person("ann"), id: "ID-ANN" } })], /1 of 2/],
  ["for another digest", [approval("ann"), approval("bob", { digest: "b".repeat(64) })], /bob does not count: it is for other content/],
  ["for another stage", [approval("ann"), approval("bob", { stage: "qa" })], /1 of 2/],
  ["for another release", [approval("ann"), approval("bob", { release: "m-10" })], /1 of 2/],
  ["expired", [approval("ann"), approval("bob", { expires: "2026-05-01T11:30:00Z" })], /bob does not count: it expired/],
  [
    "older than approvals may be, whatever it says",
    [approval("ann"), approval("bob", { at: "2026-04-01T00:00:00Z" })],
    /older than the 72 hours/,
  ],
  ["dated into the future", [approval("ann"), approval("bob", { at: "2026-05-03T00:00:00Z" })], /later than it had to be/],
  ["by who trained it", [approval("ann"), approval("trainer")], /trainer trained it, and someone else/],
])("%s is not enough", (_what, approvals, problem) => {
  const verdict = ask(approvals);
  expect(verdict.approved).toBe(false);
  expect(verdict.problems.join("\n")).toMatch(problem);
});

test("a rejection stops it, however many agree; its author may change their mind", () => {
  const no = approval("eve", { decision: "rejected", reason: "drifts", at: "2026-05-01T11:10:00Z" });
  expect(ask([approval("ann"), approval("bob"), no])).toMatchObject({ approved: false, problems: ["eve rejected it: drifts"] });
  expect(ask([approval("ann"), approval("bob"), no, approval("eve", { at: "2026-05-01T11:20:00Z" })]).approved).toBe(true);
  expect(ask([approval("ann", { at: "2026-05-01T10:00:00Z" }), approval("bob"), { ...no, by: person("ann") }]).approved).toBe(false);
});

test("a release that has been live is judged as of then", () => {
  const later = { at: new Date("2026-08-01T00:00:00Z") };
  expect(ask([approval("ann"), approval("bob")], later).approved).toBe(false);
  expect(ask([approval("ann"), approval("bob")]).approved).toBe(true);
});

test("only named approvers, where there is a list", () => {
  const policy = { required: 1, validHours: 72, approvers: ["ID-ANN"] };
  expect(mayNotApprove(person("ann"), policy, [])).toBeUndefined();
  expect(mayNotApprove(person("bob"), policy, [])).toMatch(/not among the approvers/);
  expect(ask([approval("bob")], { policy }).approved).toBe(false);
});
