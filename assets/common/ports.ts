// Inputs and outputs that a component declares, and their form in its specification.
import type { Build } from "../kinds/kind.ts";
import { dict, list, object, union } from "../schema/compound.ts";
import { required } from "../schema/field.ts";
import { bool, exactly, num, str } from "../schema/scalars.ts";
import type { Path } from "../yaml/source.ts";
import { Float, pythonString, type Yaml } from "../yaml/value.ts";

export const PORT_TYPES = ["path", "uri_file", "uri_folder", "mltable", "mlflow_model", "triton_model", "custom_model"] as const;
export const PARAMETER_TYPES = ["number", "integer", "boolean", "string"] as const;
const MODES = ["mount", "download", "upload", "ro_mount", "rw_mount", "eval_mount", "eval_download", "direct", "link"] as const;

const parameter = object({
  type: required(exactly(PARAMETER_TYPES)),
  optional: bool,
  default: union(str, num, bool),
  description: str,
  max: union(str, num),
  min: union(str, num),
  enum: list(str),
});
export const inputPort = object({
  type: required(exactly(PORT_TYPES)),
  description: str,
  optional: bool,
  default: str,
  mode: exactly(MODES),
});
const outputPort = object({ type: required(exactly(PORT_TYPES)), description: str, mode: exactly(MODES) });
const primitiveOutput = object({ type: required(exactly(PARAMETER_TYPES)), description: str, mode: exactly(MODES) }, { unknown: "keep" });

export const componentInputs = dict(union(parameter, inputPort));
export const componentOutputs = dict(union(outputPort, primitiveOutput));
/** Of a pipeline component, where a primitive output may have any other field. */
export const pipelineOutputs = dict(union(primitiveOutput, outputPort));

export interface InputPort {
  type: string;
  optional?: boolean;
  inferredOptional?: boolean;
  default?: Yaml;
  description?: string;
  min?: string | Float;
  max?: string | Float;
  enum?: string[];
  mode?: string;
}
export interface OutputPort {
  type: string;
  /** Of a primitive output: whether it can be read before the step ends. */
  early_available?: unknown;
  description?: string;
  mode?: string;
}

export const isParameter = (type: string | undefined): boolean => (PARAMETER_TYPES as readonly string[]).includes(type ?? "");

/** Inputs of a component's specification: numbers become text, in the type that the input has. */
export function inputPortsBody(inputs: Record<string, InputPort>, build: Build): Record<string, unknown> {
  checkNames(Object.keys(inputs), "inputs", build);
  return Object.fromEntries(Object.entries(inputs).map(([name, port]) => [name, inputPortBody(port, build, ["inputs", name])]));
}

function inputPortBody(port: InputPort, build: Build, path: Path): unknown {
  const { type, description } = port;
  const optional = port.optional ?? port.inferredOptional;
  if (!isParameter(type)) {
    if (port.default !== undefined)
      build.problem([...path, "default"], `an input of type ${type} has no default`, "remove it, or make the input optional", port.default);
    return { type, description, optional, mode: port.mode };
  }
  const text = (key: "default" | "min" | "max") => {
    const value = port[key];
    if (value === undefined) return undefined;
    const parsed = parseAs(type, value);
    if (parsed === undefined || (key !== "default" && (type === "string" || type === "boolean"))) {
      const rule =
        parsed === undefined
          ? `must be ${type === "boolean" ? "true or false" : `a ${type}`}, the type of the input`
          : `an input of type ${type} has no ${key}`;
      build.problem([...path, key], rule, parsed === undefined ? "change the value or the type" : "remove it", value);
      return undefined;
    }
    return pythonString(parsed);
  };
  return { type, description, optional, default: text("default"), min: text("min"), max: text("max"), enum: port.enum };
}

/** A value in the Python type that a parameter has; undefined when it is not one. */
export function parseAs(type: string, value: Yaml): Yaml | undefined {
  switch (type) {
    case "integer": {
      if (typeof value === "boolean") return value;
      const number = value instanceof Float ? value.value : Number(typeof value === "string" && value.trim() === "" ? NaN : value);
      return Number.isFinite(number) ? Math.trunc(number) : undefined;
    }
    case "number": {
      if (value instanceof Float) return value;
      const number = typeof value === "string" && value.trim() === "" ? NaN : Number(value);
      return Number.isNaN(number) ? undefined : new Float(number);
    }
    case "boolean": {
      const text = pythonString(value).toLowerCase();
      return text === "true" ? true : text === "false" ? false : undefined;
    }
    default:
      return typeof value === "string" ? value : pythonString(value);
  }
}

/** Outputs of a component's specification. */
export function outputPortsBody(outputs: Record<string, OutputPort>, build: Build): Record<string, unknown> {
  checkNames(Object.keys(outputs), "outputs", build);
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { type, description, mode, early_available }]) => [
      name,
      { type, description, mode, early_available },
    ]),
  );
}

function checkNames(names: readonly string[], where: string, build: Build): void {
  const seen = new Map<string, string>();
  for (const name of names) {
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*(\.[a-zA-Z_][a-zA-Z0-9_]*)*$/.test(name))
      build.problem(
        [where, name],
        `the name ${JSON.stringify(name)} must have letters, digits and underscores only and not start with a digit`,
        "change the name",
      );
    const other = seen.get(name.toLowerCase());
    if (other !== undefined)
      build.problem([where, name], `the names \`${other}\` and \`${name}\` differ only by case`, "rename one of them");
    seen.set(name.toLowerCase(), name);
  }
}
