// Long operations: kept in SQLite from before the answer goes out, so that a killed sandbox takes them up again.
import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { ArmError } from "../core.ts";
import { resourceKey } from "../state/resources.ts";
import { errorBody } from "./errors.ts";

export type OperationStatus = "InProgress" | "Succeeded" | "Failed" | "Canceled";

export interface Operation {
  readonly id: string;
  readonly resourceId: string;
  readonly type: string;
  readonly kind: "put" | "delete" | "action";
  /** Action's name, body and caller, or what else is needed to start the work again after a restart. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly status: OperationStatus;
  readonly startTime: string;
  readonly endTime?: string;
  readonly error?: unknown;
  /** What Location answers when an action has ended. */
  readonly result?: unknown;
}

export type Work = (signal: AbortSignal, operation: Operation) => Promise<unknown>;

interface Running {
  readonly operation: Operation;
  readonly controller: AbortController;
  readonly done: Promise<void>;
}

/** Kept a day after their end, as ARM does. */
const keepMs = 86_400_000;

export class Operations {
  readonly #db: DatabaseSync;
  readonly #log: (message: string) => void;
  readonly #running = new Map<string, Running>();
  #stopped = false;

  constructor(db: DatabaseSync, log: (message: string) => void) {
    this.#db = db;
    this.#log = log;
    db.exec(`
      CREATE TABLE IF NOT EXISTS operations (id TEXT PRIMARY KEY, resource TEXT NOT NULL, status TEXT NOT NULL,
        ended INTEGER, json TEXT NOT NULL) WITHOUT ROWID;
      CREATE INDEX IF NOT EXISTS operations_by_status ON operations (status);
    `);
    db.prepare("DELETE FROM operations WHERE ended < ?").run(Date.now() - keepMs);
  }

  get(id: string): Operation | undefined {
    const row = this.#db.prepare("SELECT json FROM operations WHERE id = ?").get(id) as { json: string } | undefined;
    return row && (JSON.parse(row.json) as Operation);
  }

  /** The operation that is under way on a resource. */
  activeOn(resourceId: string): Operation | undefined {
    return this.#running.get(resourceKey(resourceId))?.operation;
  }

  /** What a killed process left unfinished. */
  unfinished(): Operation[] {
    const rows = this.#db.prepare("SELECT json FROM operations WHERE status = 'InProgress'").all() as { json: string }[];
    return rows.map((row) => JSON.parse(row.json) as Operation);
  }

  /** Keeps the operation and starts its work; `work` throws ArmError to end it Failed. */
  start(about: Pick<Operation, "resourceId" | "type" | "kind" | "input">, work: Work): Operation {
    const operation: Operation = { ...about, id: randomUUID(), status: "InProgress", startTime: new Date().toISOString() };
    this.#save(operation);
    this.resume(operation, work);
    return operation;
  }

  resume(operation: Operation, work: Work): void {
    const controller = new AbortController();
    const key = resourceKey(operation.resourceId);
    const done = Promise.resolve()
      .then(() => work(controller.signal, operation))
      .then(
        (result) => this.#end(operation, { status: "Succeeded", result }),
        (error: unknown) => {
          if (controller.signal.aborted) return this.#stopped ? undefined : this.#end(operation, { status: "Canceled" });
          if (!(error instanceof ArmError))
            this.#log(`operation ${operation.kind} on ${operation.resourceId}: ${String((error as Error)?.stack ?? error)}`);
          return this.#end(operation, { status: "Failed", error: errorBody(error) });
        },
      )
      .finally(() => {
        if (this.#running.get(key)?.operation.id === operation.id) this.#running.delete(key);
      });
    this.#running.set(key, { operation, controller, done });
  }

  /** Ends what is under way on a resource (and below it), because it is deleted. Resolves when it has ended. */
  async cancelBelow(resourceId: string): Promise<void> {
    const key = resourceKey(resourceId);
    const found = [...this.#running].filter(([at]) => at === key || at.startsWith(`${key}/`));
    for (const [, running] of found) running.controller.abort(new Error("The resource is being deleted."));
    await Promise.all(found.map(([, running]) => running.done));
  }

  async settled(id: string): Promise<Operation | undefined> {
    await [...this.#running.values()].find((running) => running.operation.id === id)?.done;
    return this.get(id);
  }

  /** Stops all work without an end of its own: the next start takes it up again. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { controller } of this.#running.values()) controller.abort(new Error("The sandbox stops."));
    await Promise.race([
      Promise.all([...this.#running.values()].map(({ done }) => done)),
      new Promise((resolve) => setTimeout(resolve, 1000)),
    ]);
  }

  #end(operation: Operation, end: { status: OperationStatus; error?: unknown; result?: unknown }): void {
    this.#save({ ...operation, ...end, endTime: new Date().toISOString() });
  }

  #save(operation: Operation): void {
    this.#db
      .prepare(
        `INSERT INTO operations (id, resource, status, ended, json) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET status = excluded.status, ended = excluded.ended, json = excluded.json`,
      )
      .run(
        operation.id,
        resourceKey(operation.resourceId),
        operation.status,
        operation.endTime ? Date.parse(operation.endTime) : null,
        JSON.stringify(operation),
      );
  }
}
