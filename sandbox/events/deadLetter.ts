// Events that could not be delivered, written to the blob container that the subscription names.
import { randomUUID } from "node:crypto";
import type { ArmResource, SandboxContext } from "../core.ts";
import { nameOf, parentId } from "../arm/ids.ts";
import { containersIn } from "../blob/containers.ts";
import type { Delivery } from "./queue.ts";
import { cloudEvent } from "./event.ts";
import { propertiesOf } from "./subscription.ts";

export interface DeadLetterPlace {
  readonly accountId: string;
  readonly account: string;
  readonly container: string;
}

/** Where a subscription's dead letters go; undefined when it has no such place. */
export function deadLetterPlace(subscription: ArmResource): DeadLetterPlace | undefined {
  const { deadLetterDestination, deadLetterWithResourceIdentity } = propertiesOf(subscription);
  const place = (deadLetterDestination ?? deadLetterWithResourceIdentity?.deadLetterDestination)?.properties;
  return place && { accountId: place.resourceId, account: nameOf(place.resourceId), container: place.blobContainerName };
}

/** Writes one event with the reason. @throws Error when the container is not there */
export async function writeDeadLetter(
  sandbox: SandboxContext,
  subscription: ArmResource,
  place: DeadLetterPlace,
  delivery: Delivery,
): Promise<void> {
  if (
    !containersIn(sandbox)
      .owners(place.container)
      .some((owner) => owner.toLowerCase() === place.account.toLowerCase())
  )
    throw new Error(`container ${place.account}/${place.container} is not there`);
  const container = await sandbox.container(place.account, place.container);
  const now = new Date();
  const hour = [now.getUTCFullYear(), now.getUTCMonth() + 1, now.getUTCDate(), now.getUTCHours()].join("/");
  const topic = nameOf(parentId(subscription.id));
  const path = `${topic}/${subscription.name.toUpperCase()}/${hour}/${randomUUID()}.json`;
  const time = (at: number | undefined): string | undefined => (at === undefined ? undefined : new Date(at).toISOString());
  const why = {
    deadLetterReason: delivery.deadReason,
    deliveryAttempts: delivery.attempts,
    lastDeliveryOutcome: delivery.outcome,
    publishTime: time(delivery.published),
    lastDeliveryAttemptTime: time(delivery.lastAttempt),
  };
  const cloud = propertiesOf(subscription).eventDeliverySchema === "CloudEventSchemaV1_0";
  const event = cloud
    ? { ...cloudEvent(delivery.event), ...Object.fromEntries(Object.entries(why).map(([key, value]) => [key.toLowerCase(), value])) }
    : { ...delivery.event, ...why };
  const text = JSON.stringify([event]);
  await container
    .getBlockBlobClient(path)
    .upload(text, Buffer.byteLength(text), { blobHTTPHeaders: { blobContentType: "application/json" } });
}
