// The topic of the release train's own events: the command line publishes to it, stages subscribe to it.
import { ComponentResource } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Output } from "@pulumi/pulumi";
import { Topic } from "../azure.ts";
import type { TopicArgs } from "../azure.ts";
import { overridden } from "../override.ts";
import type { Override } from "../override.ts";
import { grant } from "../roles.ts";

export interface ReleaseTopicArgs {
  readonly resourceGroupName: Input<string>;
  readonly location: string;
  readonly subscriptionId: Input<string>;
  readonly tags: Readonly<Record<string, string>>;
  readonly topicName: Input<string>;
  /** Sets the role assignments' names apart. */
  readonly seed: string;
  /** Entra object ids of those who make and approve releases; "caller": whoever runs the first `up`. */
  readonly senders: readonly string[] | { readonly caller: Input<string> };
  readonly override?: { readonly topic?: Override<TopicArgs> };
}

/** Taken from Entra identities only. https://learn.microsoft.com/azure/event-grid/custom-topics */
export class ReleaseTopic extends ComponentResource {
  readonly topicId: Output<string>;
  readonly endpoint: Output<string>;
  readonly nodes: { readonly topic: Topic };

  constructor(name: string, args: ReleaseTopicArgs, opts?: ComponentResourceOptions) {
    super("mlops:release:ReleaseTopic", name, {}, opts);
    const { resourceGroupName, location, tags, topicName, subscriptionId, senders } = args;
    const topic = new Topic(
      `${name}-release-events`,
      overridden(
        {
          ...{ resourceGroupName, location, topicName, tags: { ...tags } },
          inputSchema: "EventGridSchema",
          disableLocalAuth: true,
          minimumTlsVersionAllowed: "1.2",
          publicNetworkAccess: "Enabled",
        },
        args.override?.topic,
      ),
      { parent: this },
    );
    const seed = { parent: this, seed: args.seed };
    const role = { role: "EventGrid Data Sender", scope: topic.id, subscriptionId } as const;
    if ("caller" in senders) {
      // The first one who ran `up` stays, as in the history of releases.
      grant(`${name}-events-sender`, { ...role, principalId: senders.caller }, { ...seed, ignoreChanges: ["principalId"] });
    } else {
      for (const id of new Set(senders)) grant(`${name}-events-sender-${id.slice(0, 8)}`, { ...role, principalId: id }, seed);
    }
    this.topicId = topic.id;
    this.endpoint = topic.endpoint;
    this.nodes = { topic };
    this.registerOutputs({ topicId: this.topicId, endpoint: this.endpoint });
  }
}
