// The workflow that starts the release pipeline for a newly registered model: one call for each event.
import type { Trigger } from "../../settings/notifications.ts";
import { hidden, patient, schema, triggerName } from "./definition.ts";
import { call, item, text, whole } from "./expression.ts";

/** `models/diabetes:10` of the subject: the same in every form of the event. */
const afterSlash = call("last", call("split", item("subject"), text("models/")));
const name = call("substring", afterSlash, 0, call("lastIndexOf", afterSlash, text(":")));
const version = call("last", call("split", afterSlash, text(":")));

/** What the pipeline gets to know. */
const payload = {
  label: whole(afterSlash),
  model: whole(name),
  version: whole(version),
  workspace: whole(item("topic")),
  event: whole(item("id")),
};

/**
 * GitHub: a `repository_dispatch` (https://docs.github.com/rest/repos/repos#create-a-repository-dispatch-event). Azure DevOps: its incoming
 * webhook (https://learn.microsoft.com/azure/devops/pipelines/yaml-schema/resources-webhooks-webhook).
 */
function request(trigger: Trigger): Readonly<Record<string, unknown>> {
  if (trigger.kind === "github") {
    return {
      uri: `https://api.github.com/repos/${trigger.repository}/dispatches`,
      headers: {
        Accept: "application/vnd.github+json",
        Authorization: "Bearer @{parameters('token')}",
        "User-Agent": "azure-mlops",
        "X-GitHub-Api-Version": "2022-11-28",
      },
      body: { event_type: "model-registered", client_payload: payload },
    };
  }
  const { organization, webhook } = trigger;
  return {
    uri: `https://dev.azure.com/${organization}/_apis/public/distributedtask/webhooks/${webhook}?api-version=6.0-preview`,
    headers: { "Content-Type": "application/json" },
    body: payload,
  };
}

export function triggerDefinition(trigger: Trigger): Readonly<Record<string, unknown>> {
  return {
    $schema: schema,
    contentVersion: "1.0.0.0",
    parameters: trigger.kind === "github" ? { token: { type: "SecureString" } } : {},
    triggers: { [triggerName]: { type: "Request", kind: "Http", inputs: { schema: {} } } },
    actions: {
      Each: {
        type: "Foreach",
        foreach: whole("triggerBody()"),
        actions: {
          Start: {
            type: "Http",
            inputs: { method: "POST", ...request(trigger), retryPolicy: patient },
            runtimeConfiguration: hidden,
          },
        },
      },
    },
    outputs: {},
  };
}
