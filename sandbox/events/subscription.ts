// What Event Grid reads in a subscription's resource, and which subscriptions listen to a source.
import type { ArmResource, SandboxContext } from "../core.ts";
import { parentId, sameId } from "../arm/ids.ts";
import type { Filter } from "./filter.ts";

export const systemTopicType = "Microsoft.EventGrid/systemTopics";
export const topicType = "Microsoft.EventGrid/topics";
export const extensionSubscriptionType = "Microsoft.EventGrid/eventSubscriptions";
export const subscriptionTypes = [
  `${systemTopicType}/eventSubscriptions`,
  `${topicType}/eventSubscriptions`,
  extensionSubscriptionType,
] as const;

export interface SubscriptionProperties {
  readonly destination: {
    readonly endpointType: string;
    readonly properties: {
      readonly endpointUrl: string;
      readonly maxEventsPerBatch?: number;
    };
  };
  readonly filter?: Filter | null;
  readonly eventDeliverySchema: "EventGridSchema" | "CloudEventSchemaV1_0";
  readonly retryPolicy: { readonly maxDeliveryAttempts: number; readonly eventTimeToLiveInMinutes: number };
  readonly deadLetterDestination?: { readonly properties: { readonly resourceId: string; readonly blobContainerName: string } } | null;
  readonly deadLetterWithResourceIdentity?: { readonly deadLetterDestination: SubscriptionProperties["deadLetterDestination"] } | null;
  readonly expirationTimeUtc?: string | null;
  readonly provisioningState?: string;
}

export const propertiesOf = (subscription: ArmResource): SubscriptionProperties =>
  subscription.properties as unknown as SubscriptionProperties;

/** ARM id of what raises the events that the subscription gets. */
export function sourceOf(subscription: ArmResource, sandbox: Pick<SandboxContext, "resources">): string {
  const parent = parentId(subscription.id);
  const topic = sandbox.resources.get(parent);
  return topic?.type === systemTopicType ? String(topic.properties["source"]) : parent;
}

/** Those that have shown that they want events of this source. */
export function listenersOf(sandbox: SandboxContext, sourceId: string): ArmResource[] {
  const now = Date.now();
  return subscriptionTypes
    .flatMap((type) => sandbox.resources.all(type))
    .filter((one) => sameId(sourceOf(one, sandbox), sourceId))
    .filter((one) => {
      const { provisioningState, expirationTimeUtc } = propertiesOf(one);
      const live = provisioningState === "Succeeded" || provisioningState === "Updating";
      return live && !(expirationTimeUtc && Date.parse(expirationTimeUtc) < now);
    });
}
