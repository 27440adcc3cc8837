// Proof that a webhook wants events, before it gets any: https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema
import { randomUUID } from "node:crypto";
import { ArmError } from "../core.ts";
import type { ArmResource, SandboxContext } from "../core.ts";
import { validationEvent } from "./event.ts";
import { bare, send } from "./outgoing.ts";
import type { OutgoingAnswer } from "./outgoing.ts";
import { answerWithin, handshakePatience } from "./schedule.ts";
import { propertiesOf, sourceOf } from "./subscription.ts";
import { timeout } from "./timeout.ts";

/** Code → what to do when somebody opens its address. A killed sandbox starts the handshake anew. */
const waiting = new Map<string, () => void>();

/** Somebody opened a validation URL. False when its code is not known (any more). */
export function validated(code: string): boolean {
  const open = waiting.get(code.toLowerCase());
  open?.();
  return open !== undefined;
}

const allowed = (answer: OutgoingAnswer): boolean => {
  const origin = answer.headers["webhook-allowed-origin"];
  return origin === "*" || origin?.toLowerCase() === "eventgrid.azure.net";
};

/**
 * Resolves when the webhook has shown that it wants events: by sending back the code at once, or by opening the address within five
 * minutes, during which the subscription is `AwaitingManualAction`. @throws ArmError `Url validation`
 */
export async function handshake(subscription: ArmResource, sandbox: SandboxContext, signal: AbortSignal): Promise<void> {
  const { destination, eventDeliverySchema } = propertiesOf(subscription);
  const { endpointUrl: url } = destination.properties;
  const code = randomUUID();
  const validationUrl = `${sandbox.urls.base}/eventgrid/validate?id=${code.toUpperCase()}&apiVersion=2025-02-15`;
  const opened = new Promise<"opened">((resolve) => waiting.set(code, () => resolve("opened")));
  try {
    const cloud = eventDeliverySchema === "CloudEventSchemaV1_0";
    let answer: OutgoingAnswer;
    try {
      answer = cloud
        ? await send(
            sandbox,
            {
              method: "OPTIONS",
              url,
              headers: {
                "webhook-request-origin": "eventgrid.azure.net",
                "webhook-request-callback": validationUrl,
                "webhook-request-rate": "120",
              },
            },
            timeout(sandbox, answerWithin),
            signal,
          )
        : await send(
            sandbox,
            {
              method: "POST",
              url,
              headers: {
                "content-type": "application/json; charset=utf-8",
                "aeg-event-type": "SubscriptionValidation",
                "aeg-subscription-name": subscription.name.toUpperCase(),
              },
              body: JSON.stringify([validationEvent(sourceOf(subscription, sandbox), code.toUpperCase(), validationUrl)]),
            },
            timeout(sandbox, answerWithin),
            signal,
          );
    } catch (error) {
      signal.throwIfAborted();
      throw refused(url, `the request got no answer (${(error as Error).message})`);
    }
    if (answer.status < 200 || answer.status > 204) throw refused(url, `the request was answered with status ${answer.status}`);
    if (cloud ? allowed(answer) : codeIn(answer.body)?.toLowerCase() === code) return;
    if (!cloud && codeIn(answer.body) !== undefined) throw refused(url, "the validationResponse is not the code that was sent");
    await manually(subscription, sandbox, url, opened, signal);
  } finally {
    waiting.delete(code);
  }
}

async function manually(
  subscription: ArmResource,
  sandbox: SandboxContext,
  url: string,
  opened: Promise<"opened">,
  signal: AbortSignal,
): Promise<void> {
  const kept = sandbox.resources.get(subscription.id);
  if (kept) sandbox.resources.put({ ...kept, properties: { ...kept.properties, provisioningState: "AwaitingManualAction" } });
  const late = AbortSignal.timeout(Math.max(1000, (handshakePatience * 1000) / sandbox.scale));
  const ended = new Promise<"late">((resolve, reject) => {
    late.addEventListener("abort", () => resolve("late"));
    signal.addEventListener("abort", () => reject(signal.reason as Error));
  });
  if ((await Promise.race([opened, ended])) === "late")
    throw refused(url, "no validationResponse came back, and nobody opened the validationUrl within 5 minutes");
}

function codeIn(body: string): string | undefined {
  try {
    const code = (JSON.parse(body) as { validationResponse?: unknown }).validationResponse;
    return typeof code === "string" ? code : undefined;
  } catch {
    return undefined;
  }
}

const refused = (url: string, why: string): ArmError =>
  new ArmError(
    400,
    "Url validation",
    `Webhook validation handshake failed for ${bare(url)}: ${why}. Send the event's data.validationCode back as {"validationResponse": "…"}, or open its data.validationUrl. For troubleshooting, visit https://aka.ms/esvalidation.`,
  );
