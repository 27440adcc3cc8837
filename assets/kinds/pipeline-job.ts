// Pipeline jobs (`az ml job`). https://learn.microsoft.com/azure/machine-learning/reference-yaml-job-pipeline; REST PipelineJob 2024-01-01-preview.
import { DependencyMark, finishBody, ReferenceMark } from "../body.ts";
import { versioned } from "../common/marks.ts";
import { identityBody, servicesBody } from "../common/command-body.ts";
import { jobFields, type Service } from "../common/command-fields.ts";
import {
  bindableInputs,
  inputsBody,
  isDataInput,
  jobOutputs,
  outputsBody,
  unwrap,
  type InputValue,
  type OutputValue,
} from "../common/job-io.ts";
import type { Ports } from "../pipeline/bindings.ts";
import { pipelineJobs } from "../pipeline/node-fields.ts";
import { componentRef } from "../pipeline/node-shared.ts";
import { buildNodes, nodesWithoutCompute, ownCompute, portsOf } from "../pipeline/nodes.ts";
import { armId, compute } from "../schema/azure.ts";
import { object, union, type Entity } from "../schema/compound.ts";
import { bool, oneOf } from "../schema/scalars.ts";
import { parseAs } from "../common/ports.ts";
import { Float, type Yaml } from "../yaml/value.ts";
import { computeMark, refuseLocal } from "./command-job.ts";
import { defineKind, type Build, type Draft } from "./kind.ts";

export const pipelineSettings = object(
  {
    default_datastore: armId("datastore"),
    default_compute: union(oneOf(["serverless"]), armId("compute")),
    continue_on_step_failure: bool,
    force_rerun: bool,
  },
  { unknown: "keep" },
);

const fields = {
  ...jobFields,
  compute,
  type: oneOf(["pipeline"]),
  settings: pipelineSettings,
  inputs: bindableInputs,
  outputs: jobOutputs,
  jobs: pipelineJobs,
  component: componentRef(),
} as const;

export type PipelineJobEntity = Entity<typeof fields>;

export const pipelineJob = defineKind<PipelineJobEntity>({
  kind: "pipelineJob",
  noun: "job",
  field: object(fields, { pathAware: true }),
  build: buildPipelineJob,
});

function buildPipelineJob(entity: PipelineJobEntity, build: Build): Draft {
  refuseLocal(entity.compute, build);
  if (entity.component && entity.jobs && Object.keys(entity.jobs).length)
    build.problem(["component"], "a pipeline job has `jobs` or a `component`, not both", "remove one of them");
  const whole = entity.component ? wholeComponent(entity, build) : null;
  if (whole) requireInputs(entity, whole, build);
  const jobs = whole ? {} : buildNodes(entity.jobs ?? {}, jobPorts(entity), build);
  if (!entity.compute && !entity.settings?.default_compute) refuseMissingCompute(entity, jobs, whole, build);
  return {
    name: entity.name ?? null,
    version: null,
    body: {
      properties: {
        jobType: "Pipeline",
        computeId: computeMark(ownCompute(entity.compute)),
        componentId: whole?.id,
        displayName: entity.display_name ?? whole?.display_name,
        tags: entity.tags ?? {},
        description: entity.description ?? whole?.description,
        properties: entity.properties ?? {},
        experimentName: entity.experiment_name,
        jobs,
        isArchived: false,
        inputs: inputsBody(withoutEmpty(withDefaults(entity.inputs as Record<string, InputValue> | undefined, whole?.ports)), build, {
          dots: true,
        }),
        outputs: outputsBody(withOutputs(entity.outputs, whole?.ports), build),
        settings: settingsBody(entity.settings, whole ? "REMOTE.WORKSPACE.JOB" : "YAML.JOB"),
        services: servicesBody(entity.services as Record<string, Service> | undefined),
        identity: identityBody(entity.identity),
      },
    },
  };
}

/** Settings of a pipeline in a request, with where they came from. */
export function settingsBody(settings: object | undefined, source: string): Record<string, unknown> {
  const { default_compute, default_datastore, ...other } = (settings ?? {}) as Record<string, unknown>;
  return {
    ...other,
    default_compute: default_compute === undefined ? null : new ReferenceMark("compute", default_compute as string),
    default_datastore: default_datastore === undefined ? null : new ReferenceMark("datastore", default_datastore as string),
    _source: source,
  };
}

