// Inputs and outputs of jobs and pipeline nodes: how they are read, and their form in a request.
import { ReferenceMark, UploadMark } from "../body.ts";
import type { Build } from "../kinds/kind.ts";
import { armVersioned, isUrl, localPath } from "../schema/azure.ts";
import { bindable, dict, object, union, type Entity } from "../schema/compound.ts";
import { nullable, type Field } from "../schema/field.ts";
import { bool, int, num, oneOf, str, strictFloat, strictInt, version } from "../schema/scalars.ts";
import type { Path } from "../yaml/source.ts";
import { Float, pythonString, type Yaml } from "../yaml/value.ts";

const assetPath = union(armVersioned("asset"), str);
const common = { path: assetPath, datastore: str } as const;
const DATA_MODES = ["download", "ro_mount", "direct"] as const;
const dataInput = object({ ...common, mode: oneOf(DATA_MODES), type: oneOf(["uri_file", "uri_folder"]), path_on_compute: localPath() });
const modelInput = object({ ...common, mode: oneOf(DATA_MODES), type: oneOf(["custom_model", "mlflow_model", "triton_model"]) });
const tableInput = object({
  ...common,
  mode: oneOf(["download", "ro_mount", "eval_mount", "eval_download", "direct"]),
  type: oneOf(["mltable"]),
  path_on_compute: localPath(),
});
/** A file, a folder or a table. */
export const tabularInput = union(dataInput, tableInput);
const literalInput = object({ value: union(str, bool, int, num) }, { expects: "a literal `value`" });

/** A value without a mapping around it: the order of the SDK's union decides what 1, 1.0, "1" and true become. */
export const primitive: Field<number | bigint | Float | string | boolean> = {
  expects: "a number, a string, true or false",
  load(value, at) {
    for (const field of [strictInt, strictFloat, str, bool]) {
      const trial = at.trial();
      const loaded = field.load(value, trial);
      if (trial.problems.length === 0) return loaded;
    }
    return at.fail("must be a number, a string, true or false", "put it in quotes if it is text", value);
  },
};

const inputValue = union(dataInput, modelInput, tableInput, literalInput, primitive);
export const jobInputs = dict(inputValue);
export const bindableInputs = dict(
  union(bindable(dataInput), bindable(modelInput), bindable(tableInput), bindable(literalInput), primitive),
);

const outputFields = {
  name: str,
  version,
  mode: oneOf(["mount", "upload", "rw_mount", "direct"]),
  type: oneOf(["uri_file", "uri_folder", "custom_model", "mlflow_model", "mltable", "triton_model"]),
  path: str,
} as const;
export const outputObject = object(outputFields, { pathAware: true });
export const jobOutputs = dict(nullable(outputObject));

export interface DataInput {
  path?: string;
  mode?: string;
  type?: string;
  datastore?: string;
}
export type InputValue = number | bigint | Float | string | boolean | DataInput;
export type OutputValue = Entity<typeof outputFields>;

export const isDataInput = (value: InputValue | { value: Yaml }): value is DataInput =>
  typeof value === "object" && !(value instanceof Float) && !("value" in value);

/** `{value: x}` is x. */
export function unwrap(value: unknown): InputValue {
  return typeof value === "object" && value !== null && !(value instanceof Float) && "value" in value
    ? (value.value as InputValue)
    : (value as InputValue);
}

const INPUT_MODES: Record<string, string> = {
  mount: "ReadOnlyMount",
  rw_mount: "ReadWriteMount",
  ro_mount: "ReadOnlyMount",
  download: "Download",
  eval_mount: "EvalMount",
  eval_download: "EvalDownload",
  direct: "Direct",
};
const OUTPUT_MODES: Record<string, string> = { mount: "ReadWriteMount", upload: "Upload", rw_mount: "ReadWriteMount", direct: "Direct" };
export const inputMode = (mode: string | null | undefined): string | null => (mode ? (INPUT_MODES[mode.toLowerCase()] ?? mode) : null);
export const outputMode = (mode: string | null | undefined): string | null => (mode ? (OUTPUT_MODES[mode.toLowerCase()] ?? mode) : null);

/** Just one `${{…}}`, nothing around it. */
export const isBinding = (value: unknown): boolean => typeof value === "string" && /^\$\{\{\s*\S*?\s*\}\}$/.test(value);

