// The connector of Azure Communication Services for mail (`acsemail`), as far as it sends: the mail lands in the outbox.
// https://learn.microsoft.com/connectors/acsemail
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { ArmResource } from "../core.ts";
import { sendMail } from "../mail/outbox.ts";
import type { Caller, RequestOutputs } from "./request.ts";

const address = z.looseObject({ address: z.email() });
const mail = z.looseObject({
  senderAddress: z.email(),
  recipients: z.looseObject({
    to: z.array(address).min(1),
    cc: z.array(address).optional(),
    bcc: z.array(address).optional(),
  }),
  content: z.looseObject({ subject: z.string().min(1), html: z.string().optional(), plainText: z.string().optional() }),
});

const answer = (statusCode: number, body: unknown): RequestOutputs => ({
  statusCode,
  headers: { "content-type": "application/json" },
  body,
});
const refused = (statusCode: number, code: string, message: string): RequestOutputs => answer(statusCode, { error: { code, message } });

export function mailRequest(connection: ArmResource, inputs: Readonly<Record<string, unknown>>, caller: Caller): RequestOutputs {
  const { method, path, queries, body } = inputs;
  const version = (queries as { "api-version"?: unknown } | undefined)?.["api-version"];
  if (String(method).toLowerCase() !== "post" || path !== "/emails:sendGAVersion" || version !== "2023-03-31")
    return refused(404, "NotFound", "Resource not found");
  const { api_key: key } = (connection.properties["parameterValues"] ?? {}) as { api_key?: string };
  if (!/^endpoint=https:\/\/[^;]+;accesskey=.+$/i.test(key ?? ""))
    return refused(401, "Unauthorized", "The connection string of the API connection is not one of a Communication Services resource.");
  const result = mail.safeParse(body);
  if (!result.success) {
    const { path: place, message } = result.error.issues[0]!;
    return refused(400, "InvalidArgument", `${place.join(".")}: ${message}`);
  }
  const { recipients, content } = result.data;
  sendMail(caller.sandbox, {
    from: `workflow ${caller.workflow}`,
    to: [...recipients.to, ...(recipients.cc ?? []), ...(recipients.bcc ?? [])].map((one) => one.address),
    subject: content.subject,
    body: content.html ?? content.plainText ?? "",
  });
  return answer(202, { id: randomUUID(), status: "Running", error: null });
}
