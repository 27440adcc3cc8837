// Schedules of pipeline jobs (`az ml schedule` with `create_job`). https://learn.microsoft.com/azure/machine-learning/reference-yaml-schedule.
import { anyDict } from "../common/asset-fields.ts";
import { identityBody } from "../common/command-body.ts";
import { jobFields } from "../common/command-fields.ts";
import { inputsBody, jobInputs, jobOutputs, outputsBody } from "../common/job-io.ts";
import { trigger, triggerBody } from "../common/trigger.ts";
import { compute } from "../schema/azure.ts";
import { dict, object, type Entity } from "../schema/compound.ts";
import { BAD, nullable, readOnly, required, type Field } from "../schema/field.ts";
import { bool, oneOf, str } from "../schema/scalars.ts";
import { isMap, type YamlMap } from "../yaml/value.ts";
import { computeMark } from "./command-job.ts";
import { defineKind, type Build, type Draft } from "./kind.ts";
import { pipelineSettings, settingsBody } from "./pipeline-job.ts";

/** The job: a file, one that ran before (`azureml:<job>`), either with changes. */
type CreateJob = { readonly job: string; readonly changes?: Changes; readonly raw?: YamlMap };

const changeFields = {
  ...jobFields,
  type: oneOf(["pipeline"]),
  job: required(str),
  compute,
  inputs: jobInputs,
  outputs: jobOutputs,
  settings: pipelineSettings,
};
const changes = object(changeFields, { pathAware: true });
type Changes = Entity<typeof changeFields>;

const createJob: Field<CreateJob> = {
  expects: "a job file, `azureml:<job>`, or a mapping with `job` and changes",
  load(value, at) {
    if (!isMap(value)) {
      const job = str.load(value, at);
      return job === BAD ? BAD : { job };
    }
    const type = value.get("type");
    if (type !== undefined && type !== "pipeline")
      return at.child("type").fail("only pipeline jobs can be scheduled", "put the job into a pipeline", type);
    const loaded = changes.load(value, at);
    if (loaded === BAD) return BAD;
    const raw = new Map([...value].filter(([key]) => key !== "job"));
    return { job: loaded.job, changes: loaded, raw };
  },
};

/** What schedules of jobs and of imports have. */
export const scheduleFields = {
  name: required(str),
  display_name: str,
  description: str,
  tags: anyDict,
  properties: dict(nullable(str)),
  is_enabled: readOnly(bool),
  trigger: required(trigger),
} as const;
const fields = { ...scheduleFields, create_job: required(createJob) } as const;
type JobScheduleEntity = Entity<typeof fields>;

export const jobSchedule = defineKind<JobScheduleEntity>({
  kind: "jobSchedule",
  noun: "schedule",
  field: object(fields, { pathAware: true }),
  build: (entity, build) => scheduleDraft(entity, { actionType: "CreateJob", jobDefinition: jobOf(entity.create_job, build) }),
});

/** The request of a schedule, with what it does. */
export function scheduleDraft(entity: Entity<typeof scheduleFields>, action: object): Draft {
  const { name, display_name: displayName, description, tags, properties } = entity;
  const common = { displayName, description, tags: tags ?? {}, properties: properties ?? {} };
  return { name, version: null, body: { properties: { ...common, action, trigger: triggerBody(entity.trigger) } } };
}

function jobOf(given: CreateJob, build: Build): unknown {
  const at = given.changes ? ["create_job", "job"] : ["create_job"];
  if (given.job.startsWith("azureml:")) return ranBefore(given.job.slice("azureml:".length), given.changes, build);
  if (given.job.startsWith("file:")) {
    build.problem(at, "takes a path as it is", `write ${given.job.slice("file:".length)}`, given.job);
    return null;
  }
  const draft = build.draft(given.job, { kind: "job", at, merge: given.raw });
  const body = draft?.body["properties"] as { jobType?: string } | undefined;
  if (body && body.jobType !== "Pipeline")
    build.problem(at, "only pipeline jobs can be scheduled", "put the job into a pipeline", given.job);
  return body;
}

/** The request names the job that ran; what it did not change comes from there. */
function ranBefore(job: string, changes: Changes | undefined, build: Build): unknown {
  const common = { jobType: "Pipeline", isArchived: false, sourceJobId: job };
  if (!changes) return { ...common, experimentName: "" };
  if (changes.type === undefined)
    build.problem(["create_job", "type"], "is required where a job that ran before is changed", "add `type: pipeline`");
  return {
    ...common,
    computeId: computeMark(changes.compute),
    displayName: changes.display_name,
    description: changes.description,
    experimentName: changes.experiment_name,
    tags: changes.tags ?? {},
    properties: changes.properties ?? {},
    jobs: {},
    inputs: inputsBody(changes.inputs, build),
    outputs: outputsBody(changes.outputs, build),
    settings: settingsBody(changes.settings, "YAML.JOB"),
    identity: identityBody(changes.identity),
  };
}