/** Where the data of an input is, in the form of the request: the SDK's `_resolve_job_input`. */
export function inputUri(input: DataInput, build: Build, path: Path): unknown {
  const text = input.path;
  if (!text) {
    build.problem(path, "needs a path", "add `path:`");
    return null;
  }
  if (/^\/subscriptions\/.*\/providers\/Microsoft\.MachineLearningServices\/workspaces\//i.test(text))
    return new ReferenceMark(isModel(input.type) ? "model" : "data", text);
  if (isUrl(text) || isBinding(text)) return text;
  const absolute = /^([/\\]|[A-Za-z]:[/\\])/.test(text);
  const at = [...path, "path"];
  if (!absolute && /[:@]/.test(text)) {
    const bare = text.replace(/^azureml:/, "");
    if (text.includes("/"))
      build.problem(at, "is neither a URI, nor the name of an asset, nor a path", "write azureml:<name>:<version>, or a local path", text);
    else if (!/[:@]/.test(bare))
      build.problem(at, "needs a version or a label", `write azureml:${bare}:<version> or azureml:${bare}@latest`, text);
    return new ReferenceMark(isModel(input.type) ? "model" : "data", text);
  }
  const full = build.absolute(text);
  const stat = build.files.stat(full);
  if (!stat) build.problem(at, `no such file or folder: ${full}`, "correct the path; it is taken from the folder of this file", text);
  // The SDK looks only where the path is absolute.
  const only = input.type === "uri_file" ? "file" : (input.type ?? "uri_folder") === "uri_folder" ? "folder" : undefined;
  if (absolute && stat && only && stat.type !== only)
    build.problem(at, `is a ${stat.type}, not a ${only}`, `write \`type: uri_${stat.type}\``, text);
  return new UploadMark("data", build.shown(text), full, {
    suffix: (input.type ?? "uri_folder") === "uri_folder" ? "/" : "",
    datastore: input.datastore,
  });
}

const isModel = (type: string | undefined): boolean => type === "mlflow_model" || type === "custom_model";

/** The inputs of a job. */
export function inputsBody(
  inputs: Record<string, unknown> | undefined,
  build: Build,
  options: { dots?: boolean } = {},
): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const [name, raw] of Object.entries(inputs ?? {})) {
    checkKey(name, ["inputs", name], build, options.dots);
    const value = unwrap(raw);
    body[name] = isDataInput(value)
      ? dataInputBody(value, build, ["inputs", name])
      : { jobInputType: "literal", value: pythonString(value) };
  }
  return body;
}

function dataInputBody(value: DataInput, build: Build, path: Path): unknown {
  if (isBinding(value.path)) return { jobInputType: "literal", value: value.path, mode: inputMode(value.mode) };
  return { jobInputType: value.type ?? "uri_folder", uri: inputUri(value, build, path), mode: inputMode(value.mode) };
}

/** The outputs of a job. */
export function outputsBody(outputs: Record<string, OutputValue | null> | undefined, build: Build): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(outputs ?? {})) {
    checkKey(name, ["outputs", name], build);
    if (value) checkOutput(value, ["outputs", name], build);
    body[name] = value
      ? {
          jobOutputType: value.type ?? "uri_folder",
          assetName: value.name,
          uri: value.path,
          mode: outputMode(value.mode),
          assetVersion: value.version,
        }
      : { jobOutputType: "uri_folder" };
  }
  return body;
}

/** An output that is kept as an asset has a plain name; a version needs a name. */
export function checkOutput(value: OutputValue, path: Path, build: Build): void {
  if (value.name !== undefined && !/^[A-Za-z0-9_-]{0,255}$/.test(value.name))
    build.problem([...path, "name"], "must have letters, digits, hyphens and underscores only, at most 255", "change the name", value.name);
  if (value.version && !value.name) build.problem([...path, "version"], "a version needs a name", "add `name:`", value.version);
}

/** Names of inputs and outputs are identifiers; a pipeline's inputs may be grouped by dots. */
export function checkKey(name: string, path: Path, build: Build, dots = false): void {
  const pattern = dots ? /^[a-zA-Z_][a-zA-Z0-9_]*(\.[a-zA-Z_][a-zA-Z0-9_]*)*$/ : /^[a-zA-Z_]+[a-zA-Z0-9_]*$/;
  if (!pattern.test(name))
    build.problem(
      path,
      `the name ${JSON.stringify(name)} must have letters, digits and underscores only and not start with a digit`,
      "change the name",
    );
}
