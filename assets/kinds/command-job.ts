// Command jobs (`az ml job`). https://learn.microsoft.com/azure/machine-learning/reference-yaml-job-command; REST CommandJob 2025-01-01-preview.
import { ReferenceMark } from "../body.ts";
import { distributionBody, identityBody, limitsBody, queueBody, resourcesBody, servicesBody } from "../common/command-body.ts";
import { commandFields, jobFields, limits, type Service } from "../common/command-fields.ts";
import { inputsBody, jobInputs, jobOutputs, outputsBody } from "../common/job-io.ts";
import { codeMark, environmentMark, refuseRemoteCode } from "../common/marks.ts";
import { compute } from "../schema/azure.ts";
import { object, type Entity } from "../schema/compound.ts";
import { readOnly } from "../schema/field.ts";
import { any, oneOf, str } from "../schema/scalars.ts";
import { defineKind, type Build, type Draft } from "./kind.ts";

export const commandJobFields = {
  ...commandFields,
  ...jobFields,
  compute,
  type: oneOf(["command"]),
  limits,
  parameters: readOnly(any),
  inputs: jobInputs,
  outputs: jobOutputs,
  parent_job_name: str,
} as const;

const field = object(commandJobFields, { pathAware: true });
export type CommandJobEntity = Entity<typeof commandJobFields>;

export const commandJob = defineKind<CommandJobEntity>({ kind: "commandJob", noun: "job", field, build: buildCommandJob });

function buildCommandJob(entity: CommandJobEntity, build: Build): Draft {
  const command = modernBraces(entity.command);
  const local = entity.compute === "local";
  const resources = resourcesBody(entity.resources) ?? (local ? { properties: {} } : null);
  if (local && resources) resources.properties = { ...(resources.properties as object), IsLocal: { IsLocal: true } };
  checkInputBindings(command, entity.inputs, build);
  refuseRemoteCode(entity.code, build);
  return {
    name: entity.name ?? null,
    version: null,
    body: {
      properties: {
        jobType: "Command",
        displayName: entity.display_name,
        description: entity.description,
        command,
        codeId: codeMark(entity.code, build, "version"),
        computeId: computeMark(entity.compute),
        properties: withoutOwn(entity.properties),
        experimentName: entity.experiment_name,
        isArchived: false,
        inputs: inputsBody(entity.inputs, build),
        outputs: outputsBody(entity.outputs, build),
        environmentId: environmentMark(entity.environment, build, ["environment"]),
        distribution: distributionBody(entity.distribution),
        tags: entity.tags ?? {},
        identity: identityBody(entity.identity),
        environmentVariables: {
          ...environmentValues(entity.environment_variables),
          ...(local && { AZUREML_COMPUTE_USE_COMMON_RUNTIME: "true" }),
        },
        resources,
        limits: limitsBody(entity.limits),
        services: servicesBody(entity.services as Record<string, Service> | undefined),
        queueSettings: queueBody(entity.queue_settings),
        parentJobName: entity.parent_job_name,
      },
    },
  };
}

/** `{value: …}` of environment variables is what it holds. */
export const environmentValues = (value: unknown): Record<string, unknown> =>
  value && typeof value === "object" ? (value as Record<string, unknown>) : {};

// The caller's own group: ids in it are completed by the caller.
const GROUP = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}";

/** Properties without the one that Azure sets itself. */
function withoutOwn(properties: Readonly<Record<string, string | null>> = {}): object {
  const { "_azureml.ComputeTargetType": _own, ...others } = properties;
  return others;
}

/** A compute in a job; "local" is no resource. */
export function computeMark(name: string | undefined): unknown {
  if (name === undefined || name.toLowerCase() === "local") return null;
  const cluster = /^virtualclusters\/(.+)$/i.exec(name)?.[1];
  if (cluster === undefined) return new ReferenceMark("compute", name);
  return new ReferenceMark("virtualCluster", `${GROUP}/providers/Microsoft.MachineLearningServices/virtualclusters/${cluster}`);
}

/** Only commands run on the user's own machine. */
export function refuseLocal(compute: string | undefined, build: Build): void {
  if (compute === "local")
    build.problem(["compute"], "only command jobs run on this machine", "name a compute, or remove the line", compute);
}

// Commands of old files write {inputs.x} for ${{inputs.x}}.
export const modernBraces = (command: string): string =>
  command.replaceAll(/(?<!\{)\{(inputs|outputs|search_space)\.([^}]*)\}(?!\})/g, "$${{$1.$2}}");

/** Every input that the command names has to be there, unless it stands in square brackets. */
export function checkInputBindings(
  command: string,
  inputs: Record<string, unknown> | undefined,
  build: Build,
  path: readonly string[] = ["command"],
): void {
  const optional = new Set([...command.matchAll(/\[[\w.\s-]*\$\{\{inputs\.([\w.-]+)\}\}\]/g)].map((match) => match[1]!));
  for (const [, name = ""] of command.matchAll(/\$\{\{inputs\.([\w.-]+)\}\}/g)) {
    if (!optional.has(name) && (inputs === undefined || !Object.hasOwn(inputs, name)))
      build.problem(
        path,
        `\`\${{inputs.${name}}}\` binds to nothing: there is no input \`${name}\``,
        `add \`${name}\` to \`inputs\`, or correct the name`,
        `\${{inputs.${name}}}`,
      );
  }
}
