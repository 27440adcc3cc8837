// Experiments and runs as they are kept: found by workspace and id, changed field by field.
import { randomUUID } from "node:crypto";
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from "node:sqlite";
import type { Experiment, Run } from "./run.ts";
import { makeTables } from "./tables.ts";

/** What a new run needs; the rest has defaults. */
export type NewRun = Pick<Run, "workspace" | "id" | "experiment" | "kind" | "status" | "principal"> &
  Partial<Omit<Run, "number" | "revision">>;

export type RunChange = Partial<Omit<Run, "workspace" | "id" | "number" | "revision" | "experiment">>;

type Row = Record<string, SQLOutputValue>;

const columns: Readonly<Record<keyof RunChange, string>> = {
  parent: "parent",
  root: "root",
  kind: "kind",
  node: "node",
  status: "status",
  displayName: "display_name",
  description: "description",
  created: "created",
  started: "started",
  ended: "ended",
  hidden: "hidden",
  deleted: "deleted",
  principal: "principal",
  compute: "compute",
  error: "error",
  properties: "properties",
  inputs: "inputs",
  outputs: "outputs",
  spec: "spec",
  datasets: "datasets",
  models: "models",
};
const json = new Set<string>(["error", "properties", "inputs", "outputs", "spec", "datasets", "models"]);

export class RunStore {
  readonly #db: DatabaseSync;
  readonly #get;
  readonly #children;

  constructor(db: DatabaseSync) {
    makeTables(db);
    this.#db = db;
    this.#get = db.prepare("SELECT * FROM runs WHERE workspace = ? AND id = ?");
    this.#children = db.prepare("SELECT * FROM runs WHERE workspace = ? AND parent = ? ORDER BY number");
  }

  get(workspace: string, id: string): Run | undefined {
    const row = this.#get.get(workspace.toLowerCase(), id);
    return row && toRun(row);
  }

  children(workspace: string, parent: string): Run[] {
    return this.#children.all(workspace.toLowerCase(), parent).map(toRun);
  }

  /** Runs of some experiments (all without), newest first. */
  list(workspace: string, experiments?: readonly string[]): Run[] {
    const where = experiments ? `AND experiment IN (${experiments.map(() => "?").join(",")})` : "";
    return this.#db
      .prepare(`SELECT * FROM runs WHERE workspace = ? ${where} ORDER BY number DESC`)
      .all(workspace.toLowerCase(), ...(experiments ?? []))
      .map(toRun);
  }

  /** Jobs that a killed sandbox left unfinished, over all workspaces: those without a parent that the runner owns. */
  unfinished(): Run[] {
    return this.#db
      .prepare(
        "SELECT * FROM runs WHERE parent IS NULL AND kind IN ('command','pipeline','sweep','automl') AND status NOT IN ('Completed','Failed','Canceled') ORDER BY number",
      )
      .all()
      .map(toRun);
  }

  create(run: NewRun): Run {
    const workspace = run.workspace.toLowerCase();
    const values: Record<string, SQLInputValue> = { workspace, id: run.id, experiment: run.experiment };
    const full = { created: Date.now(), displayName: run.id, root: run.id, ...run };
    for (const [key, column] of Object.entries(columns)) {
      const value = full[key as keyof RunChange];
      if (value !== undefined) values[column] = toColumn(column, value);
    }
    const names = Object.keys(values);
    this.#db.prepare(`INSERT INTO runs (${names.join(",")}) VALUES (${names.map(() => "?").join(",")})`).run(...Object.values(values));
    return this.get(workspace, run.id)!;
  }

  update(workspace: string, id: string, change: RunChange): Run {
    const names = Object.keys(change).map((key) => columns[key as keyof RunChange]);
    const values = Object.entries(change).map(([key, value]) => toColumn(columns[key as keyof RunChange], value));
    this.#db
      .prepare(
        `UPDATE runs SET ${[...names.map((name) => `${name} = ?`), "revision = revision + 1"].join(", ")} WHERE workspace = ? AND id = ?`,
      )
      .run(...values, workspace.toLowerCase(), id);
    return this.get(workspace, id)!;
  }

  /** Takes the run and its children away for good, with what was logged to them. */
  erase(workspace: string, id: string): void {
    const key = workspace.toLowerCase();
    for (const child of this.children(key, id)) this.erase(key, child.id);
    for (const table of ["run_params", "run_tags", "run_metrics"])
      this.#db.prepare(`DELETE FROM ${table} WHERE workspace = ? AND run = ?`).run(key, id);
    this.#db.prepare("DELETE FROM runs WHERE workspace = ? AND id = ?").run(key, id);
  }

