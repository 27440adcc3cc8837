// Sweep jobs (`az ml job`, `type: sweep`). https://learn.microsoft.com/azure/machine-learning/reference-yaml-job-sweep.
import { distributionBody, identityBody, queueBody, resourcesBody } from "../common/command-body.ts";
import { commandFields, jobFields } from "../common/command-fields.ts";
import { checkKey, inputsBody, jobInputs, jobOutputs, outputsBody } from "../common/job-io.ts";
import { codeMark, environmentMark, within } from "../common/marks.ts";
import { objectiveBody, samplingBody, searchSpaceBody, sweepFields, sweepLimitsBody, terminationBody } from "../common/sweep.ts";
import { compute } from "../schema/azure.ts";
import { object, type Entity } from "../schema/compound.ts";
import { required } from "../schema/field.ts";
import { oneOf } from "../schema/scalars.ts";
import { checkInputBindings, computeMark, environmentValues, modernBraces, refuseLocal } from "./command-job.ts";
import { defineKind, type Build, type Draft } from "./kind.ts";

const trial = object(commandFields, { pathAware: true });
const fields = {
  ...jobFields,
  ...sweepFields,
  compute,
  type: required(oneOf(["sweep"])),
  trial: required(trial),
  inputs: jobInputs,
  outputs: jobOutputs,
} as const;
export type SweepJobEntity = Entity<typeof fields>;

export const sweepJob = defineKind<SweepJobEntity>({
  kind: "sweepJob",
  noun: "job",
  field: object(fields, { pathAware: true }),
  build: buildSweepJob,
});

function buildSweepJob(entity: SweepJobEntity, build: Build): Draft {
  const inside = within(build, ["trial"]);
  const command = modernBraces(entity.trial.command);
  refuseLocal(entity.compute, build);
  checkInputBindings(command, entity.inputs, inside);
  if (/^[^/\\]+[:@][^/\\]+$/.test(entity.trial.code ?? ""))
    inside.problem(
      ["code"],
      "a sweep's trial takes no registered code by name",
      "name a local folder, or the code's full ARM id",
      entity.trial.code,
    );
  if (entity.search_space === undefined) build.problem(["search_space"], "a sweep needs a search space", "add `search_space:`");
  for (const name of Object.keys(entity.search_space ?? {})) checkKey(name, ["search_space", name], build);
  const trialResources = resourcesBody(entity.trial.resources);
  return {
    name: entity.name ?? null,
    version: null,
    body: {
      properties: {
        jobType: "Sweep",
        displayName: entity.display_name,
        description: entity.description,
        experimentName: entity.experiment_name,
        isArchived: false,
        searchSpace: searchSpaceBody(entity.search_space),
        samplingAlgorithm: samplingBody(entity.sampling_algorithm),
        limits: sweepLimitsBody(entity.limits),
        earlyTermination: terminationBody(entity.early_termination),
        properties: entity.properties ?? {},
        computeId: computeMark(entity.compute),
        objective: objectiveBody(entity.objective),
        trial: {
          codeId: codeMark(entity.trial.code, inside, "any"),
          distribution: distributionBody(entity.trial.distribution),
          environmentId: environmentMark(entity.trial.environment, inside, ["environment"]),
          command,
          environmentVariables: environmentValues(entity.trial.environment_variables),
          resources: trialResources,
        },
        tags: entity.tags ?? {},
        inputs: inputsBody(entity.inputs, build),
        outputs: outputsBody(entity.outputs, build),
        identity: identityBody(entity.identity),
        queueSettings: queueBody(entity.queue_settings),
        resources: resourcesBody(entity.resources) ?? trialResources,
      },
    },
  };
}
