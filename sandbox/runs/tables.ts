// The tables of experiments, runs, and what is logged to them. One row a metric point; a run is a job, a step, or what MLflow started.
import type { DatabaseSync } from "node:sqlite";

/** Creates what is missing. Durable: the database commits before a call returns. */
export function makeTables(db: DatabaseSync): void {
  db.exec(`
    CREATE TABLE IF NOT EXISTS run_experiments (
      id TEXT PRIMARY KEY, workspace TEXT NOT NULL, name TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
      deleted INTEGER NOT NULL DEFAULT 0, tags TEXT NOT NULL DEFAULT '{}', UNIQUE (workspace, name)
    );
    CREATE TABLE IF NOT EXISTS runs (
      number INTEGER PRIMARY KEY AUTOINCREMENT, workspace TEXT NOT NULL, id TEXT NOT NULL, experiment TEXT NOT NULL, parent TEXT, root TEXT NOT NULL,
      kind TEXT NOT NULL, node TEXT, status TEXT NOT NULL, display_name TEXT NOT NULL, description TEXT, created INTEGER NOT NULL, started INTEGER,
      ended INTEGER, hidden INTEGER NOT NULL DEFAULT 0, deleted INTEGER NOT NULL DEFAULT 0, principal TEXT NOT NULL, compute TEXT, error TEXT,
      properties TEXT NOT NULL DEFAULT '{}', inputs TEXT NOT NULL DEFAULT '{}', outputs TEXT NOT NULL DEFAULT '{}', spec TEXT,
      datasets TEXT NOT NULL DEFAULT '[]', models TEXT NOT NULL DEFAULT '[]', revision INTEGER NOT NULL DEFAULT 1, UNIQUE (workspace, id)
    );
    CREATE INDEX IF NOT EXISTS runs_by_parent ON runs (workspace, parent);
    CREATE INDEX IF NOT EXISTS runs_by_experiment ON runs (workspace, experiment);
    CREATE INDEX IF NOT EXISTS runs_by_status ON runs (status);
    CREATE TABLE IF NOT EXISTS run_params (
      workspace TEXT NOT NULL, run TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (workspace, run, key)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS run_tags (
      workspace TEXT NOT NULL, run TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (workspace, run, key)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS run_metrics (
      workspace TEXT NOT NULL, run TEXT NOT NULL, key TEXT NOT NULL, step INTEGER NOT NULL, timestamp INTEGER NOT NULL, value TEXT NOT NULL,
      PRIMARY KEY (workspace, run, key, step, timestamp, value)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS logged_models (
      workspace TEXT NOT NULL, id TEXT NOT NULL, experiment TEXT NOT NULL, run TEXT, name TEXT NOT NULL, path TEXT NOT NULL, model_type TEXT,
      status TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL, params TEXT NOT NULL DEFAULT '{}', tags TEXT NOT NULL DEFAULT '{}',
      metrics TEXT NOT NULL DEFAULT '[]', deleted INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (workspace, id)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS run_workspaces (workspace TEXT PRIMARY KEY, guid TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS model_aliases (
      workspace TEXT NOT NULL, model TEXT NOT NULL, alias TEXT NOT NULL, version TEXT NOT NULL, PRIMARY KEY (workspace, model, alias)
    ) WITHOUT ROWID;
  `);
}

/** Tables with a column `workspace`. */
export const workspaceTables = [
  "run_experiments",
  "runs",
  "run_params",
  "run_tags",
  "run_metrics",
  "logged_models",
  "model_aliases",
] as const;
