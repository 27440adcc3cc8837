// The nodes of a pipeline in the request. Components in files and inline become assets that are registered first.
import type { Asset } from "../asset.ts";
import { DependencyMark, ReferenceMark } from "../body.ts";
import { identityBody, limitsBody, nodeDistribution, nodeResources, queueBody, servicesBody, snakeKeys } from "../common/command-body.ts";
import { versioned, within } from "../common/marks.ts";
import type { InputPort, OutputPort } from "../common/ports.ts";
import { buildCommandComponent, type CommandComponentEntity } from "../kinds/command-component.ts";
import type { Build } from "../kinds/kind.ts";
import { hasBinding, REGISTRY_URI } from "../schema/azure.ts";
import { withoutEmpty } from "../common/empty.ts";
import { checkBindings, inferOptional, type Ports, type Surroundings } from "./bindings.ts";
import { NODE_FIELDS, type NodeEntity } from "./node-fields.ts";
import { declaredInputs, declaredOutputs, namedOutputs, nodeInputs, nodeOutputs } from "./node-io.ts";

type Json = Record<string, unknown>;

interface Resolved {
  /** What is registered before, if anything. */
  asset: Asset | null;
  component: Partial<CommandComponentEntity> | null;
  ports: Ports | null;
  source: string;
  id: unknown;
}

/** `jobs` of a pipeline's request. `declared`: the pipeline is a component, whose inputs say whether they are optional. */
export function buildNodes(nodes: Record<string, NodeEntity>, parent: Ports, build: Build, declared = false): Json {
  const resolved = new Map<string, Resolved>();
  for (const [name, node] of Object.entries(nodes)) if (node.form !== "job") resolved.set(name, resolveComponent(name, node, build));
  const ports: Record<string, Ports | null> = Object.fromEntries([...resolved].map(([name, item]) => [name, item.ports]));
  const named: Record<string, Ports["outputs"]> = {};
  const around: Surroundings = { parent, nodes, ports, named };
  for (const [name, node] of Object.entries(nodes)) if (node.component?.in === "azure") named[name] = namedOutputs(node, around);
  // Inline jobs get their types from what they bind to, which may be another inline job: outputs first, they only bind to the pipeline.
  for (const [name, node] of Object.entries(nodes))
    if (node.form === "job") ports[name] = { inputs: names(node.inputs), outputs: declaredOutputs(node, around) };
  checkBindings(around, build);
  for (const [name, node] of Object.entries(nodes)) if (node.form === "job") resolved.set(name, inlineJob(name, node, around, build));
  if (declared) inferOptional(around, build);
  return Object.fromEntries(Object.entries(nodes).map(([name, node]) => [name, nodeBody(name, node, resolved.get(name)!, build)]));
}

const names = (inputs: Json | undefined): Ports["inputs"] =>
  Object.fromEntries(Object.keys(inputs ?? {}).map((name) => [name, { type: null }]));

function resolveComponent(name: string, node: NodeEntity, build: Build): Resolved {
  const ref = node.component!;
  const at = ["jobs", name, "component"];
  if (ref.in === "azure")
    return {
      asset: null,
      component: null,
      ports: null,
      source: ref.text.startsWith(REGISTRY_URI) ? "REMOTE.REGISTRY" : "REMOTE.WORKSPACE.COMPONENT",
      id: versioned("component", ref.text, build, at),
    };
  if (ref.in === "node") {
    const asset = build.inline("commandComponent", ref.entity, buildCommandComponent(ref.entity, within(build, at), "YAML.JOB"));
    return { asset, component: ref.entity, ports: portsOf(ref.entity), source: "YAML.JOB", id: new DependencyMark(asset) };
  }
  const asset = build.read(ref.path, {
    kind: node.form === "pipeline" ? "pipelineComponent" : "commandComponent",
    at,
    anonymous: ref.source,
  });
  const entity = (asset?.entity ?? null) as CommandComponentEntity | null;
  return { asset, component: entity, ports: entity && portsOf(entity), source: ref.source, id: asset && new DependencyMark(asset) };
}

/** The ports that a component declares. */
export const portsOf = (entity: { inputs?: unknown; outputs?: unknown }): Ports => ({
  inputs: (entity.inputs ?? {}) as Record<string, InputPort>,
  outputs: (entity.outputs ?? {}) as Record<string, OutputPort>,
});

function inlineJob(name: string, node: NodeEntity, around: Surroundings, build: Build): Resolved {
  const at = ["jobs", name];
  const { tags, code, command, environment, description, resources, distribution } = node.fields;
  const inputs = declaredInputs(node, around, build, at);
  const outputs = declaredOutputs(node, around);
  if (environment === undefined)
    build.problem(at, "a job in a pipeline needs an environment", "add `environment: azureml:<environment>:<version>`");
  const entity = {
    tags,
    code,
    command,
    environment,
    description,
    inputs,
    outputs,
    resources,
    distribution,
    is_deterministic: true,
  } as unknown as CommandComponentEntity;
  const asset = build.inline("commandComponent", entity, buildCommandComponent(entity, within(build, at), "YAML.JOB"));
  return { asset, component: entity, ports: { inputs, outputs }, source: "YAML.JOB", id: new DependencyMark(asset) };
}

function nodeBody(name: string, node: NodeEntity, resolved: Resolved, build: Build): Json {
  const { fields } = node;
  const at = ["jobs", name];
  const body: Json = {
    ...extras(node),
    name,
    type: node.form === "pipeline" ? "pipeline" : "command",
    display_name: fields.display_name,
    tags: fields.tags,
    computeId: nodeCompute(node),
    inputs: nodeInputs(node, resolved.ports, build, at),
    outputs: nodeOutputs(node, resolved.ports, build, at),
    properties: fields.properties,
    _source: resolved.source,
    comment: fields.comment,
    componentId: resolved.id,
  };
  if (node.form !== "pipeline") Object.assign(body, commandSettings(node, resolved));
  return withoutEmpty(body) as Json;
}

function commandSettings(node: NodeEntity, { component }: Resolved): Json {
  const { fields } = node;
  return {
    resources: nodeResources(fields.resources ?? component?.resources),
    distribution: nodeDistribution(fields.distribution ?? component?.distribution),
    limits: snakeKeys(limitsBody(fields.limits)),
    environment_variables: fields.environment_variables,
    queue_settings: snakeKeys(queueBody(fields.queue_settings)),
    services:
      fields.services &&
      Object.fromEntries(Object.entries(servicesBody(fields.services)!).map(([key, item]) => [key, snakeKeys(item as Json, ["nodes"])])),
    identity: snakeKeys(identityBody(fields.identity)),
  };
}

function nodeCompute(node: NodeEntity): unknown {
  if (node.compute === undefined) return null;
  return hasBinding(node.compute) ? node.compute : new ReferenceMark("compute", node.compute);
}

/** Fields that no schema knows reach Azure as they are. */
function extras(node: NodeEntity): Json {
  return Object.fromEntries(Object.entries(node.fields).filter(([key, value]) => !NODE_FIELDS.has(key) && value !== null));
}

/** Nodes that have no compute, by their paths; looks into pipeline components too. */
export function nodesWithoutCompute(jobs: Json, dependencies: readonly { pointer: string; asset: Asset }[], base: string): string[] {
  const missing: string[] = [];
  for (const [name, node] of Object.entries(jobs as Record<string, Json>)) {
    if (node.type !== "pipeline") {
      if (node.computeId === undefined) missing.push(name);
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