/** What a pipeline job's nodes see as the pipeline's ports: the types of its values. */
function jobPorts(entity: PipelineJobEntity): Ports {
  const inputs = Object.entries((entity.inputs ?? {}) as Record<string, InputValue>).map(([name, raw]) => {
    const value = unwrap(raw);
    if (isDataInput(value)) return [name, { type: value.type ?? "uri_folder", mode: value.mode ?? null }] as const;
    return [
      name,
      {
        type: value instanceof Float ? "number" : typeof value === "boolean" ? "boolean" : typeof value === "string" ? "string" : "integer",
      },
    ] as const;
  });
  const outputs = Object.entries((entity.outputs ?? {}) as Record<string, OutputValue | null>).map(
    ([name, value]) => [name, { type: value?.type ?? "uri_folder", mode: value?.mode ?? null }] as const,
  );
  return { inputs: Object.fromEntries(inputs), outputs: Object.fromEntries(outputs) };
}

interface Whole {
  id: unknown;
  ports: Ports | null;
  /** Jobs of the component that have no compute. */
  withoutCompute: readonly string[];
  /** Whether a job of the component binds to this input. */
  uses(input: string): boolean;
  display_name?: string;
  description?: string;
}

/** `component:` of a job: all of the pipeline is in a component. */
function wholeComponent(entity: PipelineJobEntity, build: Build): Whole {
  const ref = entity.component!;
  const unknown = { ports: null, withoutCompute: [], uses: () => false };
  if (ref.in === "azure") return { id: versioned("component", ref.text, build, ["component"]), ...unknown };
  const asset =
    ref.in === "file" ? build.read(ref.path, { kind: "pipelineComponent", at: ["component"], anonymous: "YAML.COMPONENT" }) : null;
  if (!asset) return { id: null, ...unknown };
  const { display_name, description, ...inner } = asset.entity as { display_name?: string; description?: string };
  const bindings = JSON.stringify(asset.body);
  const spec = (asset.body.properties as { componentSpec: { jobs?: Record<string, unknown> } }).componentSpec;
  const withoutCompute = nodesWithoutCompute(spec.jobs ?? {}, asset.dependencies, "/properties/componentSpec");
  const uses = (input: string) => bindings.includes(`{{parent.inputs.${input}}}`);
  return { id: new DependencyMark(asset), ports: portsOf(inner), withoutCompute, uses, display_name, description };
}

/** Inputs that a whole component needs and its jobs use. */
function requireInputs(entity: PipelineJobEntity, whole: Whole, build: Build): void {
  for (const [name, port] of Object.entries(whole.ports?.inputs ?? {})) {
    const given = (entity.inputs as Record<string, unknown> | undefined)?.[name] !== undefined;
    if (given || port.optional === true || port.inferredOptional || port.default !== undefined || !whole.uses(name)) continue;
    build.problem(["inputs", name], `the required input \`${name}\` of the component is missing`, `add \`${name}\` to \`inputs\``);
  }
}

function withDefaults(
  inputs: Record<string, InputValue> | undefined,
  ports: Ports | null | undefined,
): Record<string, InputValue> | undefined {
  if (!ports) return inputs;
  const result: Record<string, InputValue> = {};
  for (const [name, port] of Object.entries(ports.inputs)) {
    const value =
      inputs?.[name] ?? (port.default === undefined ? undefined : (parseAs(port.type ?? "", port.default as Yaml) as InputValue));
    if (value !== undefined) result[name] = value;
  }
  return result;
}

/** Azure takes no empty text for an input of a pipeline. */
const withoutEmpty = (inputs: Record<string, InputValue> = {}): Record<string, InputValue> =>
  Object.fromEntries(Object.entries(inputs).filter(([, value]) => unwrap(value) !== ""));

const withOutputs = (
  outputs: Record<string, OutputValue | null> | undefined,
  ports: Ports | null | undefined,
): Record<string, OutputValue | null> | undefined =>
  ports
    ? {
        ...(ports.outputs as Record<string, OutputValue>),
        ...Object.fromEntries(Object.entries(outputs ?? {}).filter(([, value]) => value)),
      }
    : outputs;

function refuseMissingCompute(entity: PipelineJobEntity, jobs: Record<string, unknown>, whole: Whole | null, build: Build): void {
  for (const path of whole?.withoutCompute ?? nodesWithout(jobs, build)) {
    const at = entity.jobs ? ["jobs", path.split(".")[0]!] : ["component"];
    const fix = "add `compute:` to it, or `settings: {default_compute: azureml:<cluster>}` to the pipeline";
    build.problem(at, `the job \`${path}\` has no compute`, fix);
  }
}

function nodesWithout(jobs: Record<string, unknown>, build: Build): string[] {
  // The marks tell what is there; only their places are of interest here.
  const finished = finishBody({ properties: { jobs } }, build.files, new Map());
  const built = (finished.body.properties as { jobs?: Record<string, unknown> }).jobs ?? {};
  return nodesWithoutCompute(built, finished.dependencies, "/properties");
}
