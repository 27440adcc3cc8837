// The steps of a pipeline's graph: nodes in the order of what they use, every binding followed, pipeline components opened.
import { fillText, nodesIn, parentOutput, referenceOf, type Reference } from "./bindings.ts";
import { known, stepSpec, withDefaults } from "./command-spec.ts";
import { field, inputOf, isObject, modeOf, objectField, outputOf, textField, type Json } from "./fields.ts";
import type { PlanContext } from "./plan.ts";
import { automlSpec, bestModel } from "./automl/automl.ts";
import { refuseKind, userError } from "./refuse.ts";
import { sweepSpec } from "./search/sweep.ts";
import type { PlannedGroup, PlannedStep, StepInput, StepOutput } from "./spec.ts";

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

export class GraphBuilder {
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
    const own = (textField(node, "type") ?? "").toLowerCase();
    const trial = own === "sweep" ? this.#trial(where, node) : undefined;
    const component =
      trial ?? (componentId ? this.#context.component(componentId) : isObject(node["component"]) ? node["component"] : node);
    const kind = trial ? "sweep" : (textField(component, "type") ?? (own === "" ? "command" : own)).toLowerCase();
    if (kind === "automl") return this.#automl(where, name, path, node, graph, made, bound);
    if (!/^(command|pipeline)(component)?$|^sweep$/.test(kind)) refuseKind(kind, where);
    const runId = this.#context.newRunId();
    const given = this.#inputs(where, path, node, graph, made);
    // A sweep's values come from its search space, so a required input may be missing here.
    const inputs = trial ? given : withDefaults(where, component, given);
    const targets = this.#targets(where, node, component, graph, runId);
    const compute = this.#compute(node, graph, inputs);
    const displayName = textField(node, "displayName") ?? textField(component, "displayName") ?? name;
    let outputs: Made;
    if (kind.startsWith("pipeline")) {
      this.groups.push({ runId, parent: graph.runId, path, displayName });
      const inner: Record<string, StepOutput> = {};
      const target = (output: string, type: string): StepOutput =>
        (inner[output] ??= targets.get(output)?.(type) ?? outputOf(undefined, { run: runId, output, datastore: this.#datastore }, type));
      const usual = textField(objectField(component, "settings"), "defaultCompute");
      outputs = this.graph({
        runId,
        path,
        nodes: objectField(component, "jobs"),
        inputs,
        declared: Object.keys(objectField(component, "outputs")),
        target,
        compute: textField(node, "computeId") ?? usual ?? graph.compute,
      });
    } else {
      const ownOutputs: Record<string, StepOutput> = {};
      for (const [output, declared] of Object.entries(objectField(component, "outputs"))) {
        const type =
          (isObject(declared) ? (textField(declared, "type") ?? textField(declared, "jobOutputType")) : undefined) ?? "uri_folder";
        const target = targets.get(output)?.(type === "literal" ? "uri_folder" : type);
        const mode = isObject(declared) ? field(declared, "mode") : undefined;
        ownOutputs[output] = target ?? {
          ...outputOf(undefined, { run: runId, output, datastore: this.#datastore }, type),
          ...(mode === undefined ? {} : { mode: modeOf(mode, "rw_mount") }),
        };
      }
      const after = [...new Set(Object.values(inputs).flatMap((input) => (input.kind === "uri" && input.from ? [input.from] : [])))];
      this.steps.push({
        runId,
        parent: graph.runId,
        path,
        displayName,
        after,
        spec: trial
          ? sweepSpec(where, node, trial, inputs, ownOutputs, compute)
          : stepSpec(where, node, component, inputs, ownOutputs, compute),
      });
      outputs = Object.fromEntries(Object.entries(ownOutputs).map(([output, value]) => [output, { output: value, from: runId }]));
    }
    bind(node, outputs, bound);
    return outputs;
  }

  /** The component that a sweep node tries: by id, or written out in it. */
  #trial(where: string, node: Json): Json {
    const trial = node["trial"];
    if (typeof trial === "string") return this.#context.component(trial);
    if (!isObject(trial)) throw userError(`${where} has no trial.`, "trial");
    const id = textField(trial, "componentId");
    if (id) return this.#context.component(id);
    const inner = objectField(objectField(trial, "properties"), "componentSpec");
    return Object.keys(inner).length > 0 ? inner : trial;
  }

  #automl(
    where: string,
    name: string,
    path: string,
    node: Json,
    graph: Graph,
    made: ReadonlyMap<string, Made>,
    bound: Record<string, { output: StepOutput; from: string }>,
  ): Made {
    const runId = this.#context.newRunId();
    const asked = this.#targets(where, node, node, graph, runId).get("best_model");
    const output = asked?.("mlflow_model") ?? bestModel(runId, undefined, this.#datastore);
    const bindInput = (input: string, raw: unknown): StepInput | undefined =>
      raw === undefined ? undefined : this.#inputs(where, path, { inputs: { [input]: raw } }, graph, made)[input];
    const spec = automlSpec(where, runId, node, node, { best_model: output }, this.#compute(node, graph, {}), bindInput);
    const after = [...new Set(Object.values(spec.inputs).flatMap((input) => (input.kind === "uri" && input.from ? [input.from] : [])))];
    this.steps.push({ runId, parent: graph.runId, path, displayName: textField(node, "displayName") ?? name, after, spec });
    const outputs: Made = { best_model: { output, from: runId } };
    bind(node, outputs, bound);
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
      if (!found)
        throw userError(
          `${where} is bound to output "${reference.name}" of job "${reference.node}", which has ${Object.keys(outputs).join(", ") || "none"}.`,
          `jobs.${path}`,
        );
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
                if (value?.kind !== "literal")
                  throw userError(
                    `${where}: input "${name}" puts ${inside.kind} "${inside.name}" into a text, which only literal values can do.`,
                    `jobs.${path}.inputs.${name}`,
                  );
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
      if (component !== node && !(output in declared))
        throw userError(`${where} has no output "${output}"${known(declared)}.`, `outputs.${output}`);
      const text = valueText(raw);
      const parent = text === undefined ? undefined : parentOutput(text);
      if (parent !== undefined) {
        if (!graph.declared.includes(parent))
          throw userError(
            `${where}: output "${output}" is bound to output "${parent}" of the pipeline, which does not declare it.`,
            `outputs.${output}`,
          );
        targets.set(output, (type) => graph.target(parent, type));
      } else if (raw !== null) targets.set(output, (type) => outputOf(raw, { run: runId, output, datastore: this.#datastore }, type));
    }
    return targets;
  }
}

/** Notes which of the pipeline's outputs the node writes. */
function bind(node: Json, outputs: Made, bound: Record<string, { output: StepOutput; from: string }>): void {
  for (const [output, raw] of Object.entries(objectField(node, "outputs"))) {
    const target = parentOutput(valueText(raw) ?? "");
    if (target && outputs[output]) bound[target] = outputs[output];
  }
}

/** The text of `{value: "…"}` or of a bare text. */
function valueText(raw: unknown): string | undefined {
  if (typeof raw === "string") return raw;
  if (!isObject(raw)) return undefined;
  const value = field(raw, "value") ?? field(raw, "uri") ?? field(raw, "path");
  return typeof value === "string" ? value : undefined;
}

/** Nodes so that each comes after those whose outputs it uses. */
function sorted(graph: Graph): string[] {
  const order: string[] = [];
  const state = new Map<string, "open" | "done">();
  const visit = (name: string, way: readonly string[]): void => {
    if (state.get(name) === "done" || !(name in graph.nodes)) return;
    if (state.get(name) === "open")
      throw userError(`The pipeline's jobs form a cycle: ${[...way.slice(way.indexOf(name)), name].join(" → ")}.`, "jobs");
    state.set(name, "open");
    const node = graph.nodes[name];
    const inputs = isObject(node)
      ? { ...objectField(node, "inputs"), training: node["training_data"], validation: node["validation_data"] }
      : {};
    for (const raw of Object.values(inputs)) for (const other of nodesIn(valueText(raw) ?? "")) visit(other, [...way, name]);
    state.set(name, "done");
    order.push(name);
  };
  for (const name of Object.keys(graph.nodes)) visit(name, []);
  return order;
}
