// From the REST body of a job to the steps to run, with every binding followed and every mistake named before anything starts.
import { fillText, neededBy, nodesIn, parentOutput, referenceOf, type Reference } from "./bindings.ts";
import { field, inputOf, instancesOf, isObject, literalTypes, modeOf, objectField, outputOf, textField, texts, timeoutOf, type Json } from "./fields.ts";
import { refuseDistribution, refuseKind, userError } from "./refuse.ts";
import type { Plan, PlannedGroup, PlannedStep, StepInput, StepOutput, StepSpec } from "./spec.ts";

/** What planning needs from outside. */
export interface PlanContext {
  /** A component version's `componentSpec`. Throws when there is none of that id. */
  component(id: string): Json;
  newRunId(): string;
}

/** @param name the job's name, which is the id of its run */
export function planJob(name: string, properties: Json, context: PlanContext): Plan {
  const kind = textField(properties, "jobType") ?? "";
  if (kind.toLowerCase() === "command") return planCommand(name, properties);
  if (kind.toLowerCase() === "pipeline") return planPipeline(name, properties, context);
  return refuseKind(kind, "A job");
}

function planCommand(name: string, properties: Json): Plan {
  const inputs: Record<string, StepInput> = {};
  for (const [key, raw] of Object.entries(objectField(properties, "inputs"))) {
    const input = inputOf(key, raw);
    if (input) inputs[key] = input;
  }
  const outputs: Record<string, StepOutput> = {};
  for (const [key, raw] of Object.entries(objectField(properties, "outputs"))) {
    if (key !== "default") outputs[key] = outputOf(raw, { run: name, output: key, datastore: "workspaceblobstore" }, "uri_folder");
  }
  const spec = stepSpec("The job", properties, {}, inputs, outputs, textField(properties, "computeId"));
  return { steps: [{ runId: name, path: name, displayName: textField(properties, "displayName") ?? name, after: [], spec }], groups: [], outputs, continueOnFailure: false };
}

