// What is logged to a run: parameters (once), tags, and metrics with their steps.
import type { DatabaseSync } from "node:sqlite";
import { ArmError } from "../core.ts";

export interface MetricPoint {
  readonly key: string;
  /** May be NaN or infinite. */
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly step: number;
}

interface Address {
  readonly workspace: string;
  readonly id: string;
}

type Sandbox = { readonly db: DatabaseSync };

/** Keeps points; the same point sent twice (a client's retry) is kept once. */
export function logMetrics({ db }: Sandbox, run: Address, points: readonly MetricPoint[]): void {
  if (points.length === 0) return;
  const insert = db.prepare("INSERT OR IGNORE INTO run_metrics (workspace, run, key, step, timestamp, value) VALUES (?,?,?,?,?,?)");
  for (const point of points) insert.run(run.workspace, run.id, point.key, point.step, point.timestamp, String(point.value));
}

/** All points of one metric in the order of step and time. */
export function metricHistory({ db }: Sandbox, run: Address, key: string): MetricPoint[] {
  return db
    .prepare("SELECT key, step, timestamp, value FROM run_metrics WHERE workspace = ? AND run = ? AND key = ? ORDER BY step, timestamp")
    .all(run.workspace, run.id, key)
    .map(toPoint);
}

/** Of each metric the point with the highest step, then the latest time, then the largest value, as MLflow has it. */
export function latestMetrics({ db }: Sandbox, run: Address): MetricPoint[] {
  const latest = new Map<string, MetricPoint>();
  const rows = db
    .prepare("SELECT key, step, timestamp, value FROM run_metrics WHERE workspace = ? AND run = ? ORDER BY key, step, timestamp")
    .all(run.workspace, run.id);
  for (const point of rows.map(toPoint)) {
    const before = latest.get(point.key);
    if (before && before.step === point.step && before.timestamp === point.timestamp && before.value > point.value) continue;
    latest.set(point.key, point);
  }
  return [...latest.values()];
}

export function metricKeys({ db }: Sandbox, run: Address): string[] {
  return db
    .prepare("SELECT DISTINCT key FROM run_metrics WHERE workspace = ? AND run = ? ORDER BY key")
    .all(run.workspace, run.id)
    .map((row) => String(row["key"]));
}

/** A parameter is set once: another value for it is refused, the same one is not. */
export function logParams({ db }: Sandbox, run: Address, params: Readonly<Record<string, string>>): void {
  const read = db.prepare("SELECT value FROM run_params WHERE workspace = ? AND run = ? AND key = ?");
  for (const [key, value] of Object.entries(params)) {
    const before = read.get(run.workspace, run.id, key)?.["value"];
    if (before !== undefined && before !== value)
      throw new ArmError(
        400,
        "INVALID_PARAMETER_VALUE",
        `Changing param values is not allowed. Param with key='${key}' was already logged with value='${String(before)}' for run ID='${run.id}'. Attempted logging new value '${value}'.`,
      );
  }
  const insert = db.prepare("INSERT OR IGNORE INTO run_params (workspace, run, key, value) VALUES (?,?,?,?)");
  for (const [key, value] of Object.entries(params)) insert.run(run.workspace, run.id, key, value);
}

export const paramsOf = ({ db }: Sandbox, run: Address): Record<string, string> => pairs(db, "run_params", run);

export const tagsOf = ({ db }: Sandbox, run: Address): Record<string, string> => pairs(db, "run_tags", run);

export function setTags({ db }: Sandbox, run: Address, tags: Readonly<Record<string, string>>): void {
  const insert = db.prepare(
    "INSERT INTO run_tags (workspace, run, key, value) VALUES (?,?,?,?) ON CONFLICT DO UPDATE SET value = excluded.value",
  );
  for (const [key, value] of Object.entries(tags)) insert.run(run.workspace, run.id, key, value);
}

/** False when there was no such tag. */
export function deleteTag({ db }: Sandbox, run: Address, key: string): boolean {
  return Number(db.prepare("DELETE FROM run_tags WHERE workspace = ? AND run = ? AND key = ?").run(run.workspace, run.id, key).changes) > 0;
}

function pairs(db: DatabaseSync, table: "run_params" | "run_tags", run: Address): Record<string, string> {
  const rows = db.prepare(`SELECT key, value FROM ${table} WHERE workspace = ? AND run = ? ORDER BY key`).all(run.workspace, run.id);
  return Object.fromEntries(rows.map((row) => [String(row["key"]), String(row["value"])]));
}

function toPoint(row: Record<string, unknown>): MetricPoint {
  return { key: String(row["key"]), value: Number(row["value"]), timestamp: Number(row["timestamp"]), step: Number(row["step"]) };
}
