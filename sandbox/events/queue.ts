// Deliveries that are owed, one row for each event and subscription, in SQLite from before the publisher has its answer.
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { resourceKey } from "../state/resources.ts";
import { transaction } from "../state/database.ts";
import type { GridEvent } from "./event.ts";

export interface Delivery {
  readonly number: number;
  /** Key (id in lower case) of the subscription. */
  readonly subscription: string;
  readonly event: GridEvent;
  /** Milliseconds since 1970, as all times here. */
  readonly published: number;
  readonly attempts: number;
  readonly due: number;
  readonly lastAttempt: number | undefined;
  readonly outcome: string | undefined;
  /** Set once no attempt is made any more: why it goes to the dead letters. */
  readonly deadReason: string | undefined;
}

export type DeliveryChange = Partial<Pick<Delivery, "attempts" | "due" | "lastAttempt" | "outcome" | "deadReason">>;

const columns: Readonly<Record<keyof DeliveryChange, string>> = {
  attempts: "attempts",
  due: "due",
  lastAttempt: "last_attempt",
  outcome: "outcome",
  deadReason: "dead_reason",
};

export class DeliveryQueue {
  readonly #db: DatabaseSync;
  readonly #add;
  readonly #due;
  readonly #next;

  constructor(db: DatabaseSync) {
    db.exec(`
      CREATE TABLE IF NOT EXISTS event_deliveries (
        number INTEGER PRIMARY KEY AUTOINCREMENT, subscription TEXT NOT NULL, event TEXT NOT NULL, published INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL, last_attempt INTEGER, outcome TEXT, dead_reason TEXT
      );
      CREATE INDEX IF NOT EXISTS event_deliveries_by_due ON event_deliveries (due);
    `);
    this.#db = db;
    this.#add = db.prepare("INSERT INTO event_deliveries (subscription, event, published, due) VALUES (?, ?, ?, ?)");
    this.#due = db.prepare("SELECT * FROM event_deliveries WHERE due <= ? ORDER BY due, number LIMIT ?");
    this.#next = db.prepare("SELECT min(due) AS due FROM event_deliveries WHERE due > ?");
  }

  add(subscriptions: readonly string[], event: GridEvent, now = Date.now()): void {
    const text = JSON.stringify(event);
    transaction(this.#db, () => {
      for (const id of subscriptions) this.#add.run(resourceKey(id), text, now, now);
    });
  }

  due(now: number, limit: number): Delivery[] {
    return this.#due.all(now, limit).map(toDelivery);
  }

  /** When the next one after `now` is due. */
  nextDue(now: number): number | undefined {
    return (this.#next.get(now) as { due: number | null }).due ?? undefined;
  }

  change(number: number, change: DeliveryChange): void {
    const entries = Object.entries(change) as [keyof DeliveryChange, string | number | undefined][];
    this.#db
      .prepare(`UPDATE event_deliveries SET ${entries.map(([key]) => `${columns[key]} = ?`).join(", ")} WHERE number = ?`)
      .run(...entries.map(([, value]) => value ?? null), number);
  }

  remove(number: number): void {
    this.#db.prepare("DELETE FROM event_deliveries WHERE number = ?").run(number);
  }
}

function toDelivery(row: Record<string, SQLOutputValue>): Delivery {
  const text = (name: string): string | undefined => (row[name] === null ? undefined : String(row[name]));
  return {
    number: Number(row["number"]),
    subscription: String(row["subscription"]),
    event: JSON.parse(String(row["event"])) as GridEvent,
    published: Number(row["published"]),
    attempts: Number(row["attempts"]),
    due: Number(row["due"]),
    lastAttempt: row["last_attempt"] === null ? undefined : Number(row["last_attempt"]),
    outcome: text("outcome"),
    deadReason: text("dead_reason"),
  };
}
