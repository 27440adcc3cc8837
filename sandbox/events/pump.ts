// Delivers what is due: a few requests at a time for each subscription, again and again until they are taken or given up.
import type { ArmResource, SandboxContext } from "../core.ts";
import { cloudEvent } from "./event.ts";
import { deadLetterPlace, writeDeadLetter } from "./deadLetter.ts";
import { bare, send } from "./outgoing.ts";
import type { Delivery, DeliveryQueue } from "./queue.ts";
import { answerWithin, deadLetterDelay, deadLetterPatience, delivered, hopeless, outcomeOf, retryAfter } from "./schedule.ts";
import { propertiesOf } from "./subscription.ts";
import { timeout } from "./timeout.ts";

const atOnce = 8;
const readAhead = 500;

export class DeliveryPump {
  readonly #sandbox: SandboxContext;
  readonly #queue: DeliveryQueue;
  /** Numbers of the deliveries that are under way, by subscription. */
  readonly #busy = new Map<string, Set<number>>();
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running = false;

  constructor(sandbox: SandboxContext, queue: DeliveryQueue) {
    this.#sandbox = sandbox;
    this.#queue = queue;
  }

  /** From now on deliveries are made; what a killed process left is due. */
  start(): void {
    this.#running = true;
    this.wake();
  }

  stop(): void {
    this.#running = false;
    clearTimeout(this.#timer);
    this.#stopping.abort(new Error("the sandbox stops"));
  }

  /** Something may be due. */
  wake(): void {
    if (!this.#running) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), 0);
  }

  #look(): void {
    const now = Date.now();
    const batches = new Map<string, Delivery[]>();
    for (const delivery of this.#queue.due(now, readAhead)) {
      const busy = this.#busy.get(delivery.subscription);
      if (busy?.has(delivery.number)) continue;
      const owed = batches.get(delivery.subscription) ?? [];
      batches.set(delivery.subscription, [...owed, delivery]);
    }
    for (const [key, owed] of batches) this.#deliverTo(key, owed);
    const next = this.#queue.nextDue(now);
    if (next !== undefined) this.#timer = setTimeout(() => this.#look(), Math.min(next - now, 60_000)).unref();
  }

  #deliverTo(key: string, owed: readonly Delivery[]): void {
    const subscription = this.#sandbox.resources.get(key);
    if (!subscription) return owed.forEach(({ number }) => this.#queue.remove(number));
    const busy = this.#busy.get(key) ?? new Set<number>();
    this.#busy.set(key, busy);
    const size = propertiesOf(subscription).destination.properties.maxEventsPerBatch ?? 1;
    for (let at = 0; at < owed.length && busy.size < atOnce * size; at += size) {
      const batch = owed.slice(at, at + size);
      for (const { number } of batch) busy.add(number);
      void this.#attend(subscription, batch)
        .catch((error: Error) => this.#log(subscription, `failed: ${error.stack ?? error.message}`))
        .finally(() => {
          for (const { number } of batch) busy.delete(number);
          if (busy.size === 0) this.#busy.delete(key);
          this.wake();
        });
    }
  }

  async #attend(subscription: ArmResource, batch: readonly Delivery[]): Promise<void> {
    const { retryPolicy } = propertiesOf(subscription);
    const expired = ({ published }: Delivery): boolean =>
      Date.now() > published + (retryPolicy.eventTimeToLiveInMinutes * 60_000) / this.#sandbox.scale;
    const live: Delivery[] = [];
    for (const delivery of batch) {
      if (delivery.deadReason !== undefined) await this.#bury(subscription, delivery);
      else if (delivery.attempts > 0 && expired(delivery)) this.#giveUp(subscription, delivery, "TimeToLiveExceeded");
      else live.push(delivery);
    }
    if (live.length === 0) return;
    const status = await this.#post(subscription, live);
    if (this.#stopping.signal.aborted && status === undefined) return;
    for (const delivery of live) {
      if (delivered(status)) {
        this.#queue.remove(delivery.number);
        continue;
      }
      const attempts = delivery.attempts + 1;
      const tried = { attempts, lastAttempt: Date.now(), outcome: outcomeOf(status) };
      if (hopeless(status) || attempts >= retryPolicy.maxDeliveryAttempts)
        this.#giveUp(subscription, { ...delivery, ...tried }, "MaxDeliveryAttemptsExceeded");
      else this.#queue.change(delivery.number, { ...tried, due: this.#in(retryAfter(attempts, status)) });
    }
  }

  /** The answer's status; undefined when none came in time. */
  async #post(subscription: ArmResource, batch: readonly Delivery[]): Promise<number | undefined> {
    const { destination, eventDeliverySchema } = propertiesOf(subscription);
    const { endpointUrl: url, maxEventsPerBatch } = destination.properties;
    const cloud = eventDeliverySchema === "CloudEventSchemaV1_0";
    const batched = maxEventsPerBatch !== undefined && maxEventsPerBatch > 1;
    const events = batch.map(({ event }) => (cloud ? cloudEvent(event) : event));
    const type = cloud ? `application/cloudevents${batched ? "-batch" : ""}+json` : "application/json";
    const headers = {
      "content-type": `${type}; charset=utf-8`,
      "aeg-event-type": "Notification",
      "aeg-subscription-name": subscription.name.toUpperCase(),
      "aeg-delivery-count": String(batch[0]!.attempts),
      "aeg-data-version": batch[0]!.event.dataVersion,
      "aeg-metadata-version": "1",
    };
    try {
      const body = JSON.stringify(cloud && !batched ? events[0] : events);
      const request = { method: "POST", url, headers, body };
      const { status } = await send(this.#sandbox, request, timeout(this.#sandbox, answerWithin), this.#stopping.signal);
      if (!delivered(status)) this.#log(subscription, `${bare(url)} answered with status ${status}`);
      return status;
    } catch (error) {
      this.#log(subscription, `${bare(url)}: ${(error as Error).message}`);
      return undefined;
    }
  }

  #giveUp(subscription: ArmResource, delivery: Delivery, deadReason: string): void {
    if (deadLetterPlace(subscription)) {
      const { attempts, lastAttempt, outcome } = delivery;
      this.#queue.change(delivery.number, { attempts, lastAttempt, outcome, deadReason, due: this.#in(deadLetterDelay) });
      return;
    }
    this.#log(subscription, `event ${delivery.event.id} is dropped (${deadReason}, ${delivery.outcome}); it has no dead-letter place`);
    this.#queue.remove(delivery.number);
  }

  async #bury(subscription: ArmResource, delivery: Delivery): Promise<void> {
    const place = deadLetterPlace(subscription);
    try {
      if (place) await writeDeadLetter(this.#sandbox, subscription, place, delivery);
      this.#queue.remove(delivery.number);
    } catch (error) {
      const until = (delivery.lastAttempt ?? delivery.published) + (deadLetterPatience * 1000) / this.#sandbox.scale;
      this.#log(subscription, `dead letter of event ${delivery.event.id}: ${(error as Error).message}`);
      if (Date.now() > until) this.#queue.remove(delivery.number);
      else this.#queue.change(delivery.number, { due: this.#in(deadLetterDelay) });
    }
  }

  #in(seconds: number): number {
    return Date.now() + Math.ceil((seconds * 1000) / this.#sandbox.scale);
  }

  #log(subscription: ArmResource, message: string): void {
    this.#sandbox.log("events", `${subscription.name}: ${message}`);
  }
}
