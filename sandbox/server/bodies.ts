// Reading request bodies with a limit, and as JSON.
import type { Context } from "hono";
import JSON5 from "json5";
import { ArmError } from "../core.ts";

/** The body's text. Throws ArmError 413 as soon as more than `limit` bytes have come. */
export async function readText(c: Context, limit: number): Promise<string> {
  const length = Number(c.req.header("content-length") ?? Number.NaN);
  if (length > limit) throw tooLarge(limit);
  if (length >= 0) return await c.req.text();
  const stream = c.req.raw.body;
  if (!stream) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * The body as JSON; undefined when there is none. Throws ArmError 400. With `relaxed`, comments and names without quotes are read
 * too: `az deployment` sends templates as they stand in their files, in a body of that kind.
 */
export async function readJson(c: Context, limit: number, { relaxed = false } = {}): Promise<unknown> {
  const text = (await readText(c, limit)).replace(/^\uFEFF/, "");
  if (text.trim() === "") return undefined;
  try {
    return relaxed ? parseRelaxed(text) : JSON.parse(text);
  } catch (error) {
    throw new ArmError(
      400,
      "InvalidRequestContent",
      `The request content was invalid and could not be deserialized: '${(error as Error).message}'.`,
    );
  }
}

/** What no JSON of Azure's services comes near; rooms with smaller bodies say so themselves. */
const usualLimit = 16 * 1024 * 1024;

/** The body as a JSON object. Throws ArmError 400 for anything else. */
export async function readObject(c: Context, limit = usualLimit): Promise<Record<string, unknown>> {
  const body = await readJson(c, limit);
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  throw new ArmError(400, "InvalidRequestContent", "The request content must be a JSON object.");
}

/** A list in a JSON object. Throws ArmError 400 for anything else. */
export function listIn(body: Record<string, unknown>, name: string): unknown[] {
  const list = body[name];
  if (Array.isArray(list)) return list;
  throw new ArmError(400, "InvalidRequestContent", `The request content must have a list '${name}'.`, { target: name });
}

/** JSON is read by what is fast at it; only what is none goes the slow way. */
function parseRelaxed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return JSON5.parse(text);
  }
}

function tooLarge(limit: number): ArmError {
  return new ArmError(413, "RequestContentTooLarge", `The request content exceeds the limit of ${limit} bytes.`);
}