/** Settings of a command, from a job or from a node over its component. */
function stepSpec(where: string, node: Json, component: Json, inputs: Record<string, StepInput>, outputs: Record<string, StepOutput>, computeId: string | undefined): StepSpec {
  const command = textField(node, "command") ?? textField(component, "command");
  if (!command) throw userError(`${where} has no command.`, "command");
  const environmentId = textField(node, "environmentId") ?? textField(node, "environment") ?? textField(component, "environmentId") ?? textField(component, "environment");
  if (!environmentId) throw userError(`${where} has no environment.`, "environmentId");
  const needed = neededBy(command);
  for (const name of needed.inputs) if (!inputs[name]) throw userError(`${where}: the command uses \${{inputs.${name}}}, but there is no such input${known(inputs)}.`, `inputs.${name}`);
  for (const name of needed.outputs) if (!outputs[name]) throw userError(`${where}: the command uses \${{outputs.${name}}}, but there is no such output${known(outputs)}.`, `outputs.${name}`);
  const resources = field(node, "resources") === undefined ? component : node;
  const instances = instancesOf(resources);
  refuseDistribution(field(node, "distribution") ?? field(component, "distribution"), instances, where);
  const codeId = textField(node, "codeId") ?? textField(node, "code") ?? textField(component, "codeId") ?? textField(component, "code");
  const timeoutMs = timeoutOf(node);
  return {
    command,
    environmentId,
    inputs,
    outputs,
    instances,
    environmentVariables: { ...texts(objectField(component, "environmentVariables")), ...texts(objectField(node, "environmentVariables")) },
    managedIdentity: /managed/i.test(textField(objectField(node, "identity"), "identityType") ?? textField(objectField(node, "identity"), "type") ?? ""),
    ...(codeId ? { codeId } : {}),
    ...(computeId ? { computeId } : {}),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}

const known = (things: Readonly<Record<string, unknown>>): string => (Object.keys(things).length > 0 ? `; there are ${Object.keys(things).join(", ")}` : "");

function planPipeline(name: string, properties: Json, context: PlanContext): Plan {
  const settings = objectField(properties, "settings");
  const inputs: Record<string, StepInput> = {};
  for (const [key, raw] of Object.entries(objectField(properties, "inputs"))) {
    const input = inputOf(key, raw);
    if (input) inputs[key] = input;
  }
  const datastore = (textField(settings, "defaultDatastore") ?? "workspaceblobstore").replace(/^azureml:/, "").split("/").at(-1)!;
  const declared = objectField(properties, "outputs");
  let nodes = objectField(properties, "jobs");
  const componentId = textField(properties, "componentId");
  const component = componentId && Object.keys(nodes).length === 0 ? context.component(componentId) : undefined;
  if (component) nodes = objectField(component, "jobs");
  if (Object.keys(nodes).length === 0) throw userError("The pipeline has no jobs.", "jobs");
  const builder = new Builder(context, datastore);
  const outputs: Record<string, StepOutput> = {};
  // A default type is only known from the component's output that is bound to it.
  const target = (output: string, type: string): StepOutput => (outputs[output] ??= outputOf(declared[output], { run: name, output, datastore }, type));
  builder.graph({ runId: name, path: "", nodes, inputs: component ? builder.withDefaults("The pipeline", component, inputs) : inputs, declared: Object.keys(component ? objectField(component, "outputs") : declared), target, compute: textField(settings, "defaultCompute") ?? textField(properties, "computeId") });
  for (const output of Object.keys(declared)) {
    if (outputs[output]) continue;
    throw userError(`Output "${output}" of the pipeline is bound to no step's output; write \${{parent.outputs.${output}}} in a step, or take it out.`, `outputs.${output}`);
  }
  return { steps: builder.steps, groups: builder.groups, outputs, continueOnFailure: field(settings, "continueOnStepFailure") === true };
}

interface Graph {
  readonly runId: string;
  /** Path of the pipeline node, `` at the top. */
  readonly path: string;
  readonly nodes: Json;
  readonly inputs: Readonly<Record<string, StepInput>>;
  readonly declared: readonly string[];
  readonly target: (output: string, type: string) => StepOutput;
  readonly compute: string | undefined;
}

/** Outputs that are there for later nodes, with the runs that write them. */
type Made = Readonly<Record<string, { readonly output: StepOutput; readonly from: string }>>;

class Builder {
  readonly steps: PlannedStep[] = [];
  readonly groups: PlannedGroup[] = [];
  readonly #context: PlanContext;
  readonly #datastore: string;

  constructor(context: PlanContext, datastore: string) {
    this.#context = context;
    this.#datastore = datastore;
  }

  /** Plans a pipeline's nodes in their order; returns which run writes each of the pipeline's outputs. */
  graph(graph: Graph): Made {
    const made = new Map<string, Made>();
    const bound: Record<string, { output: StepOutput; from: string }> = {};
    for (const name of sorted(graph)) {
      const outputs = this.#node(name, graph, made, bound);
      made.set(name, outputs);
    }
    return bound;
  }

  #node(name: string, graph: Graph, made: ReadonlyMap<string, Made>, bound: Record<string, { output: StepOutput; from: string }>): Made {
    const node = graph.nodes[name];
    const path = graph.path === "" ? name : `${graph.path}/${name}`;
    const where = `Job "${path}" of the pipeline`;
    if (!isObject(node)) throw userError(`${where} is not an object.`, `jobs.${path}`);
    const componentId = textField(node, "componentId") ?? (typeof node["component"] === "string" ? node["component"] : undefined);
    const component = componentId ? this.#context.component(componentId) : isObject(node["component"]) ? node["component"] : node;
    const kind = (textField(component, "type") ?? textField(node, "type") ?? "command").toLowerCase();
    if (!/^(command|pipeline)(component)?$/.test(kind)) refuseKind(kind, where);
    const runId = this.#context.newRunId();
    const inputs = this.withDefaults(where, component, this.#inputs(where, path, node, graph, made));
    const targets = this.#targets(where, node, component, graph, runId);
    const compute = this.#compute(node, graph, inputs);
    const displayName = textField(node, "displayName") ?? textField(component, "displayName") ?? name;
    let outputs: Made;
    if (kind.startsWith("pipeline")) {
      this.groups.push({ runId, parent: graph.runId, path, displayName });
      const inner: Record<string, StepOutput> = {};
      const target = (output: string, type: string): StepOutput =>
        (inner[output] ??= targets.get(output)?.(type) ?? outputOf(undefined, { run: runId, output, datastore: this.#datastore }, type));
      const own = textField(objectField(component, "settings"), "defaultCompute");
      outputs = this.graph({ runId, path, nodes: objectField(component, "jobs"), inputs, declared: Object.keys(objectField(component, "outputs")), target, compute: textField(node, "computeId") ?? own ?? graph.compute });
    } else {
      const own: Record<string, StepOutput> = {};
      for (const [output, declared] of Object.entries(objectField(component, "outputs"))) {
        const type = (isObject(declared) ? (textField(declared, "type") ?? textField(declared, "jobOutputType")) : undefined) ?? "uri_folder";
        const target = targets.get(output)?.(type === "literal" ? "uri_folder" : type);
        const mode = isObject(declared) ? field(declared, "mode") : undefined;
        own[output] = target ?? { ...outputOf(undefined, { run: runId, output, datastore: this.#datastore }, type), ...(mode === undefined ? {} : { mode: modeOf(mode, "rw_mount") }) };
      }
      const after = [...new Set(Object.values(inputs).flatMap((input) => (input.kind === "uri" && input.from ? [input.from] : [])))];
      this.steps.push({ runId, parent: graph.runId, path, displayName, after, spec: stepSpec(where, node, component, inputs, own, compute) });
      outputs = Object.fromEntries(Object.entries(own).map(([output, value]) => [output, { output: value, from: runId }]));
    }
    for (const [output, raw] of Object.entries(objectField(node, "outputs"))) {
      const target = parentOutput(valueText(raw) ?? "");
      if (target && outputs[output]) bound[target] = outputs[output];
    }
    return outputs;
  }

  #compute(node: Json, graph: Graph, inputs: Readonly<Record<string, StepInput>>): string | undefined {
    const own = textField(node, "computeId") ?? textField(node, "compute") ?? graph.compute;
    const reference = own === undefined ? undefined : referenceOf(own);
    const value = reference?.kind === "input" ? (graph.inputs[reference.name] ?? inputs[reference.name]) : undefined;
    return value?.kind === "literal" ? value.value : own;
  }

  #inputs(where: string, path: string, node: Json, graph: Graph, made: ReadonlyMap<string, Made>): Record<string, StepInput> {
    const inputs: Record<string, StepInput> = {};
    const valueOf = (reference: Reference): StepInput | undefined => {
      if (reference.kind === "input") {
        const value = graph.inputs[reference.name];
        return value;
      }
      const outputs = made.get(reference.node);
      if (!outputs) throw userError(`${where} is bound to job "${reference.node}", which is not in the pipeline.`, `jobs.${path}`);
      const found = outputs[reference.name];
      if (!found) throw userError(`${where} is bound to output "${reference.name}" of job "${reference.node}", which has ${Object.keys(outputs).join(", ") || "none"}.`, `jobs.${path}`);
      return { kind: "uri", type: found.output.type, uri: found.output.uri, mode: "ro_mount", from: found.from };
    };
    for (const [name, raw] of Object.entries(objectField(node, "inputs"))) {
      const text = valueText(raw);
      const reference = text === undefined ? undefined : referenceOf(text);
      if (reference) {
        const value = valueOf(reference);
        const mode = isObject(raw) ? field(raw, "mode") : undefined;
        if (value) inputs[name] = value.kind === "uri" && mode !== undefined ? { ...value, mode: modeOf(mode, value.mode) } : value;
        continue;
      }
      const input = inputOf(name, raw);
      if (!input) continue;
      inputs[name] =
        input.kind === "literal"
          ? {
              kind: "literal",
              value: fillText(input.value, (inside) => {
                const value = valueOf(inside);
                if (value?.kind !== "literal") throw userError(`${where}: input "${name}" puts ${inside.kind} "${inside.name}" into a text, which only literal values can do.`, `jobs.${path}.inputs.${name}`);
                return value.value;
              }),
            }
          : input;
    }
    return inputs;
  }

  /** Where each output of a node goes that the node says something about. */
  #targets(where: string, node: Json, component: Json, graph: Graph, runId: string): Map<string, (type: string) => StepOutput> {
    const declared = objectField(component, "outputs");
    const targets = new Map<string, (type: string) => StepOutput>();
    for (const [output, raw] of Object.entries(objectField(node, "outputs"))) {
      if (component !== node && !(output in declared)) throw userError(`${where} has no output "${output}"${known(declared)}.`, `outputs.${output}`);
      const text = valueText(raw);
      const parent = text === undefined ? undefined : parentOutput(text);
      if (parent !== undefined) {
        if (!graph.declared.includes(parent)) throw userError(`${where}: output "${output}" is bound to output "${parent}" of the pipeline, which does not declare it.`, `outputs.${output}`);
        targets.set(output, (type) => graph.target(parent, type));
      } else if (raw !== null) targets.set(output, (type) => outputOf(raw, { run: runId, output, datastore: this.#datastore }, type));
    }
    return targets;
  }

  /** A component's inputs: given ones checked against what it declares, defaults filled in. */
  withDefaults(where: string, component: Json, given: Readonly<Record<string, StepInput>>): Record<string, StepInput> {
    const declared = objectField(component, "inputs");
    const inputs: Record<string, StepInput> = {};
    for (const [name, value] of Object.entries(given)) {
      // Parts of a group are named `group.part`.
      const declaration = declared[name] ?? declared[name.split(".")[0]!];
      if (declaration === undefined) throw userError(`${where} has no input "${name}"${known(declared)}.`, `inputs.${name}`);
      inputs[name] = checked(where, name, value, isObject(declaration) ? declaration : {});
    }
    for (const [name, declaration] of Object.entries(declared)) {
      if (inputs[name] || !isObject(declaration) || textField(declaration, "type") === "group") continue;
      const usual = field(declaration, "default") ?? (textField(declaration, "jobInputType") || field(declaration, "value") !== undefined ? inputOf(name, declaration) : undefined);
      if (usual !== undefined) inputs[name] = isObject(usual) ? (usual as unknown as StepInput) : { kind: "literal", value: String(usual) };
      else if (field(declaration, "optional") !== true) throw userError(`${where}: input "${name}" is required and was not given.`, `inputs.${name}`);
    }
    return inputs;
  }
}

/** The text of `{value: "…"}` or of a bare text. */
function valueText(raw: unknown): string | undefined {
  if (typeof raw === "string") return raw;
  if (!isObject(raw)) return undefined;
  const value = field(raw, "value") ?? field(raw, "uri") ?? field(raw, "path");
  return typeof value === "string" ? value : undefined;
}

function checked(where: string, name: string, value: StepInput, declaration: Json): StepInput {
  const type = textField(declaration, "type") ?? "";
  const literal = literalTypes.has(type.toLowerCase());
  if (value.kind === "uri") {
    if (literal) throw userError(`${where}: input "${name}" is a ${type}, but is bound to a ${value.type}.`, `inputs.${name}`);
    return value;
  }
  if (!literal && type !== "" && type !== "group")
    return { kind: "uri", type, uri: value.value, mode: modeOf(field(declaration, "mode"), "ro_mount") };
  const problem = literalProblem(value.value, type, declaration);
  if (problem) throw userError(`${where}: input "${name}" is "${value.value}"; ${problem}.`, `inputs.${name}`);
  return value;
}

function literalProblem(value: string, type: string, declaration: Json): string | undefined {
  const choices = field(declaration, "enum");
  if (Array.isArray(choices) && !choices.map(String).includes(value)) return `it must be one of ${choices.join(", ")}`;
  if (type === "boolean" && !/^(true|false)$/i.test(value)) return "it must be true or false";
  if (type !== "number" && type !== "integer") return undefined;
  const number = Number(value);
  if (value.trim() === "" || Number.isNaN(number)) return `it must be a ${type}`;
  if (type === "integer" && !Number.isInteger(number)) return "it must be an integer";
  const [least, most] = [field(declaration, "min"), field(declaration, "max")];
  if (least !== undefined && number < Number(least)) return `it must be at least ${String(least)}`;
  if (most !== undefined && number > Number(most)) return `it must be at most ${String(most)}`;
  return undefined;
}

/** Nodes so that each comes after those whose outputs it uses. */
function sorted(graph: Graph): string[] {
  const order: string[] = [];
  const state = new Map<string, "open" | "done">();
  const visit = (name: string, way: readonly string[]): void => {
    if (state.get(name) === "done" || !(name in graph.nodes)) return;
    if (state.get(name) === "open") throw userError(`The pipeline's jobs form a cycle: ${[...way.slice(way.indexOf(name)), name].join(" → ")}.`, "jobs");
    state.set(name, "open");
    const node = graph.nodes[name];
    const inputs = isObject(node) ? objectField(node, "inputs") : {};
    for (const raw of Object.values(inputs)) for (const other of nodesIn(valueText(raw) ?? "")) visit(other, [...way, name]);
    state.set(name, "done");
    order.push(name);
  };
  for (const name of Object.keys(graph.nodes)) visit(name, []);
  return order;
}
