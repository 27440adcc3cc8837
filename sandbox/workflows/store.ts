// Runs of workflows and their actions, as they are kept: for the run history, and to go on after a kill.
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { resourceKey } from "../state/resources.ts";
import type { Status } from "./definition.ts";

export type RunState = "Running" | "Waiting" | "Succeeded" | "Failed" | "Cancelled" | "Skipped";

export interface WorkflowRun {
  readonly id: string;
  /** Key (id in lower case) of the workflow. */
  readonly workflow: string;
  readonly status: RunState;
  /** ISO 8601. */
  readonly startTime: string;
  readonly endTime: string | undefined;
  /** `{headers, body}` of the request that started it. */
  readonly trigger: unknown;
  readonly error: { readonly code: string; readonly message: string } | undefined;
}

export interface ActionResult {
  readonly name: string;
  readonly status: Status | "Running" | "Cancelled";
  readonly startTime: string;
  readonly endTime?: string;
  readonly inputs?: unknown;
  readonly outputs?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
  /** Parts that the definition wants hidden: `inputs`, `outputs`. */
  readonly secure: readonly string[];
}

export class RunStore {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    db.exec(`
      CREATE TABLE IF NOT EXISTS workflow_runs (
        number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, workflow TEXT NOT NULL, status TEXT NOT NULL, started TEXT NOT NULL,
        ended TEXT, trigger TEXT NOT NULL, error TEXT
      );
      CREATE INDEX IF NOT EXISTS workflow_runs_by_workflow ON workflow_runs (workflow, number);
      CREATE INDEX IF NOT EXISTS workflow_runs_by_status ON workflow_runs (status);
      CREATE TABLE IF NOT EXISTS workflow_actions (
        run TEXT NOT NULL, place TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (run, place)
      );
    `);
  }

  add(run: Pick<WorkflowRun, "id" | "workflow" | "status" | "trigger">): WorkflowRun {
    this.#db
      .prepare("INSERT INTO workflow_runs (id, workflow, status, started, trigger) VALUES (?, ?, ?, ?, ?)")
      .run(run.id, resourceKey(run.workflow), run.status, new Date().toISOString(), JSON.stringify(run.trigger));
    return this.get(run.workflow, run.id)!;
  }

  setStatus(id: string, status: RunState, error?: WorkflowRun["error"]): void {
    const ended = status === "Running" || status === "Waiting" ? null : new Date().toISOString();
    this.#db
      .prepare("UPDATE workflow_runs SET status = ?, ended = ?, error = ? WHERE id = ?")
      .run(status, ended, error ? JSON.stringify(error) : null, id);
  }

  get(workflow: string, id: string): WorkflowRun | undefined {
    const row = this.#db.prepare("SELECT * FROM workflow_runs WHERE workflow = ? AND id = ?").get(resourceKey(workflow), id);
    return row && toRun(row);
  }

  /** Newest first. */
  list(workflow: string): WorkflowRun[] {
    return this.#db.prepare("SELECT * FROM workflow_runs WHERE workflow = ? ORDER BY number DESC").all(resourceKey(workflow)).map(toRun);
  }

  /** Oldest first: what has not ended. */
  unfinished(workflow?: string): WorkflowRun[] {
    const rows = this.#db.prepare("SELECT * FROM workflow_runs WHERE status IN ('Running', 'Waiting') ORDER BY number").all();
    return rows.map(toRun).filter((run) => workflow === undefined || run.workflow === resourceKey(workflow));
  }

  saveAction(run: string, place: string, result: ActionResult): void {
    this.#db
      .prepare(
        "INSERT INTO workflow_actions (run, place, json) VALUES (?, ?, ?) ON CONFLICT (run, place) DO UPDATE SET json = excluded.json",
      )
      .run(run, place, JSON.stringify(result));
  }

  /** By place: the action's name, with the items' numbers of the loops around it. */
  actions(run: string): Map<string, ActionResult> {
    const rows = this.#db.prepare("SELECT place, json FROM workflow_actions WHERE run = ?").all(run) as { place: string; json: string }[];
    return new Map(rows.map(({ place, json }) => [place, JSON.parse(json) as ActionResult]));
  }

  forget(workflow: string): void {
    const key = resourceKey(workflow);
    this.#db.prepare("DELETE FROM workflow_actions WHERE run IN (SELECT id FROM workflow_runs WHERE workflow = ?)").run(key);
    this.#db.prepare("DELETE FROM workflow_runs WHERE workflow = ?").run(key);
  }
}

function toRun(row: Record<string, SQLOutputValue>): WorkflowRun {
  const error = row["error"];
  return {
    id: String(row["id"]),
    workflow: String(row["workflow"]),
    status: String(row["status"]) as RunState,
    startTime: String(row["started"]),
    endTime: row["ended"] === null ? undefined : String(row["ended"]),
    trigger: JSON.parse(String(row["trigger"])) as unknown,
    error: typeof error === "string" ? (JSON.parse(error) as WorkflowRun["error"]) : undefined,
  };
}

const stores = new WeakMap<DatabaseSync, RunStore>();

/** The runs of a sandbox; one store a database. */
export function workflowRuns(sandbox: { readonly db: DatabaseSync }): RunStore {
  let store = stores.get(sandbox.db);
  if (!store) stores.set(sandbox.db, (store = new RunStore(sandbox.db)));
  return store;
}
