// Reads the fields of job bodies, which come in camelCase at the top and snake_case in pipeline nodes, as the official clients send them, and
// in PascalCase from who follows the REST samples of batch endpoints.
import { durationMs } from "../serving/durations.ts";
import type { StepInput, StepOutput, StepSpec, UriInput } from "./spec.ts";
import { userError } from "./refuse.ts";
import { textOf } from "../runs/text.ts";

export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

/** A field in any of its spellings; null is the same as missing. */
export function field(body: Json, camel: string): unknown {
  const snake = camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return body[camel] ?? body[snake] ?? body[camel.charAt(0).toUpperCase() + camel.slice(1)] ?? undefined;
}

export function textField(body: Json, camel: string): string | undefined {
  const value = field(body, camel);
  return value === undefined || value === "" ? undefined : textOf(value);
}

export const objectField = (body: Json, camel: string): Json => {
  const value = field(body, camel);
  return isObject(value) ? value : {};
};

/** `identity: {identityType: Managed}`, `{type: user_identity}`; AMLToken and none are the default. */
export function identityOf(body: Json): StepSpec["identity"] {
  const identity = objectField(body, "identity");
  const type = textField(identity, "identityType") ?? textField(identity, "type") ?? "";
  return /managed/i.test(type) ? "managed" : /user/i.test(type) ? "user" : "default";
}

/** `ReadOnlyMount` and `ro_mount` alike. */
export function modeOf(value: unknown, usual: string): string {
  if (value === undefined || value === null || value === "") return usual;
  const known: Readonly<Record<string, string>> = {
    readonlymount: "ro_mount",
    readwritemount: "rw_mount",
    mount: "ro_mount",
    evalmount: "eval_mount",
    evaldownload: "eval_download",
  };
  const plain = textOf(value).replaceAll("_", "").toLowerCase();
  const mode =
    known[plain] ?? { romount: "ro_mount", rwmount: "rw_mount", download: "download", upload: "upload", direct: "direct" }[plain];
  if (!mode)
    throw userError(
      `"${textOf(value)}" is not a mode; modes are ro_mount, rw_mount, download, upload, direct, eval_mount, eval_download.`,
      "mode",
    );
  return mode;
}

/** `UriFolder` and `uri_folder` alike. */
const typeWord = (type: string): string =>
  ["uri_file", "uri_folder", "mltable", "custom_model", "mlflow_model", "triton_model"].find(
    (one) => one.replaceAll("_", "") === type.replaceAll("_", "").toLowerCase(),
  ) ?? type;

export const literalTypes = new Set(["string", "number", "integer", "boolean", "literal", "float", "str", "int", "bool"]);

/** An input as a job has it: `{jobInputType, value | uri, mode}`, or a bare value. Undefined for null (an optional input left out). */
export function inputOf(name: string, raw: unknown): StepInput | undefined {
  if (raw === null || raw === undefined) return undefined;
  if (!isObject(raw)) return { kind: "literal", value: textOf(raw) };
  const given = textField(raw, "jobInputType") ?? textField(raw, "type") ?? (field(raw, "uri") === undefined ? "literal" : "uri_folder");
  const type = typeWord(given);
  if (literalTypes.has(type.toLowerCase())) {
    const value = field(raw, "value");
    return value === undefined ? undefined : { kind: "literal", value: textOf(value) };
  }
  const uri = textField(raw, "uri") ?? textField(raw, "path") ?? textField(raw, "value");
  if (uri === undefined) throw userError(`Input "${name}" of type ${type} has no uri.`, `inputs.${name}`);
  return { kind: "uri", type, uri, mode: modeOf(field(raw, "mode"), type === "mltable" ? "eval_mount" : "ro_mount") } satisfies UriInput;
}

/**
 * An output as a job has it, with its place worked out.
 * @param place default folder, `azureml://datastores/…/{run}/{output}`; files lie there without a slash at the end
 */
export function outputOf(raw: unknown, names: { run: string; output: string; datastore: string }, usualType: string): StepOutput {
  const body = isObject(raw) ? raw : {};
  const given = textField(body, "jobOutputType") ?? textField(body, "type");
  const type = given === undefined || given === "literal" ? usualType : typeWord(given);
  const asset = textField(body, "assetName") ?? textField(body, "name");
  const version = textField(body, "assetVersion") ?? textField(body, "version");
  const usual = `azureml://datastores/${names.datastore}/paths/azureml/\${{name}}/\${{output_name}}${type === "uri_file" ? "" : "/"}`;
  const uri = (textField(body, "uri") ?? textField(body, "path") ?? usual)
    .replaceAll(/\$\{\{\s*name\s*\}\}/g, names.run)
    .replaceAll(/\$\{\{\s*output_name\s*\}\}/g, names.output)
    .replaceAll(/\$\{\{\s*default_datastore\s*\}\}/g, names.datastore);
  return {
    type,
    mode: modeOf(field(body, "mode"), "rw_mount"),
    uri,
    ...(asset ? { asset: { name: asset, ...(version ? { version } : {}) } } : {}),
  };
}

/** `limits.timeout` in milliseconds. */
export const timeoutOf = (body: Json): number | undefined => durationOf(field(objectField(body, "limits"), "timeout"), "limits.timeout");

/** `PT5M`, or seconds, in milliseconds. Throws 400 naming the field. */
export function durationOf(value: unknown, name: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  const milliseconds = typeof value === "number" ? value * 1000 : (durationMs(textOf(value)) ?? Number(value) * 1000);
  if (!Number.isFinite(milliseconds) || milliseconds <= 0)
    throw userError(`${name} "${textOf(value)}" is not a duration; write seconds or ISO 8601 (PT10M).`, name);
  return milliseconds;
}

export function instancesOf(body: Json): number {
  const value = Number(field(objectField(body, "resources"), "instanceCount") ?? 1);
  if (!Number.isInteger(value) || value < 1)
    throw userError(`resources.instance_count "${value}" is not a whole number from 1 on.`, "resources.instance_count");
  return value;
}

export const texts = (body: Json): Record<string, string> =>
  Object.fromEntries(
    Object.entries(body)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([key, value]) => [key, String(value)]),
  );
