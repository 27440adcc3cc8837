// Automated ML jobs (`az ml job`, `type: automl`): what is searched depends on `task`. REST AutoMLJob 2025-12-01, as azure-ai-ml sends it.
import { automlTaskFields, automlTasks, TASKS } from "../automl/tasks.ts";
import { identityBody } from "../common/command-body.ts";
import { jobFields, type JobIdentity } from "../common/command-fields.ts";
import { inputUri, jobOutputs, outputsBody, type DataInput, type OutputValue } from "../common/job-io.ts";
import { compute } from "../schema/azure.ts";
import { object, type ObjectField } from "../schema/compound.ts";
import { required, type Field } from "../schema/field.ts";
import { nearest, oneOf } from "../schema/scalars.ts";
import { isMap } from "../yaml/value.ts";
import { computeMark, refuseLocal } from "./command-job.ts";
import { defineKind, type Build, type Draft } from "./kind.ts";

const shared = {
  ...jobFields,
  type: required(oneOf(["automl"])),
  compute,
  outputs: jobOutputs,
} as const;
const byTask: Readonly<Record<string, ObjectField>> = Object.fromEntries(
  automlTasks.map((name) => [name, object({ ...shared, ...automlTaskFields(name) }, { pathAware: true })]),
);

type AutomlEntity = Record<string, unknown> & { name?: string; task: string };

const field: Field<AutomlEntity> = {
  expects: "an automated ML job",
  load(value, at) {
    const task = isMap(value) ? value.get("task") : undefined;
    const schema = typeof task === "string" ? byTask[task] : undefined;
    if (schema) return schema.load(value, at) as AutomlEntity;
    return at.child("task").fail(`must be one of ${automlTasks.join(", ")}`, nearest(task, automlTasks), task);
  },
};

export const automlJob = defineKind<AutomlEntity>({ kind: "automlJob", noun: "job", field, build: buildAutomlJob });

function buildAutomlJob(entity: AutomlEntity, build: Build): Draft {
  const task = TASKS[entity.task]!;
  refuseLocal(entity["compute"] as string | undefined, build);
  const training = entity["training"] as Record<string, unknown> | undefined;
  if (training?.["stack_ensemble_settings"] !== undefined)
    build.problem(
      ["training", "stack_ensemble_settings"],
      "the official SDK cannot send these",
      "remove them; enable_stack_ensemble alone is sent",
    );
  const table = (name: string): unknown => {
    const value = entity[name] as DataInput | undefined;
    return value && { jobInputType: "mltable", uri: inputUri({ ...value, type: "mltable" }, build, [name]) };
  };
  return {
    name: entity.name ?? null,
    version: null,
    body: {
      properties: {
        jobType: "AutoML",
        displayName: entity["display_name"],
        isArchived: false,
        description: entity["description"],
        experimentName: entity["experiment_name"],
        tags: entity["tags"] ?? {},
        computeId: computeMark(entity["compute"] as string | undefined),
        properties: entity["properties"] ?? {},
        environmentId: entity["environment_id"],
        environmentVariables: entity["environment_variables"],
        services: entity["services"],
        // As the SDK sends them: every output a folder; services, resources and queue in the words of the file.
        outputs: Object.fromEntries(
          Object.entries(outputsBody(entity["outputs"] as Record<string, OutputValue | null> | undefined, build)).map(([name, output]) => [
            name,
            { ...(output as object), jobOutputType: "uri_folder" },
          ]),
        ),
        resources: entity["resources"],
        queueSettings: entity["queue_settings"],
        identity: identityBody(entity["identity"] as JobIdentity | undefined),
        taskDetails: {
          ...task.body(entity),
          trainingData: table("training_data"),
          validationData: table("validation_data"),
          // Images: the SDK takes it and sends nothing of it.
          testData: task.fields["test_data_size"] ? table("test_data") : undefined,
          primaryMetric: task.usualMetric && (entity["primary_metric"] ?? task.usualMetric),
          logVerbosity: entity["log_verbosity"] ?? "Info",
          taskType: task.type,
        },
      },
    },
  };
}
