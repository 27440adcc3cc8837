// The nodes of a pipeline: how one is read. A node is a component with settings of its own, or a whole job written inline.
import {
  commandFields,
  environmentVariables,
  jobFields,
  jobIdentity,
  limits,
  services,
  type Distribution,
  type JobIdentity,
  type QueueSettings,
  type Resources,
  type Service,
} from "../common/command-fields.ts";
import { environmentField } from "../common/environment-field.ts";
import { jobInputs, outputObject, type InputValue, type OutputValue } from "../common/job-io.ts";
import { anonymousCommandComponent } from "../kinds/command-component.ts";
import type { EnvironmentEntity } from "../kinds/environment.ts";
import { compute } from "../schema/azure.ts";
import { bindableFields, dict, object, union } from "../schema/compound.ts";
import { BAD, nullable, readOnly, required, type At, type Bad, type Field } from "../schema/field.ts";
import { any, nearest, oneOf, str, text } from "../schema/scalars.ts";
import { isMap, type Yaml, type YamlMap } from "../yaml/value.ts";
import { BY_TASK, NODE_KINDS, type NodeSchemas } from "./node-kinds.ts";
import { componentRef, nodeInputsField, sharedNodeFields as shared, SKIP, type ComponentRef } from "./node-shared.ts";
import { withBuiltIn } from "./transfer-nodes.ts";

const { command: _command, code: _code, environment: _environment, ...settings } = commandFields;

const commandNode = object(
  {
    ...bindableFields(
      {
        ...shared,
        ...settings,
        environment_variables: environmentVariables,
        environment: environmentField,
        command: str,
        code: nullable(str),
        limits,
        services,
        identity: jobIdentity,
      },
      SKIP,
    ),
    inputs: nodeInputsField,
    component: required(componentRef(anonymousCommandComponent as never)),
    type: oneOf(["command"]),
  },
  { unknown: "keep", pathAware: true },
);

/** A node that is a pipeline of its own. */
export const pipelineNode = object(
  { ...bindableFields(shared, SKIP), inputs: nodeInputsField, component: required(componentRef()), type: oneOf(["pipeline"]) },
  { unknown: "keep", pathAware: true },
);

const commandJobNode = object(
  {
    ...commandFields,
    ...jobFields,
    environment: environmentField,
    compute,
    type: oneOf(["command"]),
    limits,
    parameters: readOnly(any),
    inputs: jobInputs,
    outputs: dict(nullable(union(outputObject, str))),
    parent_job_name: str,
  },
  { pathAware: true },
);

/** Settings of a node besides its ports; fields that no schema knows stand beside them. */
export interface NodeSettings {
  display_name?: string;
  description?: string;
  tags?: Record<string, string>;
  properties?: Record<string, string | null>;
  comment?: string;
  code?: string;
  command?: string;
  environment?: string | EnvironmentEntity;
  environment_variables?: Record<string, Yaml>;
  resources?: Resources;
  distribution?: Distribution;
  queue_settings?: QueueSettings;
  limits?: { timeout?: number | bigint | string };
  services?: Record<string, Service>;
  identity?: JobIdentity;
  [unknown: string]: unknown;
}

export type NodeType = "command" | "pipeline" | keyof typeof NODE_KINDS | keyof typeof BY_TASK;

/** A node as it was read. */
export interface NodeEntity {
  type: NodeType;
  /** A whole job written inline, which becomes a component of its own. */
  form: "component" | "job";
  inputs?: Record<string, InputValue>;
  outputs?: Record<string, string | OutputValue | null>;
  component?: ComponentRef;
  compute?: string;
  /** The other fields, by their names in the file. */
  fields: NodeSettings;
}

const SCHEMAS: Readonly<Record<Exclude<NodeType, keyof typeof BY_TASK>, NodeSchemas>> = {
  command: { component: commandNode, key: "component", job: commandJobNode },
  pipeline: { component: pipelineNode, key: "component" },
  ...NODE_KINDS,
};
const TYPES = [...Object.keys(SCHEMAS), ...Object.keys(BY_TASK)];
/** Types that the SDK reads only with its private features switched on, or no more. */
const CLOSED = ["import", "do_while", "if_else", "parallel_for"];

