// The workflow of a channel: takes events from Event Grid, makes one message of all that came together, sends it, and is quiet for a while.
import type { Channel } from "../../settings/notifications.ts";
import { after, call, concat, html, text, whole } from "./expression.ts";
import { details, endpoint, link, title } from "./messages.ts";

export const triggerName = "events";

/** What the workflow of the pipeline's trigger and those of the channels have in common. */
export const schema = "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#";

/** Over an hour of attempts: 10 s, 20 s, … then every ten minutes. */
export const patient = { type: "exponential", count: 12, interval: "PT10S", minimumInterval: "PT10S", maximumInterval: "PT10M" };

/** Neither the address nor what is sent stands in the run history. */
export const hidden = { secureData: { properties: ["inputs"] } };

const joined = (by: string): string => call("join", "body('Messages')", text(by));
/** The title of the only event, or how many there are. */
const subject = (): string =>
  call(
    "if",
    call("equals", call("length", "triggerBody()"), 1),
    "first(body('Titles'))",
    concat(call("string", call("length", "triggerBody()")), text(" notices: "), "first(body('Titles'))", text(", …")),
  );

type Json = Readonly<Record<string, unknown>>;

const post = (body: unknown): Json => ({
  type: "Http",
  inputs: {
    method: "POST",
    uri: whole("parameters('url')"),
    headers: { "Content-Type": "application/json" },
    body,
    retryPolicy: patient,
  },
  runtimeConfiguration: hidden,
});

/** How one event reads, and what is sent of all of them. */
function form(channel: Channel): { readonly message: string; readonly send: Json } {
  const names = channel.on;
  const facts = (bold: readonly [string, string], linked: (url: string, label: string) => string): string =>
    concat(text(bold[0]), title(names), text(bold[1]), after("\n", details()), linked(link(), "run"), linked(endpoint(), "endpoint"));
  const named = (url: string, label: string): string => after(`\n${label}: `, url);
  switch (channel.kind) {
    case "mail": {
      const anchor = (url: string, label: string): string =>
        call("if", call("empty", url), text(""), concat(text('<p><a href="'), html(url), text(`">${label}</a></p>`)));
      return {
        message: concat(
          ...[text("<h3>"), html(title(names)), text("</h3><p>"), html(details()), text("</p>")],
          ...[anchor(link(), "run"), anchor(endpoint(), "endpoint")],
        ),
        send: {
          type: "ApiConnection",
          inputs: {
            host: { connection: { name: whole("parameters('$connections')['acsemail']['connectionId']") } },
            method: "post",
            path: "/emails:sendGAVersion",
            queries: { "api-version": "2023-03-31" },
            body: {
              senderAddress: channel.from,
              recipients: { to: channel.to.map((address) => ({ address })) },
              content: { subject: whole(subject()), html: whole(joined("")) },
            },
            retryPolicy: patient,
          },
        },
      };
    }
    case "teams":
      return {
        message: facts(["**", "**"], named),
        send: post({
          type: "message",
          attachments: [
            {
              contentType: "application/vnd.microsoft.card.adaptive",
              content: {
                $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
                type: "AdaptiveCard",
                version: "1.4",
                body: [{ type: "TextBlock", wrap: true, text: whole(joined("\n\n")) }],
              },
            },
          ],
        }),
      };
    case "slack":
      return { message: facts(["*", "*"], named), send: post({ text: whole(joined("\n")) }) };
    case "webhook":
      return {
        message: facts(["", ""], named),
        send: post({ title: whole(subject()), text: whole(joined("\n")), events: whole("triggerBody()") }),
      };
  }
}

const select = (expression: string): Json => ({ type: "Select", inputs: { from: whole("triggerBody()"), select: whole(expression) } });

/**
 * One run at a time, and it ends with a pause: what comes meanwhile is refused (429), kept by Event Grid, and arrives later in one batch.
 * So a storm of events becomes a message now and then.
 */
export function channelDefinition(channel: Channel): Json {
  const { message, send } = form(channel);
  return {
    $schema: schema,
    contentVersion: "1.0.0.0",
    parameters: channel.kind === "mail" ? { $connections: { type: "Object", defaultValue: {} } } : { url: { type: "SecureString" } },
    triggers: {
      [triggerName]: {
        type: "Request",
        kind: "Http",
        inputs: { schema: {} },
        runtimeConfiguration: { concurrency: { runs: 1, maximumWaitingRuns: 1 } },
      },
    },
    actions: {
      Titles: select(title(channel.on)),
      Messages: select(message),
      Send: { ...send, runAfter: { Titles: ["Succeeded"], Messages: ["Succeeded"] } },
      Quiet: {
        type: "Wait",
        inputs: { interval: { count: channel.quietSeconds, unit: "Second" } },
        runAfter: { Send: ["Succeeded", "Failed", "TimedOut"] },
      },
      // Without this the run of a message that nobody took would count as a success.
      Undelivered: {
        type: "Terminate",
        inputs: { runStatus: "Failed", runError: { code: "Undelivered", message: "Nobody took the message; see action Send." } },
        runAfter: { Send: ["Failed", "TimedOut"], Quiet: ["Succeeded"] },
      },
    },
    outputs: {},
  };
}
