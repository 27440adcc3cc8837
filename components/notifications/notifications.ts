// A stage's notifications: the workspace's events and the release train's, to a Logic App for each channel.
import { ComponentResource, interpolate, output, secret } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Output } from "@pulumi/pulumi";
import type { Channel, NoticeName, Trigger } from "../../settings/notifications.ts";
import { overridden } from "../override.ts";
import type { Override } from "../override.ts";
import {
  ApiConnection,
  EventSubscription,
  listWorkflowTriggerCallbackUrlOutput,
  SystemTopic,
  SystemTopicEventSubscription,
  Workflow,
} from "./azure.ts";
import type { SystemTopicArgs, WorkflowArgs } from "./azure.ts";
import { channelDefinition, triggerName } from "./definition.ts";
import { eventTypeOf, isWorkspaceNotice } from "./messages.ts";
import { triggerDefinition } from "./trigger.ts";

export interface NotificationsArgs {
  readonly resourceGroupName: Input<string>;
  readonly location: string;
  readonly subscriptionId: Input<string>;
  readonly tags: Readonly<Record<string, string>>;
  readonly workspaceId: Input<string>;
  readonly stage: string;
  readonly names: { readonly systemTopic: string; workflow(what: string): string; connection(what: string): string };
  /** Id of the shared stack's topic, on which the command line tells of releases. */
  readonly releaseTopicId: Input<string>;
  /** Plain data: it decides which resources exist. */
  readonly channels: Readonly<Record<string, Channel>>;
  readonly trigger?: Trigger | undefined;
  readonly override?: { readonly systemTopic?: Override<SystemTopicArgs>; readonly workflow?: Override<WorkflowArgs> };
}

/** So many events at most in one request to a workflow. */
const batch = 50;

/** https://learn.microsoft.com/azure/machine-learning/how-to-use-event-grid */
export class Notifications extends ComponentResource {
  readonly nodes: { readonly systemTopic: SystemTopic; readonly workflows: Readonly<Record<string, Workflow>> };
  readonly #name: string;
  readonly #args: NotificationsArgs;

  constructor(name: string, args: NotificationsArgs, opts?: ComponentResourceOptions) {
    super("mlops:operations:Notifications", name, {}, opts);
    this.#name = name;
    this.#args = args;
    const { resourceGroupName, location, tags, channels, trigger, stage, override = {} } = args;
    const systemTopic = new SystemTopic(
      `${name}-events`,
      overridden(
        {
          ...{ resourceGroupName, location, tags: { ...tags } },
          systemTopicName: args.names.systemTopic,
          source: args.workspaceId,
          topicType: "Microsoft.MachineLearningServices.Workspaces",
        },
        override.systemTopic,
      ),
      { parent: this },
    );
    const workflows: Record<string, Workflow> = {};
    for (const [what, channel] of Object.entries(channels)) {
      workflows[what] = this.#workflow(what, channelDefinition(channel), this.#parameters(what, channel));
      const url = this.#callback(workflows[what]);
      const own = channel.on.filter(isWorkspaceNotice);
      const release = channel.on.filter((notice) => !isWorkspaceNotice(notice));
      if (own.length > 0) this.#onWorkspace(what, systemTopic, url, own, batch);
      if (release.length > 0) {
        new EventSubscription(
          `${name}-${what}-releases`,
          {
            scope: args.releaseTopicId,
            eventSubscriptionName: `${stage}-${what}`,
            destination: webhook(url, batch),
            filter: { includedEventTypes: release.map(eventTypeOf), subjectBeginsWith: `stages/${stage}/` },
          },
          { parent: this },
        );
      }
    }
    if (trigger) {
      const token: Record<string, { value: Input<unknown> }> = trigger.kind === "github" ? { token: { value: secret(trigger.token) } } : {};
      workflows["trigger"] = this.#workflow("trigger", triggerDefinition(trigger), token);
      this.#onWorkspace("trigger", systemTopic, this.#callback(workflows["trigger"]), ["modelRegistered"], 1);
    }
    this.nodes = { systemTopic, workflows };
    this.registerOutputs({});
  }

  #workflow(what: string, definition: unknown, parameters: Record<string, { value: Input<unknown> }>): Workflow {
    const { resourceGroupName, location, tags, names, override } = this.#args;
    const given = { resourceGroupName, location, tags: { ...tags }, workflowName: names.workflow(what), definition, parameters };
    return new Workflow(`${this.#name}-${what}`, overridden(given, override?.workflow), { parent: this });
  }

  /** Values that hold a key reach Pulumi's state encrypted only, and Logic Apps shows them to nobody. */
  #parameters(what: string, channel: Channel): Record<string, { value: Input<unknown> }> {
    if (channel.kind !== "mail") return { url: { value: secret(channel.url) } };
    const { resourceGroupName, location, subscriptionId, tags, names } = this.#args;
    const api = interpolate`/subscriptions/${subscriptionId}/providers/Microsoft.Web/locations/${location}/managedApis/acsemail`;
    const connection = new ApiConnection(
      `${this.#name}-${what}-mail`,
      {
        ...{ resourceGroupName, location, tags: { ...tags } },
        connectionName: names.connection(what),
        properties: { displayName: `Mail of ${what}`, api: { id: api }, parameterValues: { api_key: secret(channel.connectionString) } },
      },
      { parent: this },
    );
    const acsemail = { connectionId: connection.id, connectionName: connection.name, id: api };
    return { $connections: { value: output({ acsemail }) } };
  }

  /** The address that starts the workflow; whoever has it may. */
  #callback(workflow: Workflow): Output<string> {
    const { resourceGroupName } = this.#args;
    const found = listWorkflowTriggerCallbackUrlOutput({ resourceGroupName, workflowName: workflow.name, triggerName }, { parent: this });
    return secret(found.value);
  }

  #onWorkspace(what: string, topic: SystemTopic, url: Output<string>, notices: readonly NoticeName[], events: number): void {
    new SystemTopicEventSubscription(
      `${this.#name}-${what}-workspace`,
      {
        resourceGroupName: this.#args.resourceGroupName,
        systemTopicName: topic.name,
        eventSubscriptionName: what.padEnd(3, "-"),
        destination: webhook(url, events),
        filter: { includedEventTypes: notices.map(eventTypeOf) },
      },
      { parent: this },
    );
  }
}

const webhook = (endpointUrl: Input<string>, maxEventsPerBatch: number) =>
  ({ endpointType: "WebHook", endpointUrl, maxEventsPerBatch, preferredBatchSizeInKilobytes: 64 }) as const;
