// One HTTP exchange: JSON there, JSON back, and an error that says where when no answer comes.
import { createHttpHeaders, createPipelineRequest, RestError } from "@azure/core-rest-pipeline";
import type { HttpClient, Pipeline, PipelineResponse } from "@azure/core-rest-pipeline";
import { AzureError } from "./errors.ts";
import type { Answer } from "./operations.ts";

export type Method = "GET" | "PUT" | "PATCH" | "POST" | "DELETE" | "HEAD";

/** The other side went away while a request was sent or an answer read (`PARSE_ERROR`: its body broke off); no DNS just now. */
const brokenBy = new Set(["EPIPE", "PARSE_ERROR", "EAI_AGAIN", "ERR_STREAM_PREMATURE_CLOSE"]);

/** Ends an attempt after two minutes, so that it is tried again. (The client's own timer outlives a failed connection and keeps Node up.) */
export function impatient(http: HttpClient): HttpClient {
  return {
    async sendRequest(request) {
      const timeout = AbortSignal.timeout(120_000);
      const asked = request.abortSignal;
      request.abortSignal = asked ? AbortSignal.any([asked as AbortSignal, timeout]) : timeout;
      try {
        return await http.sendRequest(request);
      } catch (error) {
        if (timeout.aborted) throw new RestError("no answer within 120 s", { code: "ETIMEDOUT", request });
        // Broken connections by other names, which the client's retries do not know: they are tried again as well.
        if (error instanceof RestError && brokenBy.has(error.code ?? ""))
          throw new RestError(error.message, { code: "ECONNRESET", request });
        throw error;
      } finally {
        request.abortSignal = asked;
      }
    },
  };
}

/** Sends a request through the pipeline's retries. Any status is an answer. @throws AzureError (status 0) without one */
export async function send(
  pipeline: Pipeline,
  http: HttpClient,
  method: Method,
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<Answer> {
  const request = createPipelineRequest({
    url,
    method,
    headers: createHttpHeaders({ ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers }),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { abortSignal: signal } : {}),
    // A token may cross this machine's loopback without TLS, and nothing else.
    allowInsecureConnection: new URL(url).hostname === "127.0.0.1",
  });
  let response: PipelineResponse;
  try {
    response = await pipeline.sendRequest(http, request);
  } catch (error) {
    if (!(error instanceof RestError) || signal?.aborted) throw error;
    throw new AzureError(`no answer from ${new URL(url).origin}: ${error.message}`, {
      method,
      url,
      status: error.statusCode ?? 0,
      code: error.code ?? "NoAnswer",
    });
  }
  return { method, url, status: response.status, headers: response.headers.toJSON(), body: parsed(response.bodyAsText) };
}

/** JSON as a value, anything else as text, nothing as undefined. */
function parsed(text: string | null | undefined): unknown {
  if (!text) return undefined;
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch {
    return text;
  }
}
