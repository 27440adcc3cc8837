// An event as Event Grid keeps and delivers it, in its own schema and in that of CloudEvents 1.0.
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { ArmError } from "../core.ts";
import type { SandboxEvent } from "../core.ts";

/** Event Grid event schema: https://learn.microsoft.com/azure/event-grid/event-schema */
export interface GridEvent {
  readonly id: string;
  /** ARM id of the source; Event Grid fills it in. */
  readonly topic: string;
  readonly subject: string;
  readonly eventType: string;
  readonly eventTime: string;
  readonly data: unknown;
  readonly dataVersion: string;
  readonly metadataVersion: "1";
}

/** What a client may publish to a topic: the largest request, and the shape of each event. */
export const publishLimit = 1024 * 1024;

const published = z.looseObject({
  id: z.string().min(1),
  subject: z.string().min(1),
  eventType: z.string().min(1),
  eventTime: z.string().refine((text) => !Number.isNaN(Date.parse(text)), "must be a time in ISO 8601"),
  data: z.unknown().refine((data) => data !== undefined, "is missing"),
  dataVersion: z.string().nullish(),
  topic: z.string().nullish(),
});

export const gridEvent = (event: SandboxEvent): GridEvent => ({ ...event, dataVersion: "2", metadataVersion: "1" });

/** The body of a publish request. Throws ArmError 400 with one detail for each problem. */
export function readPublished(body: unknown, topicId: string): GridEvent[] {
  const refused = (message: string): ArmError =>
    new ArmError(400, "BadRequest", `This resource is configured to receive event in 'EventGridEvent' schema. ${message}`, {
      details: [{ code: "InputJsonInvalid", message }],
    });
  if (!Array.isArray(body)) throw refused("The JSON received does not conform to the expected schema: an array of events is needed.");
  return body.map((one: unknown, index) => {
    const result = published.safeParse(one);
    if (!result.success) {
      const { path, message } = result.error.issues[0]!;
      throw refused(`Event ${index}, '${path.join(".") || "event"}': ${message}.`);
    }
    const { id, subject, eventType, eventTime, data, dataVersion, topic } = result.data;
    if (topic && topic.toLowerCase() !== topicId.toLowerCase())
      throw refused(`Event ${index}, 'topic': must be left out, or be this topic's id.`);
    return { id, topic: topicId, subject, eventType, eventTime, data, dataVersion: dataVersion ?? "", metadataVersion: "1" };
  });
}

/** https://learn.microsoft.com/azure/event-grid/cloud-event-schema */
export const cloudEvent = ({ id, topic, subject, eventType, eventTime, data }: GridEvent): Record<string, unknown> => ({
  specversion: "1.0",
  id,
  source: topic,
  subject,
  type: eventType,
  time: eventTime,
  datacontenttype: "application/json",
  data,
});

/** What asks a webhook whether it wants events; the code comes back, or somebody opens the address. */
export const validationEvent = (topic: string, validationCode: string, validationUrl: string): GridEvent => ({
  id: randomUUID(),
  topic,
  subject: "",
  eventType: "Microsoft.EventGrid.SubscriptionValidationEvent",
  eventTime: new Date().toISOString(),
  data: { validationCode, validationUrl },
  dataVersion: "1",
  metadataVersion: "1",
});
