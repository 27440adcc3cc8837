// Http and ApiConnection actions: requests with Logic Apps' retries. What would leave this machine goes to the outbox instead.
import { setTimeout as sleep } from "node:timers/promises";
import type { SandboxContext } from "../core.ts";
import { onThisMachine, send } from "../events/outgoing.ts";
import { timeout } from "../events/timeout.ts";
import { sendMail } from "../mail/outbox.ts";
import { mailRequest } from "./mail.ts";
import { secondsOf } from "./duration.ts";
import { EvaluationError, isObject } from "./expression/functions.ts";

export interface RequestOutputs {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** How one attempt ended when there was no answer. */
export class NoAnswer extends Error {}

export interface Caller {
  readonly sandbox: SandboxContext;
  /** Name of the workflow. */
  readonly workflow: string;
  readonly signal: AbortSignal;
  /** ISO 8601, of `limit.timeout`. */
  readonly limit: string | undefined;
}

/** `retryPolicy`; as in Logic Apps up to four more attempts without one. @throws EvaluationError */
export function pauses(policy: unknown): number[] {
  const given = (isObject(policy) ? policy : { type: "exponential", count: 4, interval: "PT7.5S" }) as {
    type?: string;
    count?: number;
    interval?: string;
    minimumInterval?: string;
    maximumInterval?: string;
  };
  const count = given.count ?? 4;
  const interval = secondsOf(given.interval ?? "PT7.5S");
  switch (given.type?.toLowerCase()) {
    case "none":
      return [];
    case "fixed":
      return Array.from({ length: count }, () => interval);
    case "exponential": {
      const [least, most] = [secondsOf(given.minimumInterval ?? "PT5S"), secondsOf(given.maximumInterval ?? "PT1H")];
      return Array.from({ length: count }, (_, attempt) => Math.min(most, Math.max(least, interval * 2 ** attempt)));
    }
    default:
      throw new EvaluationError(`the retry policy '${given.type}' is not none, fixed or exponential`);
  }
}

const again = (status: number): boolean => status === 408 || status === 429 || status >= 500;

/** The last answer after all attempts. @throws NoAnswer, EvaluationError */
async function patiently(caller: Caller, policy: unknown, attempt: () => Promise<RequestOutputs>): Promise<RequestOutputs> {
  const waits = pauses(policy);
  for (let tries = 0; ; tries++) {
    const last = tries >= waits.length;
    try {
      const answer = await attempt();
      if (last || !again(answer.statusCode)) return answer;
    } catch (error) {
      if (last || !(error instanceof NoAnswer)) throw error;
    }
    await sleep((waits[tries]! * 1000) / caller.sandbox.scale, undefined, { signal: caller.signal });
  }
}

type Inputs = Readonly<Record<string, unknown>>;

/** @throws NoAnswer, EvaluationError */
export async function httpRequest(inputs: Inputs, caller: Caller): Promise<RequestOutputs> {
  const { method, uri, headers, queries, body } = inputs;
  if (typeof uri !== "string" || !URL.canParse(uri) || !/^https?:$/.test(new URL(uri).protocol))
    throw new EvaluationError("the uri of an Http action must be an http(s) address");
  const url = new URL(uri);
  for (const [name, value] of Object.entries(isObject(queries) ? queries : {})) url.searchParams.set(name, String(value));
  const text = body === undefined || body === null ? undefined : typeof body === "string" ? body : JSON.stringify(body);
  const verb = String(method).toUpperCase();
  if (!onThisMachine(url.href)) {
    sendMail(caller.sandbox, { from: `workflow ${caller.workflow}`, to: [`${verb} ${url.host}`], subject: "", body: text ?? "" });
    return { statusCode: 202, headers: { "x-mlops-sandbox": "kept in the outbox, not sent" }, body: null };
  }
  if (url.protocol !== "https:") throw new EvaluationError("this machine's programs are called by https");
  const given = Object.fromEntries(
    Object.entries(isObject(headers) ? headers : {}).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
  const type: Record<string, string> =
    typeof body === "object" && body !== null ? { "content-type": "application/json; charset=utf-8" } : {};
  const within = timeout(caller.sandbox, caller.limit === undefined ? 120 : secondsOf(caller.limit));
  return await patiently(caller, inputs["retryPolicy"], async () => {
    try {
      const request = { method: verb, url: url.href, headers: { ...type, ...given }, ...(text === undefined ? {} : { body: text }) };
      const answer = await send(caller.sandbox, request, within, caller.signal);
      return { statusCode: answer.status, headers: answer.headers, body: parsed(answer.body, answer.headers["content-type"]) };
    } catch (error) {
      caller.signal.throwIfAborted();
      throw new NoAnswer(`${url.host}: ${(error as Error).message}`);
    }
  });
}

function parsed(text: string, type: string | undefined): unknown {
  if (!/json/i.test(type ?? "") || text === "") return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** @throws EvaluationError */
export async function connectionRequest(inputs: Inputs, caller: Caller): Promise<RequestOutputs> {
  const host = inputs["host"] as { connection?: { name?: unknown } } | undefined;
  const id = host?.connection?.name;
  const connection = typeof id === "string" ? caller.sandbox.resources.get(id) : undefined;
  if (!connection) throw new EvaluationError(`the API connection '${String(id)}' was not found`);
  return await patiently(caller, inputs["retryPolicy"], async () => await Promise.resolve(mailRequest(connection, inputs, caller)));
}
