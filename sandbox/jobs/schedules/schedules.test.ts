// Triggers by the calendar, and schedules that start jobs.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { jobSandbox, type JobSandbox } from "../testing.ts";
import { readTrigger } from "./trigger.ts";

const times = (trigger: Record<string, unknown>, after: string, count: number, created = "2026-01-01T00:00:00Z"): string[] => {
  const read = readTrigger(trigger, Date.parse(created));
  const found: string[] = [];
  let moment: number | undefined = Date.parse(after);
  while (found.length < count && (moment = read.next(moment)) !== undefined) found.push(new Date(moment).toISOString().slice(0, 16));
  return found;
};
const cron = (expression: string, more: object = {}) => ({ triggerType: "Cron", expression, ...more });
const recurs = (frequency: string, interval: number, more: object = {}) => ({ triggerType: "Recurrence", frequency, interval, ...more });

test.each<[string, Record<string, unknown>, string, string[]]>([
  ["every quarter of an hour", cron("*/15 * * * *"), "2026-03-01T10:07:00Z", ["2026-03-01T10:15", "2026-03-01T10:30"]],
  ["weekdays at 9:30", cron("30 9 * * mon-fri"), "2026-03-06T09:30:00Z", ["2026-03-09T09:30", "2026-03-10T09:30"]],
  ["leap day", cron("0 0 29 2 *"), "2026-01-01T00:00:00Z", ["2028-02-29T00:00", "2032-02-29T00:00"]],
  // Berlin's clock goes from +01:00 to +02:00 on 2026-03-29.
  [
    "summer time",
    cron("0 6 * * *", { timeZone: "W. Europe Standard Time" }),
    "2026-03-28T00:00:00Z",
    ["2026-03-28T05:00", "2026-03-29T04:00"],
  ],
  [
    "start and end",
    cron("0 * * * *", { startTime: "2026-05-01T12:00:00", endTime: "2026-05-01T13:00:00" }),
    "2026-01-01T00:00:00Z",
    ["2026-05-01T12:00", "2026-05-01T13:00"],
  ],
  [
    "every 10 minutes from a start",
    recurs("Minute", 10, { startTime: "2026-01-01T00:03:00" }),
    "2026-01-01T01:00:00Z",
    ["2026-01-01T01:03", "2026-01-01T01:13"],
  ],
  [
    "every second day",
    recurs("Day", 2, { startTime: "2026-01-01T08:00:00" }),
    "2026-01-02T00:00:00Z",
    ["2026-01-03T08:00", "2026-01-05T08:00"],
  ],
  [
    "a day's pattern",
    recurs("Day", 1, { schedule: { hours: [10], minutes: [0, 30] } }),
    "2026-01-05T10:15:00Z",
    ["2026-01-05T10:30", "2026-01-06T10:00"],
  ],
  [
    "a week's pattern",
    recurs("Week", 2, { startTime: "2026-01-05T00:00:00", schedule: { hours: [1], minutes: [0], weekDays: ["Monday", "Friday"] } }),
    "2026-01-06T00:00:00Z",
    ["2026-01-09T01:00", "2026-01-19T01:00"],
  ],
  [
    "a month's pattern",
    recurs("Month", 1, { schedule: { hours: [0], minutes: [5], monthDays: [31] } }),
    "2026-01-01T00:00:00Z",
    ["2026-01-31T00:05", "2026-03-31T00:05"],
  ],
  ["without a start at once", recurs("Hour", 1), "2025-12-31T23:59:00Z", ["2026-01-01T00:00", "2026-01-01T01:00"]],
])("%s", (_, trigger, after, expected) => {
  expect(times(trigger, after, expected.length)).toEqual(expected);
});

test("mistakes are named", () => {
  expect(() => readTrigger(cron("* * *"), 0)).toThrow(/has 3 fields/);
  expect(() => readTrigger(cron("61 * * * *"), 0)).toThrow(/"61" is none of 0-59/);
  expect(() => readTrigger(cron("* * * * *", { timeZone: "Mars" }), 0)).toThrow(/"Mars" is not one of Azure's time zones/);
  expect(() => readTrigger(recurs("Fortnight", 1), 0)).toThrow(/"fortnight" is none/);
});

let kit: JobSandbox;
beforeAll(async () => {
  kit = await jobSandbox(1);
}, 60_000);
afterAll(async () => await kit?.sandbox.stop());

const job = (command: string) => ({
  jobType: "Pipeline",
  experimentName: "nightly",
  jobs: { one: { type: "command", command, environment: "azureml:empty:1", computeId: "cpu-cluster" } },
});
const schedule = (trigger: object, definition: object = job("echo scheduled")) => ({
  action: { actionType: "CreateJob", jobDefinition: definition },
  trigger,
});
const names = async (query: string): Promise<string[]> =>
  ((await kit.sandbox.call("GET", `${kit.workspace}/${query}`)).body as { value: { name: string }[] }).value.map(({ name }) => name);

test("fires a job, once for its time, until it is disabled; then it can be deleted", async () => {
  const at = `${kit.workspace}/schedules/often`;
  expect((await kit.put("schedules/often", schedule(recurs("Hour", 1)))).status).toBe(201);
  let started: string[] = [];
  for (let attempt = 0; attempt < 100 && started.length === 0; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    started = await names("jobs?scheduled=true&api-version=2024-01-01-preview");
  }
  expect(started).toEqual([expect.stringMatching(/^often-\d{8}T\d{6}Z$/)]);
  await kit.until(started[0]!, "Completed");
  expect(await names("schedules?api-version=2023-06-01-preview")).toEqual(["often"]);
  expect((await kit.sandbox.call("DELETE", at)).status).toBe(400);
  await kit.put("schedules/often", { ...schedule(recurs("Hour", 1)), isEnabled: false });
  expect(await names("schedules?api-version=2023-06-01-preview")).toEqual([]);
  expect(await names("schedules?listViewType=DisabledOnly&api-version=2023-06-01-preview")).toEqual(["often"]);
  expect((await kit.sandbox.call("DELETE", at)).status).toBeLessThan(300);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(await names("jobs?scheduled=true&api-version=2024-01-01-preview")).toHaveLength(1);
}, 60_000);

test("a trigger by hand starts the job that the schedule names", async () => {
  await kit.submit("template", job("echo by hand"));
  await kit.until("template", "Completed");
  const source = { jobType: "Pipeline", sourceJobId: `${kit.workspace}/jobs/template`, experimentName: "" };
  await kit.put("schedules/byhand", schedule(cron("0 0 1 1 *"), source));
  const answer = await kit.sandbox.call("POST", `${kit.workspace}/schedules/byhand/trigger`, { scheduleTime: "2026-01-02T03:04:05Z" });
  expect(answer).toMatchObject({ status: 200, body: { scheduleActionType: "CreateJob", submissionId: "byhand-20260102T030405Z" } });
  await kit.until("byhand-20260102T030405Z", "Completed");
}, 60_000);

test("what its job lacks is said when the schedule is made", async () => {
  const lacking = await kit.put(
    "schedules/bad",
    schedule(cron("0 0 * * *"), { ...job("echo"), jobs: { one: { type: "command", command: "echo", environment: "azureml:none:1" } } }),
  );
  expect([lacking.status, lacking.body.error.message]).toEqual([400, expect.stringContaining("none")]);
});
