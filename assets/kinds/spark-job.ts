// Spark jobs (`az ml job`, `type: spark`). https://learn.microsoft.com/azure/machine-learning/reference-yaml-job-spark.
import { UploadMark } from "../body.ts";
import { identityBody } from "../common/command-body.ts";
import { jobFields } from "../common/command-fields.ts";
import {
  inputsBody,
  isDataInput,
  jobInputs,
  jobOutputs,
  outputsBody,
  unwrap,
  type InputValue,
  type OutputValue,
} from "../common/job-io.ts";
import { codeMark, environmentMark, refuseRemoteCode } from "../common/marks.ts";
import {
  asTexts,
  checkPlace,
  checkSpark,
  sparkConf,
  sparkEnvironment,
  sparkFields,
  sparkResources,
  sparkSettings,
  withInstances,
} from "../common/spark.ts";
import { compute } from "../schema/azure.ts";
import { object, type Entity } from "../schema/compound.ts";
import { required } from "../schema/field.ts";
import { oneOf } from "../schema/scalars.ts";
import { checkInputBindings, computeMark } from "./command-job.ts";
import { defineKind, type Build, type Draft } from "./kind.ts";

export const sparkJobFields = {
  ...jobFields,
  ...sparkFields,
  type: required(oneOf(["spark"])),
  compute,
  inputs: jobInputs,
  outputs: jobOutputs,
  resources: sparkResources,
} as const;
export type SparkJobEntity = Entity<typeof sparkJobFields>;

export const sparkJob = defineKind<SparkJobEntity>({
  kind: "sparkJob",
  noun: "job",
  field: object(sparkJobFields, { pathAware: true }),
  build: buildSparkJob,
});

function buildSparkJob(entity: SparkJobEntity, build: Build): Draft {
  const settings = sparkSettings(entity.conf);
  refuseRemoteCode(entity.code, build);
  const code = codeMark(entity.code, build, "version");
  checkSpark(settings.known, entity.entry, code instanceof UploadMark ? code.localPath : undefined, build);
  checkPlace(entity.compute, entity.resources, build);
  checkModes(entity, build);
  checkInputBindings(entity.args ?? "", entity.inputs, build, ["args"]);
  return {
    name: entity.name ?? null,
    version: null,
    body: {
      properties: {
        jobType: "Spark",
        experimentName: entity.experiment_name,
        displayName: entity.display_name,
        description: entity.description,
        tags: entity.tags ?? {},
        codeId: code,
        isArchived: false,
        entry: { sparkJobEntryType: "SparkJobPythonEntry", file: (entity.entry as { file?: string }).file },
        pyFiles: entity.py_files,
        jars: entity.jars,
        files: entity.files,
        archives: entity.archives,
        identity: identityBody(entity.identity) ?? { identityType: entity.compute === undefined ? "UserIdentity" : "Managed" },
        conf: asTexts(sparkConf(withInstances(settings))),
        // The SDK takes properties and sends none.
        properties: {},
        environmentId: environmentMark(entity.environment ?? undefined, build, ["environment"], sparkEnvironment),
        inputs: inputsBody(entity.inputs, build),
        outputs: outputsBody(entity.outputs, build),
        args: entity.args,
        computeId: entity.compute === "local" ? "local" : computeMark(entity.compute),
        resources: entity.resources && { instanceType: entity.resources.instance_type, runtimeVersion: entity.resources.runtime_version },
      },
    },
  };
}

/** Spark reads and writes where the data is. */
function checkModes(entity: SparkJobEntity, build: Build): void {
  const direct = (side: "inputs" | "outputs", name: string, mode: string | undefined): void => {
    if (mode?.toLowerCase() !== "direct") build.problem([side, name], "must be used directly by Spark", "add `mode: direct`", mode);
  };
  for (const [name, raw] of Object.entries((entity.inputs ?? {}) as Record<string, InputValue>)) {
    const value = unwrap(raw);
    if (isDataInput(value)) direct("inputs", name, value.mode);
  }
  for (const [name, value] of Object.entries((entity.outputs ?? {}) as Record<string, OutputValue | null>))
    if (value) direct("outputs", name, value.mode);
}
