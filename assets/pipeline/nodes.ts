// The nodes of a pipeline in the request. Components in files and inline become assets that are registered first.
import type { Asset, Kind } from "../asset.ts";
import { TASKS } from "../automl/tasks.ts";
import { DependencyMark, ReferenceMark } from "../body.ts";
import { versioned, within } from "../common/marks.ts";
import type { InputPort, OutputPort } from "../common/ports.ts";
import { buildCommandComponent, type CommandComponentEntity } from "../kinds/command-component.ts";
import { buildDataTransferComponent, type DataTransferComponentEntity } from "../kinds/data-transfer-component.ts";
import { buildParallelComponent, type ParallelComponentEntity } from "../kinds/parallel-component.ts";
import { buildSparkComponent, type SparkComponentEntity } from "../kinds/spark-component.ts";
import type { Build } from "../kinds/kind.ts";
import { hasBinding, REGISTRY_URI } from "../schema/azure.ts";
import { withoutEmpty } from "../common/empty.ts";
import { checkBindings, inferOptional, type Ports, type Surroundings } from "./bindings.ts";
import { isKnownField, type NodeEntity, type NodeType } from "./node-fields.ts";
import { automlSettings, nodeSettings } from "./node-settings.ts";
import { declaredInputs, declaredOutputs, namedOutputs, nodeInputs, nodeOutputs } from "./node-io.ts";

type Json = Record<string, unknown>;

interface Resolved {
  /** What is registered before, if anything. */
  asset: Asset | null;
  /** Fields of the component, where they are known. */
  component: Json | null;
  ports: Ports | null;
  source: string;
  id: unknown;
}

/** `jobs` of a pipeline's request. `declared`: the pipeline is a component, whose inputs say whether they are optional. */
export function buildNodes(given: Record<string, NodeEntity>, parent: Ports, build: Build, declared = false): Json {
  const nodes = declared ? given : Object.fromEntries(Object.entries(given).map(([name, node]) => [name, withOwnCompute(node)]));
  const resolved = new Map<string, Resolved>();
  for (const [name, node] of Object.entries(nodes)) if (node.form === "component") resolved.set(name, resolveComponent(name, node, build));
  const ports: Record<string, Ports | null> = Object.fromEntries([...resolved].map(([name, item]) => [name, item.ports]));
  const named: Record<string, Ports["outputs"]> = {};
  const around: Surroundings = { parent, nodes, ports, named };
  for (const [name, node] of Object.entries(nodes)) if (node.component?.in === "azure") named[name] = namedOutputs(node, around);
  // Inline jobs get their types from what they bind to, which may be another inline job: outputs first, they only bind to the pipeline.
  for (const [name, node] of Object.entries(nodes))
    if (node.form === "job") ports[name] = { inputs: names(node.inputs), outputs: declaredOutputs(node, around) };
  checkBindings(around, build);
  for (const [name, node] of Object.entries(nodes))
    if (node.form === "job" && node.type !== "automl") resolved.set(name, inlineJob(name, node, around, build));
  if (declared) inferOptional(around, build);
  return Object.fromEntries(Object.entries(nodes).map(([name, node]) => [name, nodeBody(name, node, resolved.get(name), build)]));
}

const names = (inputs: Json | undefined): Ports["inputs"] =>
  Object.fromEntries(Object.keys(inputs ?? {}).map((name) => [name, { type: null }]));

function resolveComponent(name: string, node: NodeEntity, build: Build): Resolved {
  const ref = node.component!;
  const at = ["jobs", name, node.type === "sweep" ? "trial" : "component"];
  if (ref.in === "azure")
    return {
      asset: null,
      component: null,
      ports: null,
      source: ref.builtIn ? "BUILTIN" : ref.text.startsWith(REGISTRY_URI) ? "REMOTE.REGISTRY" : "REMOTE.WORKSPACE.COMPONENT",
      id: versioned("component", ref.text, build, at),
    };
  if (ref.in === "node") {
    const asset = inlineComponent(node.type, ref.entity, within(build, at), build);
    return { asset, component: ref.entity, ports: portsOf(ref.entity), source: "YAML.JOB", id: new DependencyMark(asset) };
  }
  const asset = build.read(ref.path, { kind: COMPONENTS[node.type as keyof typeof COMPONENTS], at, anonymous: ref.source });
  const entity = (asset?.entity ?? null) as Json | null;
  return { asset, component: entity, ports: entity && portsOf(entity), source: ref.source, id: asset && new DependencyMark(asset) };
}

/** The kind of component that a node of each type runs. */
const COMPONENTS = {
  command: "commandComponent",
  sweep: "commandComponent",
  pipeline: "pipelineComponent",
  parallel: "parallelComponent",
  spark: "sparkComponent",
  data_transfer: "dataTransferComponent",
} as const satisfies Partial<Record<NodeType, Kind>>;

/** A component that stands in the pipeline's own file. */
function inlineComponent(type: NodeType, entity: unknown, inside: Build, build: Build): Asset {
  if (type === "parallel")
    return build.inline("parallelComponent", entity, buildParallelComponent(entity as ParallelComponentEntity, inside, "YAML.JOB"));
  if (type === "spark")
    return build.inline("sparkComponent", entity, buildSparkComponent(entity as SparkComponentEntity, inside, "YAML.JOB"));
  if (type === "data_transfer")
    return build.inline(
      "dataTransferComponent",
      entity,
      buildDataTransferComponent(entity as DataTransferComponentEntity, inside, "YAML.JOB"),
    );
  return build.inline("commandComponent", entity, buildCommandComponent(entity as CommandComponentEntity, inside, "YAML.JOB"));
}

