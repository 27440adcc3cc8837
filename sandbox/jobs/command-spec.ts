// The settings of one command, from a job or from a pipeline's node over its component; and a component's declared inputs.
import { neededBy } from "./bindings.ts";
import {
  field,
  identityOf,
  inputOf,
  instancesOf,
  isObject,
  literalTypes,
  modeOf,
  objectField,
  textField,
  texts,
  timeoutOf,
  type Json,
} from "./fields.ts";
import { refuseDistribution, userError } from "./refuse.ts";
import type { StepInput, StepOutput, StepSpec } from "./spec.ts";
import { textOf } from "../runs/text.ts";

/** Settings of a command, from a job or from a node over its component. */
export function stepSpec(
  where: string,
  node: Json,
  component: Json,
  inputs: Record<string, StepInput>,
  outputs: Record<string, StepOutput>,
  computeId: string | undefined,
): StepSpec {
  const command = textField(node, "command") ?? textField(component, "command");
  if (!command) throw userError(`${where} has no command.`, "command");
  const environmentId =
    textField(node, "environmentId") ??
    textField(node, "environment") ??
    textField(component, "environmentId") ??
    textField(component, "environment");
  if (!environmentId) throw userError(`${where} has no environment.`, "environmentId");
  const needed = neededBy(command);
  for (const name of needed.inputs)
    if (!inputs[name])
      throw userError(`${where}: the command uses \${{inputs.${name}}}, but there is no such input${known(inputs)}.`, `inputs.${name}`);
  for (const name of needed.outputs)
    if (!outputs[name])
      throw userError(`${where}: the command uses \${{outputs.${name}}}, but there is no such output${known(outputs)}.`, `outputs.${name}`);
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
    identity: identityOf(node),
    ...(codeId ? { codeId } : {}),
    ...(computeId ? { computeId } : {}),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}

export const known = (things: Readonly<Record<string, unknown>>): string =>
  Object.keys(things).length > 0 ? `; there are ${Object.keys(things).join(", ")}` : "";

/** A component's inputs: given ones checked against what it declares, defaults filled in. */
export function withDefaults(where: string, component: Json, given: Readonly<Record<string, StepInput>>): Record<string, StepInput> {
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
    const usual =
      field(declaration, "default") ??
      (textField(declaration, "jobInputType") || field(declaration, "value") !== undefined ? inputOf(name, declaration) : undefined);
    if (usual !== undefined) inputs[name] = isObject(usual) ? (usual as unknown as StepInput) : { kind: "literal", value: textOf(usual) };
    else if (field(declaration, "optional") !== true)
      throw userError(`${where}: input "${name}" is required and was not given.`, `inputs.${name}`);
  }
  return inputs;
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
  if (least !== undefined && number < Number(least)) return `it must be at least ${textOf(least)}`;
  if (most !== undefined && number > Number(most)) return `it must be at most ${textOf(most)}`;
  return undefined;
}
