// A workspace that is deleted for good and made again under its old name starts without the runs of its former life.
import type { DatabaseSync } from "node:sqlite";
import type { ArmResource } from "../core.ts";
import { transaction } from "../state/database.ts";
import { runsOf } from "./store.ts";
import { workspaceTables } from "./tables.ts";
import { textOf } from "./text.ts";

const known = new WeakMap<DatabaseSync, Map<string, string>>();

/** Forgets what was kept under the workspace's id by another workspace (another GUID). A recovered one keeps its own. */
export function enterWorkspace(sandbox: { readonly db: DatabaseSync }, workspace: ArmResource): void {
  const { db } = sandbox;
  const key = workspace.id.toLowerCase();
  const guid = textOf(workspace.properties["workspaceId"]);
  const seen = known.get(db) ?? new Map<string, string>();
  known.set(db, seen);
  if (seen.get(key) === guid) return;
  runsOf(sandbox);
  const before = db.prepare("SELECT guid FROM run_workspaces WHERE workspace = ?").get(key)?.["guid"];
  if (before !== guid)
    transaction(db, () => {
      if (before !== undefined) for (const table of workspaceTables) db.prepare(`DELETE FROM ${table} WHERE workspace = ?`).run(key);
      db.prepare("INSERT OR REPLACE INTO run_workspaces (workspace, guid) VALUES (?, ?)").run(key, guid);
    });
  seen.set(key, guid);
}