const node: Field<NodeEntity> = {
  expects: "a node (`type`, `component`, `inputs`, `outputs`)",
  load(value, at) {
    if (!isMap(value))
      return at.fail("must be a mapping with `type` and `component`", "write the fields of the node below its name", value);
    const given = value.get("type");
    const word = typeof given === "string" ? given.toLowerCase() : undefined;
    if (given !== undefined && !TYPES.includes(word ?? "")) {
      const place = at.child("type");
      if (CLOSED.includes(word ?? ""))
        return place.fail("nodes of this type are not open to everybody, and not read", `nodes may be ${TYPES.join(", ")}`, given);
      return place.fail(`must be one of ${TYPES.join(", ")}`, "change the type", given);
    }
    const type = (word ?? typeOfComponent(value.get("component"), at)) as NodeType;
    const schemas = schemasOf(type, value, at);
    if (schemas === BAD) return BAD;
    const { component, key, job } = schemas;
    // Without either, the schema of the component says what is missing.
    const inline = !component || (job !== undefined && !value.has(key) && (type !== "command" || value.has("command")));
    return asNode(type, inline ? "job" : "component", key, (inline ? job : component)!.load(value, at), at);
  },
};

function schemasOf(type: NodeType, value: YamlMap, at: At): NodeSchemas | Bad {
  if (!isByTask(type)) return SCHEMAS[type];
  const [task, tasks] = [value.get("task"), BY_TASK[type]];
  const word = typeof task === "string" ? (type === "automl" ? task : task.toLowerCase()) : "";
  if (Object.hasOwn(tasks, word)) return tasks[word]!;
  return at.child("task").fail(`must be one of ${Object.keys(tasks).join(", ")}`, nearest(task, Object.keys(tasks)), task);
}

const isByTask = (type: NodeType): type is keyof typeof BY_TASK => Object.hasOwn(BY_TASK, type);

// Without a type, the component's own file tells.
function typeOfComponent(component: Yaml | undefined, at: At): NodeType {
  if (typeof component !== "string" || component.startsWith("azureml:")) return "command";
  const { files, base } = at.scope;
  const path = files.resolve(base, component.replace(/^file:/, ""));
  if (files.stat(path)?.type !== "file") return "command";
  const said = /^type:\s*["']?(pipeline|parallel|spark)\b/m.exec(new TextDecoder().decode(files.read(path)))?.[1];
  return (said as NodeType | undefined) ?? "command";
}

function asNode(type: NodeType, form: NodeEntity["form"], key: NodeSchemas["key"], loaded: unknown, at: At): NodeEntity | Bad {
  if (loaded === BAD) return BAD;
  const {
    inputs,
    outputs,
    [key]: component,
    compute: target,
    ...fields
  } = loaded as NodeSettings & Pick<NodeEntity, "inputs" | "outputs" | "compute"> & Record<string, unknown>;
  return withBuiltIn({ type, form, inputs, outputs, component: component as ComponentRef | undefined, compute: target, fields }, at);
}

/** `jobs:` of a pipeline. */
export const pipelineJobs: Field<Record<string, NodeEntity>> = dict(
  node,
  text(/^[a-z_][a-z\d_]*$/, "a name of lower-case letters, digits and underscores that does not start with a digit", "rename the node"),
);

const UNSENT = ["name", "description", "tags", "display_name", "experiment_name", "is_deterministic", "parent_job_name", "id"];
const UNSENT_SETTINGS = [
  ...[
    "instance_count",
    "instance_type",
    "locations",
    "docker_args",
    "shm_size",
    "timeout",
    "job_tier",
    "priority",
    "identity",
    "environment",
  ],
];

/** Whether a field of a node is known to its type: others reach Azure as they are. */
export function isKnownField({ type, fields }: NodeEntity, name: string): boolean {
  if (UNSENT.includes(name) || (type !== "data_transfer" && UNSENT_SETTINGS.includes(name))) return true;
  const schemas = isByTask(type) ? BY_TASK[type][fields["task"] as string] : SCHEMAS[type];
  return Object.hasOwn(schemas?.component?.fields ?? {}, name);
}
