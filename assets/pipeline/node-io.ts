// Inputs and outputs of a pipeline's node in the request (snake_case), and what an inline job's component declares.
import type { Build } from "../kinds/kind.ts";
import {
  checkOutput,
  inputMode,
  inputUri,
  isBinding,
  isDataInput,
  outputMode,
  unwrap,
  type DataInput,
  type InputValue,
  type OutputValue,
} from "../common/job-io.ts";
import { isParameter, type InputPort, type OutputPort } from "../common/ports.ts";
import { hasBinding } from "../schema/azure.ts";
import type { Path } from "../yaml/source.ts";
import { Float, pythonString } from "../yaml/value.ts";
import type { Port, Ports, Surroundings } from "./bindings.ts";
import type { NodeEntity } from "./node-fields.ts";
import { INPUT_BINDING, OUTPUT_BINDING } from "./node-shared.ts";

type Json = Record<string, unknown>;

/** The inputs of a node. Inputs that a known component does not have are left out, as by the SDK. */
export function nodeInputs(node: NodeEntity, ports: Ports | null, build: Build, path: Path): Json {
  const given = node.inputs ?? {};
  const body: Json = {};
  for (const name of ports ? Object.keys(ports.inputs) : Object.keys(given)) {
    if (!Object.hasOwn(given, name)) continue;
    const value = nodeInput(unwrap(given[name]), ports?.inputs[name], build, [...path, "inputs", name]);
    if (value) body[name] = value;
  }
  // What a sweep searches is an input of each trial.
  if (ports) requireInputs({ ...given, ...(node.fields["search_space"] as Json | undefined) }, ports, build, path);
  return body;
}

function requireInputs(given: Json, ports: Ports, build: Build, path: Path): void {
  for (const [name, port] of Object.entries(ports.inputs)) {
    if (!Object.hasOwn(given, name) && port.optional !== true && port.default === undefined)
      build.problem([...path, "inputs", name], `the required input \`${name}\` is missing`, `add \`${name}\` to the node's \`inputs\``);
  }
}

function nodeInput(value: InputValue, port: Port | undefined, build: Build, path: Path): Json | null {
  if (isDataInput(value)) return dataInput(value, build, path);
  const takesPath = Boolean(port?.type) && !isParameter(port?.type ?? undefined);
  if (typeof value === "string" && isBinding(value)) refuseLegacy(value, build, path);
  else if (takesPath && typeof value !== "string") {
    build.problem(
      path,
      `takes a path or a binding, not ${pythonString(value)}`,
      `write \`path:\` with a value of type ${port?.type}`,
      value,
    );
    return null;
  } else if (takesPath && !hasBinding(value)) return dataInput({ type: port!.type!, path: value as string }, build, path);
  return { value: pythonString(value), job_input_type: "literal" };
}

function dataInput(value: DataInput, build: Build, path: Path): Json {
  if (isBinding(value.path)) {
    refuseLegacy(value.path!, build, path);
    return { value: value.path, job_input_type: "literal", mode: inputMode(value.mode) };
  }
  return { uri: inputUri(value, build, path), mode: inputMode(value.mode), job_input_type: value.type ?? "uri_folder" };
}

