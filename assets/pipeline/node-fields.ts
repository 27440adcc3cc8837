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
import { bindableInputs, jobInputs, outputObject, type InputValue, type OutputValue } from "../common/job-io.ts";
import type { EnvironmentEntity } from "../kinds/environment.ts";
import { anonymousCommandComponent, type CommandComponentEntity } from "../kinds/command-component.ts";
import { armVersioned, compute, registryUri, REGISTRY_URI } from "../schema/azure.ts";
import { bindableFields, dict, object, union } from "../schema/compound.ts";
import { BAD, nullable, readOnly, required, type At, type Bad, type Field } from "../schema/field.ts";
import { any, oneOf, str, text } from "../schema/scalars.ts";
import { isMap, type Yaml } from "../yaml/value.ts";

/** Where a node's component is. */
export type ComponentRef =
  | { in: "file"; path: string; source: "YAML.COMPONENT" | "YAML.JOB" }
  | { in: "azure"; text: string }
  | { in: "node"; entity: CommandComponentEntity };

export const OUTPUT_BINDING = /^\$\{\{parent\.outputs\.(.*?)\}\}$/;
export const INPUT_BINDING = /^\$\{\{parent\.(inputs|jobs)\.(.*?)\}\}$/;

/** A node's component: a file, something in Azure, or (where a kind allows it) written inline. */
export function componentRef(inline?: Field<CommandComponentEntity>): Field<ComponentRef> {
  return {
    expects: "a component file, `azureml:<component>:<version>`" + (inline ? ", or a component" : ""),
    load(value, at): ComponentRef | Bad {
      if (isMap(value) && inline) {
        const entity = inline.load(value, at);
        return entity === BAD ? BAD : { in: "node", entity: entity };
      }
      const name = str.load(value, at);
      if (name === BAD) return BAD;
      const path = name;
      if (path.startsWith(REGISTRY_URI)) return asAzure(registryUri("component").load(value, at));
      if (path.startsWith("azureml:")) return asAzure(armVersioned("component", { bare: true }).load(value, at));
      return path.startsWith("file:")
        ? { in: "file", path: path.slice("file:".length), source: "YAML.JOB" }
        : { in: "file", path, source: "YAML.COMPONENT" };
    },
  };
}

const asAzure = (loaded: string | Bad): ComponentRef | Bad => (loaded === BAD ? BAD : { in: "azure", text: loaded });

/** `${{parent.outputs.x}}`, also as `{path: …}` alone. */
const outputBinding: Field<string> = {
  expects: "a binding `${{parent.outputs.<name>}}`",
  load(value, at) {
    const inner =
      isMap(value) && value.has("path") && !["mode", "name", "version"].some((key) => value.has(key)) ? value.get("path") : value;
    return typeof inner === "string" && OUTPUT_BINDING.test(inner)
      ? inner
      : at.fail("must be a binding to an output of the pipeline", "write ${{parent.outputs.<name>}}", value);
  },
};

const SKIP = ["type", "component", "trial", "inputs"];
const shared = {
  outputs: dict(nullable(union(outputBinding, outputObject))),
  properties: dict(nullable(str)),
  comment: str,
  compute,
} as const;
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
    inputs: bindableInputs,
    component: required(componentRef(anonymousCommandComponent as never)),
    type: oneOf(["command"]),
  },
  { unknown: "keep", pathAware: true },
);

/** A node that is a pipeline of its own. */
export const pipelineNode = object(
  { ...bindableFields(shared, SKIP), inputs: bindableInputs, component: required(componentRef()), type: oneOf(["pipeline"]) },
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

/** A node as it was read. */
export interface NodeEntity {
  form: "component" | "pipeline" | "job";
  inputs?: Record<string, InputValue>;
  outputs?: Record<string, string | OutputValue | null>;
  component?: ComponentRef;
  compute?: string;
  /** The other fields, by their names in the file. */
  fields: NodeSettings;
}

const TYPES = ["command", "pipeline"];
const LATER = ["import", "sweep", "parallel", "automl", "spark", "data_transfer", "do_while", "if_else", "parallel_for"];

const node: Field<NodeEntity> = {
  expects: "a node (`type`, `component`, `inputs`, `outputs`)",
  load(value, at) {
    if (!isMap(value))
      return at.fail("must be a mapping with `type` and `component`", "write the fields of the node below its name", value);
    const type = value.get("type");
    const word = typeof type === "string" ? type.toLowerCase() : undefined;
    if (type !== undefined && !TYPES.includes(word ?? "")) {
      const place = at.child("type");
      if (LATER.includes(word ?? ""))
        return place.fail(
          "nodes of this type cannot be read yet",
          `nodes may be ${TYPES.join(" or ")}; use the Azure CLI for others`,
          type,
        );
      return place.fail(`must be one of ${TYPES.join(", ")}`, "change the type", type);
    }
    if (word === "pipeline") return asNode("pipeline", pipelineNode.load(value, at));
    if (value.has("component") || !value.has("command")) {
      const form = word === undefined && nodeIsPipeline(value.get("component"), at) ? "pipeline" : "component";
      return asNode(form, (form === "pipeline" ? pipelineNode : commandNode).load(value, at));
    }
    return asNode("job", commandJobNode.load(value, at));
  },
};

// Without a type, the component's own file tells.
function nodeIsPipeline(component: Yaml | undefined, at: At): boolean {
  if (typeof component !== "string" || component.startsWith("azureml:")) return false;
  const { files, base } = at.scope;
  const path = files.resolve(base, component.replace(/^file:/, ""));
  return files.stat(path)?.type === "file" && /^type:\s*["']?pipeline\b/m.test(new TextDecoder().decode(files.read(path)));
}

function asNode(form: NodeEntity["form"], loaded: unknown): NodeEntity | Bad {
  if (loaded === BAD) return BAD;
  const {
    inputs,
    outputs,
    component,
    compute: target,
    ...fields
  } = loaded as NodeSettings & Pick<NodeEntity, "inputs" | "outputs" | "component" | "compute">;
  return { form, inputs, outputs, component, compute: target, fields };
}

/** `jobs:` of a pipeline. */
export const pipelineJobs: Field<Record<string, NodeEntity>> = dict(
  node,
  text(/^[a-z_][a-z\d_]*$/, "a name of lower-case letters, digits and underscores that does not start with a digit", "rename the node"),
);

/** Names in the fields of a node that never reach its request. */
export const NODE_FIELDS = new Set([
  ...Object.keys(commandNode.fields),
  "name",
  "description",
  "tags",
  "display_name",
  "experiment_name",
  "instance_count",
  "instance_type",
  "locations",
  "docker_args",
  "shm_size",
  "timeout",
  "is_deterministic",
  "job_tier",
  "priority",
  "parent_job_name",
  "id",
]);
