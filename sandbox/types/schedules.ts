// Microsoft.MachineLearningServices/workspaces/schedules (API 2023-06-01-preview and later): jobs and monitors started by the clock.
import { z } from "zod";
import type { ResourceType } from "../core.ts";
import { ArmError } from "../core.ts";
import { definitionOf, fire, scheduleType, triggerOf, workspaceOf } from "../jobs/schedules/clock.ts";
import { objectField, textField } from "../jobs/fields.ts";
import { checkMonitor } from "../jobs/monitor/start.ts";
import { notModeled, userError } from "../jobs/refuse.ts";
import { listView } from "../ml/views.ts";
import { jobs, newJob, withoutNulls } from "./job.ts";

const body = z.looseObject({
  properties: z.looseObject({
    action: z.looseObject({
      actionType: z.string(),
      jobDefinition: z.looseObject({}).nullish(),
      monitorDefinition: z.looseObject({}).nullish(),
    }),
    trigger: z.looseObject({ triggerType: z.string() }),
    isEnabled: z.boolean().nullish(),
    displayName: z.string().nullish(),
    description: z.string().nullish(),
    tags: z.record(z.string(), z.string().nullable()).nullish(),
    properties: z.record(z.string(), z.string().nullable()).nullish(),
  }),
});

const otherActions: Readonly<Record<string, string>> = {
  importdata: "it imports no data",
  invokebatchendpoint: "a schedule starts jobs only; schedule a pipeline job that reads the same data",
};

export const schedules: ResourceType<z.infer<typeof body>> = {
  type: scheduleType,
  body,
  latencySeconds: 5,
  names: { pattern: /^[a-zA-Z0-9][\w-]{0,232}$/, rule: "1-233 letters, digits, '_' and '-', a letter or digit first" },
  fill({ after }) {
    const { properties } = after;
    return {
      ...after,
      properties: {
        displayName: after.name,
        description: null,
        tags: {},
        properties: {},
        ...withoutNulls(properties),
        isEnabled: properties["isEnabled"] ?? true,
      },
    };
  },
  async check({ after, apiVersion, principalId }, sandbox) {
    const action = objectField(after.properties, "action");
    const kind = textField(action, "actionType") ?? "";
    const why = otherActions[kind.toLowerCase()];
    if (why) throw notModeled(`A schedule with action "${kind}"`, why);
    triggerOf(after);
    if (kind.toLowerCase() === "createmonitor") return checkMonitor(sandbox, after);
    if (kind.toLowerCase() !== "createjob")
      throw userError(`A schedule's action is "${kind}"; it must be CreateJob or CreateMonitor.`, "action.actionType");
    // What the job lacks is better known now than at midnight.
    const id = `${workspaceOf(after)}/jobs/${after.name}-check`;
    const job = { id, name: `${after.name}-check`, type: jobs.type, properties: { ...definitionOf(after, sandbox) } };
    const change = { before: undefined, apiVersion, principalId };
    await jobs.check!({ ...change, after: newJob({ ...change, after: job }) }, sandbox);
  },
  list(scope, query, sandbox) {
    const view = listView(query, ["EnabledOnly", "DisabledOnly", "All"]);
    const all = sandbox.resources.list(scope, scheduleType);
    return view === "All" ? all : all.filter((one) => (one.properties["isEnabled"] !== false) === (view === "EnabledOnly"));
  },
  remove(schedule, _sandbox, cascade) {
    if (cascade || schedule.properties["isEnabled"] === false) return;
    throw new ArmError(400, "UserError", `Schedule '${schedule.name}' is enabled; disable it before it is deleted.`);
  },
  actions: {
    trigger: async (schedule, given, sandbox) => {
      const asked = Date.parse(textField((given ?? {}) as Record<string, unknown>, "scheduleTime") ?? "");
      const name = await fire(schedule, Number.isNaN(asked) ? Date.now() : asked, sandbox);
      return {
        status: 200,
        body: { scheduleActionType: textField(objectField(schedule.properties, "action"), "actionType"), submissionId: name },
      };
    },
  },
};