function refuseLegacy(value: string, build: Build, path: Path): void {
  if (/^\$\{\{(inputs|jobs|outputs)\./.test(value))
    build.problem(path, "a binding in a pipeline starts with `parent.`", `write ${value.replace("{{", "{{parent.")}`, value);
}

/** The outputs of a node. */
export function nodeOutputs(node: NodeEntity, ports: Ports | null, build: Build, path: Path): Json {
  const given = node.outputs ?? {};
  const body: Json = {};
  for (const name of ports ? Object.keys(ports.outputs) : Object.keys(given)) {
    const value = given[name];
    if (value === undefined || value === null) continue;
    body[name] =
      typeof value === "string"
        ? stringOutput(value, ports?.outputs[name], build, [...path, "outputs", name])
        : objectOutput(value, ports?.outputs[name], build, [...path, "outputs", name]);
  }
  return body;
}

function stringOutput(value: string, port: Port | undefined, build: Build, path: Path): Json {
  refuseLegacy(value, build, path);
  if (OUTPUT_BINDING.test(value)) return { value, type: "literal" };
  return { uri: value, job_output_type: port?.type === "uri_file" ? "uri_file" : "uri_folder" };
}

function objectOutput(value: OutputValue, port: Port | undefined, build: Build, path: Path): Json {
  checkOutput(value, path, build);
  const { name, version } = value;
  if (value.path !== undefined && OUTPUT_BINDING.test(value.path))
    return { value: value.path, type: "literal", mode: outputMode(value.mode), name, version };
  return {
    uri: value.path,
    mode: outputMode(value.mode),
    job_output_type: port?.type === "uri_file" ? "uri_file" : (value.type ?? "uri_folder"),
    name,
    version,
  };
}

/** What the component of an inline job declares as inputs: types are those of the values, or of what they are bound to. */
export function declaredInputs(node: NodeEntity, around: Surroundings, build: Build, path: Path): Record<string, InputPort> {
  const declare = (name: string, raw: unknown) => declaredInput(unwrap(raw), around, build, [...path, "inputs", name]);
  return Object.fromEntries(Object.entries(node.inputs ?? {}).map(([name, raw]) => [name, declare(name, raw)]));
}

function declaredInput(value: InputValue, around: Surroundings, build: Build, path: Path): InputPort {
  if (isDataInput(value)) return { type: value.type ?? "uri_folder", mode: value.mode };
  if (typeof value === "string" && INPUT_BINDING.test(value)) {
    const source = sourceOf(value, around);
    const node = /^\$\{\{parent\.jobs\.([^.]+)\./.exec(value)?.[1] ?? "";
    if (!source && around.named[node])
      build.problem(
        path,
        `the type of this is not known: the component of \`${node}\` is only in Azure`,
        `name the output in \`outputs\` of \`${node}\`, with its type`,
        value,
      );
    return { type: source?.type ?? "uri_folder", mode: source?.mode ?? undefined };
  }
  return { type: typeOfLiteral(value), default: value };
}

const typeOfLiteral = (value: InputValue): string =>
  value instanceof Float ? "number" : typeof value === "boolean" ? "boolean" : typeof value === "string" ? "string" : "integer";

/** The same for its outputs. */
export function declaredOutputs(node: NodeEntity, around: Surroundings): Record<string, OutputPort> {
  return Object.fromEntries(Object.entries(node.outputs ?? {}).map(([name, value]) => [name, declaredOutput(value, around)]));
}

/** The outputs that a node with a component in Azure names itself, with the types it gives them. */
export const namedOutputs = (node: NodeEntity, around: Surroundings): Record<string, Port> =>
  Object.fromEntries(
    Object.entries(node.outputs ?? {})
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, declaredOutput(value, around)]),
  );

function declaredOutput(value: string | OutputValue | null, around: Surroundings): OutputPort {
  if (value === null) return { type: "uri_folder" };
  if (typeof value !== "string") return { type: value.type ?? "uri_folder", mode: value.mode };
  if (!OUTPUT_BINDING.test(value)) return { type: "string" };
  const source = sourceOf(value, around);
  return { type: source?.type ?? "uri_folder", mode: source?.mode ?? undefined };
}

/** The port that a binding names. A mode is only handed on from the pipeline's own ports. */
function sourceOf(value: string, around: Surroundings): Port | undefined {
  const [, where = "", ...rest] = value.replace(/^\$\{\{\s*|\s*\}\}$/g, "").split(".");
  if (where === "inputs" || where === "outputs") return around.parent[where][rest[0] ?? ""];
  const [node = "", side = "", name = ""] = rest;
  const known = around.ports[node];
  const port = known ? known[side as "inputs" | "outputs"]?.[name] : side === "outputs" ? around.named[node]?.[name] : undefined;
  return port && { type: port.type };
}