/** The ports that a component declares. */
export const portsOf = (entity: { inputs?: unknown; outputs?: unknown }): Ports => ({
  inputs: (entity.inputs ?? {}) as Record<string, InputPort>,
  outputs: (entity.outputs ?? {}) as Record<string, OutputPort>,
});

/** Fields of an inline job that its component gets. */
const OF_COMPONENT = {
  command: ["tags", "code", "command", "environment", "description", "resources", "distribution"],
  parallel: [
    ...["resources", "logging_level", "task", "mini_batch_size", "partition_keys", "input_data", "retry_settings"],
    ...["max_concurrency_per_instance", "error_threshold", "mini_batch_error_threshold"],
  ],
  data_transfer: ["tags", "description", "task", "data_copy_mode"],
  spark: ["tags", "description", "code", "entry", "py_files", "jars", "files", "archives", "conf", "environment", "args"],
} as const satisfies Partial<Record<NodeType, readonly string[]>>;

function inlineJob(name: string, node: NodeEntity, around: Surroundings, build: Build): Resolved {
  const at = ["jobs", name];
  const inputs = declaredInputs(node, around, build, at);
  const outputs = declaredOutputs(node, around);
  const type = node.type as keyof typeof OF_COMPONENT;
  if (type === "command" && node.fields.environment === undefined)
    build.problem(at, "a job in a pipeline needs an environment", "add `environment: azureml:<environment>:<version>`");
  const entity = {
    ...Object.fromEntries(OF_COMPONENT[type].flatMap((field) => (node.fields[field] === undefined ? [] : [[field, node.fields[field]]]))),
    inputs,
    outputs,
    is_deterministic: true,
  };
  const asset = inlineComponent(type, entity, within(build, at), build);
  return { asset, component: entity, ports: { inputs, outputs }, source: "YAML.JOB", id: new DependencyMark(asset) };
}

function nodeBody(name: string, node: NodeEntity, resolved: Resolved | undefined, build: Build): Json {
  const { fields } = node;
  const at = ["jobs", name];
  if (!resolved) {
    if (fields["sweep"] !== undefined && TASKS[fields["task"] as string]!.type.startsWith("Text"))
      build.problem([...at, "sweep"], "the official SDK takes no sweep of text models inside a pipeline", "submit it as a job of its own");
    return {
      ...automlSettings(node, build, at),
      name,
      type: node.type,
      compute: nodeCompute(node),
      outputs: nodeOutputs(node, null, build, at),
    };
  }
  const body: Json = {
    ...extras(node),
    name,
    type: node.type,
    display_name: fields.display_name,
    tags: fields.tags,
    computeId: nodeCompute(node),
    inputs: nodeInputs(node, resolved.ports, build, at),
    outputs: nodeOutputs(node, resolved.ports, build, at),
    // A copying job loses its own.
    properties: node.type === "data_transfer" && node.form === "job" ? undefined : fields.properties,
    _source: resolved.source,
    comment: fields.comment,
    ...(node.type === "sweep" ? { trial: { componentId: resolved.id } } : { componentId: resolved.id }),
    ...nodeSettings(node, resolved.component, resolved.asset, build, at),
  };
  return withoutEmpty(body) as Json;
}

/** Computes of a pipeline job are those of its workspace, whatever else a full id says. */
export const ownCompute = (compute: string | undefined): string | undefined => compute?.replace(/^\/subscriptions\/.*\/computes\//i, "");
const withOwnCompute = (node: NodeEntity): NodeEntity => ({ ...node, compute: ownCompute(node.compute) });

function nodeCompute(node: NodeEntity): unknown {
  if (node.compute === undefined) return null;
  return hasBinding(node.compute) ? node.compute : new ReferenceMark("compute", node.compute);
}

/** Fields that no schema knows reach Azure as they are. */
function extras(node: NodeEntity): Json {
  return Object.fromEntries(Object.entries(node.fields).filter(([key, value]) => !isKnownField(node, key) && value !== null));
}

/** Nodes that have no compute, by their paths; looks into pipeline components too. */
export function nodesWithoutCompute(jobs: Json, dependencies: readonly { pointer: string; asset: Asset }[], base: string): string[] {
  const missing: string[] = [];
  for (const [name, node] of Object.entries(jobs as Record<string, Json>)) {
    if (node.type !== "pipeline") {
      // Spark may have a pool of Azure's; automated ML names its compute like a job.
      const serverless = node.type === "spark" && node.resources !== undefined;
      if (node.computeId === undefined && node.compute === undefined && !serverless) missing.push(name);
      continue;
    }
    const inner = dependencies.find((item) => item.pointer === `${base}/jobs/${name}/componentId`)?.asset;
    const spec = (inner?.body.properties as { componentSpec?: { jobs?: Json } } | undefined)?.componentSpec;
    if (inner && spec?.jobs)
      missing.push(
        ...nodesWithoutCompute(spec.jobs, inner.dependencies, "/properties/componentSpec").map((path) => `${name}.jobs.${path}`),
      );
  }
  return missing;
}