  /** The experiment of that name, made if there is none. */
  experiment(workspace: string, name: string): Experiment {
    const key = workspace.toLowerCase();
    const now = Date.now();
    this.#db
      .prepare("INSERT OR IGNORE INTO run_experiments (id, workspace, name, created, updated) VALUES (?,?,?,?,?)")
      .run(randomUUID(), key, name, now, now);
    return this.experimentNamed(key, name)!;
  }

  experimentNamed(workspace: string, name: string): Experiment | undefined {
    const row = this.#db.prepare("SELECT * FROM run_experiments WHERE workspace = ? AND name = ?").get(workspace.toLowerCase(), name);
    return row && toExperiment(row);
  }

  experimentById(workspace: string, id: string): Experiment | undefined {
    const row = this.#db.prepare("SELECT * FROM run_experiments WHERE workspace = ? AND id = ?").get(workspace.toLowerCase(), id);
    return row && toExperiment(row);
  }

  experiments(workspace: string): Experiment[] {
    return this.#db
      .prepare("SELECT * FROM run_experiments WHERE workspace = ? ORDER BY created DESC, name")
      .all(workspace.toLowerCase())
      .map(toExperiment);
  }

  updateExperiment(id: string, change: Partial<Pick<Experiment, "name" | "deleted" | "tags">>): void {
    if (change.name !== undefined) this.#db.prepare("UPDATE run_experiments SET name = ? WHERE id = ?").run(change.name, id);
    if (change.deleted !== undefined)
      this.#db.prepare("UPDATE run_experiments SET deleted = ? WHERE id = ?").run(Number(change.deleted), id);
    if (change.tags !== undefined)
      this.#db.prepare("UPDATE run_experiments SET tags = ? WHERE id = ?").run(JSON.stringify(change.tags), id);
    this.#db.prepare("UPDATE run_experiments SET updated = ? WHERE id = ?").run(Date.now(), id);
  }
}

function toColumn(column: string, value: unknown): SQLInputValue {
  if (value === undefined || value === null) return null;
  if (json.has(column)) return JSON.stringify(value);
  if (typeof value === "boolean") return Number(value);
  return value as SQLInputValue;
}

function toRun(row: Row): Run {
  const text = (name: string) => (row[name] === null ? undefined : String(row[name]));
  const number = (name: string) => (row[name] === null ? undefined : Number(row[name]));
  const parsed = (name: string) => (row[name] === null ? undefined : (JSON.parse(String(row[name])) as unknown));
  return {
    workspace: text("workspace")!,
    id: text("id")!,
    experiment: text("experiment")!,
    parent: text("parent"),
    root: text("root")!,
    kind: text("kind") as Run["kind"],
    node: text("node"),
    status: text("status") as Run["status"],
    displayName: text("display_name")!,
    description: text("description"),
    created: number("created")!,
    started: number("started"),
    ended: number("ended"),
    hidden: number("hidden") === 1,
    deleted: number("deleted") === 1,
    principal: text("principal")!,
    compute: text("compute"),
    error: parsed("error") as Run["error"],
    properties: parsed("properties") as Run["properties"],
    inputs: parsed("inputs") as Run["inputs"],
    outputs: parsed("outputs") as Run["outputs"],
    spec: parsed("spec"),
    datasets: parsed("datasets") as unknown[],
    models: parsed("models") as unknown[],
    number: number("number")!,
    revision: number("revision")!,
  };
}

function toExperiment(row: Row): Experiment {
  return {
    id: String(row["id"]),
    workspace: String(row["workspace"]),
    name: String(row["name"]),
    created: Number(row["created"]),
    updated: Number(row["updated"]),
    deleted: Number(row["deleted"]) === 1,
    tags: JSON.parse(String(row["tags"])) as Record<string, string>,
  };
}

const stores = new WeakMap<DatabaseSync, RunStore>();

/** The runs of a sandbox; one store a database. */
export function runsOf(sandbox: { readonly db: DatabaseSync }): RunStore {
  let store = stores.get(sandbox.db);
  if (!store) stores.set(sandbox.db, (store = new RunStore(sandbox.db)));
  return store;
}
