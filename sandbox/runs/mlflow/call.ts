// One request to the workspace's MLflow tracking server, with what its handlers need.
import type { Context } from "hono";
import type { ArmResource, SandboxContext } from "../../core.ts";
import { readText } from "../../server/bodies.ts";
import { asking } from "../workspace.ts";
import { invalid } from "./error.ts";
import { textOf } from "../text.ts";

/** Logged models, batches of metrics: MLflow sends at most 1 MB in a batch. */
const bodyLimit = 16 * 1024 * 1024;

/** Fields of the body (POST, PATCH, DELETE) or of the query (GET), by their proto names. */
export type Fields = Readonly<Record<string, unknown>>;

export interface MlflowCall {
  readonly sandbox: SandboxContext;
  readonly workspace: ArmResource;
  /** The workspace's id in lower case. */
  readonly key: string;
  readonly principalId: string;
  readonly fields: Fields;
  /** Values of `:name` in the path. */
  readonly path: Readonly<Record<string, string>>;
  /** The client has azureml-mlflow, which reads `azureml://` artifact addresses and no others. */
  readonly azureml: boolean;
  /** `localhost:8443` */
  readonly host: string;
}

export type Handler = (call: MlflowCall) => unknown;

/** @param withBody false for requests whose body is a file */
export async function readCall(c: Context, sandbox: SandboxContext, withBody = true): Promise<MlflowCall> {
  const { workspace, key, caller } = await asking(c, sandbox);
  const agent = c.req.header("user-agent") ?? "";
  return {
    sandbox,
    workspace,
    key,
    principalId: caller.principalId,
    fields: { ...queryFields(c), ...(withBody ? await bodyFields(c) : {}) },
    path: c.req.param() as Record<string, string>,
    // azureml-mlflow calls v2.0 of the service for every MLflow but 1, and names itself in every request, also in plain `https://` ones.
    azureml: /azureml-mlflow/i.test(agent) && (c.req.path.startsWith("/mlflow/v2.0/") || /mlflow-python-client\/1\./.test(agent)),
    host: new URL(sandbox.urls.base).host,
  };
}

async function bodyFields(c: Context): Promise<Fields> {
  if (c.req.method === "GET") return {};
  const text = await readText(c, bodyLimit);
  if (text === "") return {};
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === "object" && body !== null && !Array.isArray(body)) return body as Fields;
  } catch {
    // said below
  }
  throw invalid("the request body is not a JSON object");
}

function queryFields(c: Context): Fields {
  const fields: Record<string, unknown> = {};
  for (const [name, values] of Object.entries(c.req.queries())) fields[name] = values.length > 1 ? values : values[0];
  return fields;
}

/** A text field that has to be there. */
export function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === "string" && value !== "") return value;
  if (typeof value === "number") return String(value);
  throw invalid(`Missing value for required parameter '${name}'.`);
}

export const optional = (fields: Fields, name: string): string | undefined => {
  const value = fields[name];
  return value === undefined || value === null ? undefined : textOf(value);
};

export function count(fields: Fields, name: string, usual: number, most: number): number {
  const value = fields[name];
  if (value === undefined || value === null) return usual;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > most)
    throw invalid(`Invalid value for parameter '${name}' supplied: ${textOf(value)}. It must be an integer from 1 to ${most}.`);
  return number;
}

/** A metric's value or a time as protobuf's JSON has them: number, or text for 64 bits, NaN and infinity. */
export function numeric(value: unknown, name: string): number {
  const number = typeof value === "number" || (typeof value === "string" && value !== "") ? Number(value) : undefined;
  if (number === undefined || (Number.isNaN(number) && value !== "NaN"))
    throw invalid(`Invalid value ${JSON.stringify(value)} for parameter '${name}' supplied: it must be a number.`);
  return number;
}

/** One page of a list: `page_token` is the index to go on from. */
export function pageOf<T>(all: readonly T[], fields: Fields, size: number): { items: T[]; next: string | undefined } {
  const token = optional(fields, "page_token");
  const from = token ? Number(Buffer.from(token, "base64url").toString()) : 0;
  if (!Number.isInteger(from) || from < 0) throw invalid(`Invalid page token '${token}'.`);
  const items = all.slice(from, from + size);
  return { items, next: from + size < all.length ? Buffer.from(String(from + size)).toString("base64url") : undefined };
}
