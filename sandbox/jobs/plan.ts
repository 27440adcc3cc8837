// From the REST body of a job to the steps to run, with every mistake named before anything starts.
import { stepSpec, withDefaults } from "./command-spec.ts";
import { field, inputOf, objectField, outputOf, textField, type Json } from "./fields.ts";
import { GraphBuilder } from "./graph.ts";
import { refuseKind, userError } from "./refuse.ts";
import { automlSpec, bestModel } from "./automl/automl.ts";
import { sweepSpec } from "./search/sweep.ts";
import type { Plan, StepInput, StepOutput, StepSpec } from "./spec.ts";

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
  if (kind.toLowerCase() === "sweep") return planSweep(name, properties);
  if (kind.toLowerCase() === "automl") return planAutoml(name, properties);
  return refuseKind(kind, "A job");
}

function planSweep(name: string, properties: Json): Plan {
  const { inputs, outputs } = declaredBy(name, properties);
  const spec = sweepSpec("The job", properties, objectField(properties, "trial"), inputs, outputs, textField(properties, "computeId"));
  return planOne(name, properties, spec, outputs);
}

function planAutoml(name: string, properties: Json): Plan {
  const given = declaredBy(name, properties).outputs;
  const outputs = { best_model: bestModel(name, undefined, "workspaceblobstore"), ...given };
  const spec = automlSpec("The job", name, objectField(properties, "taskDetails"), properties, outputs, textField(properties, "computeId"));
  return planOne(name, properties, spec, outputs);
}

function declaredBy(name: string, properties: Json): { inputs: Record<string, StepInput>; outputs: Record<string, StepOutput> } {
  const inputs: Record<string, StepInput> = {};
  for (const [key, raw] of Object.entries(objectField(properties, "inputs"))) {
    const input = inputOf(key, raw);
    if (input) inputs[key] = input;
  }
  const outputs: Record<string, StepOutput> = {};
  for (const [key, raw] of Object.entries(objectField(properties, "outputs"))) {
    if (key !== "default") outputs[key] = outputOf(raw, { run: name, output: key, datastore: "workspaceblobstore" }, "uri_folder");
  }
  return { inputs, outputs };
}

function planCommand(name: string, properties: Json): Plan {
  const { inputs, outputs } = declaredBy(name, properties);
  return planOne(name, properties, stepSpec("The job", properties, {}, inputs, outputs, textField(properties, "computeId")), outputs);
}

function planOne(name: string, properties: Json, spec: StepSpec, outputs: Record<string, StepOutput>): Plan {
  return {
    steps: [{ runId: name, path: name, displayName: textField(properties, "displayName") ?? name, after: [], spec }],
    groups: [],
    outputs,
    continueOnFailure: false,
  };
}

function planPipeline(name: string, properties: Json, context: PlanContext): Plan {
  const settings = objectField(properties, "settings");
  const inputs: Record<string, StepInput> = {};
  for (const [key, raw] of Object.entries(objectField(properties, "inputs"))) {
    const input = inputOf(key, raw);
    if (input) inputs[key] = input;
  }
  const datastore = (textField(settings, "defaultDatastore") ?? "workspaceblobstore")
    .replace(/^azureml:/, "")
    .split("/")
    .at(-1)!;
  const declared = objectField(properties, "outputs");
  const componentId = textField(properties, "componentId");
  // A job made of a registered pipeline component names it; azure-ai-ml writes its nodes out too, but not the outputs it declares.
  const component = componentId ? context.component(componentId) : undefined;
  const own = objectField(properties, "jobs");
  const nodes = Object.keys(own).length === 0 && component ? objectField(component, "jobs") : own;
  if (Object.keys(nodes).length === 0) throw userError("The pipeline has no jobs.", "jobs");
  const builder = new GraphBuilder(context, datastore);
  const outputs: Record<string, StepOutput> = {};
  // A default type is only known from the component's output that is bound to it.
  const target = (output: string, type: string): StepOutput =>
    (outputs[output] ??= outputOf(declared[output], { run: name, output, datastore }, type));
  builder.graph({
    runId: name,
    path: "",
    nodes,
    inputs: component ? withDefaults("The pipeline", component, inputs) : inputs,
    declared: Object.keys({ ...declared, ...(component ? objectField(component, "outputs") : {}) }),
    target,
    compute: textField(settings, "defaultCompute") ?? textField(properties, "computeId"),
  });
  for (const output of Object.keys(declared)) {
    if (outputs[output]) continue;
    throw userError(
      `Output "${output}" of the pipeline is bound to no step's output; write \${{parent.outputs.${output}}} in a step, or take it out.`,
      `outputs.${output}`,
    );
  }
  return { steps: builder.steps, groups: builder.groups, outputs, continueOnFailure: field(settings, "continueOnStepFailure") === true };
}
