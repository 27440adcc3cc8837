// Kept resources: one row each, found by its id in lower case; soft-deleted ones lie in a table of their own.
import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { ArmResource, Resources } from "../core.ts";
import { transaction } from "./database.ts";

interface Row {
  json: string;
}

/** A soft-deleted resource with all that lived below it. */
export interface DeletedResource {
  readonly resource: ArmResource;
  readonly deletedAt: Date;
  readonly purgeAt: Date;
}

export interface ResourceStore extends Resources {
  /** The resource and everything below it, parents first. */
  subtree(id: string): ArmResource[];
  /** Removes the resource and everything below it in one transaction; with `keepDays` it can be recovered until then. */
  deleteTree(id: string, keep: readonly { id: string; days: number }[]): void;
  deleted(type: string, now?: Date): DeletedResource[];
  deletedByName(type: string, name: string): DeletedResource | undefined;
  purge(id: string): boolean;
  /** Brings a soft-deleted resource and what lived below it back; undefined when there is none. */
  recover(id: string): ArmResource | undefined;
  /** A part of `list`, without reading the rest. */
  slice(scope: string, type: string, offset: number, count: number): ArmResource[];
  /** Is there a resource of the type with this name, wherever? */
  hasName(type: string, name: string): boolean;
  /** The resources of the type with this name, wherever they are. */
  named(type: string, name: string): ArmResource[];
}

export function resourceKey(id: string): string {
  return id.toLowerCase().replace(/\/+$/, "");
}

/** `0` is the character after `/`: the range holds exactly what is below the key. */
const below = (key: string): [string, string] => [`${key}/`, `${key}0`];

export function openResources(db: DatabaseSync): ResourceStore {
  db.exec(`
    CREATE TABLE IF NOT EXISTS resources (
      key TEXT PRIMARY KEY, type TEXT NOT NULL, name TEXT NOT NULL, json TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS resources_by_type ON resources (type, key);
    CREATE INDEX IF NOT EXISTS resources_by_name ON resources (type, name);
    CREATE TABLE IF NOT EXISTS deleted_resources (
      root TEXT NOT NULL, key TEXT NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL, json TEXT NOT NULL,
      deleted_at INTEGER NOT NULL, purge_at INTEGER NOT NULL, PRIMARY KEY (root, key)
    ) WITHOUT ROWID;
  `);
  const read = db.prepare("SELECT json FROM resources WHERE key = ?");
  const write = db.prepare(
    `INSERT INTO resources (key, type, name, json) VALUES (?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET type = excluded.type, name = excluded.name, json = excluded.json`,
  );
  const listBelow = db.prepare("SELECT json FROM resources WHERE type = ? AND key > ? AND key < ? ORDER BY key");
  const sliceBelow = db.prepare("SELECT json FROM resources WHERE type = ? AND key > ? AND key < ? ORDER BY key LIMIT ? OFFSET ?");
  const byName = db.prepare("SELECT json FROM resources WHERE type = ? AND name = ?");
  const listAll = db.prepare("SELECT json FROM resources WHERE type = ? ORDER BY key");
  const tree = db.prepare("SELECT json FROM resources WHERE key = ? OR (key > ? AND key < ?) ORDER BY key");
  const removeOne = db.prepare("DELETE FROM resources WHERE key = ?");
  const removeTree = db.prepare("DELETE FROM resources WHERE key = ? OR (key > ? AND key < ?)");
  const bury = db.prepare(
    `INSERT OR REPLACE INTO deleted_resources (root, key, type, name, json, deleted_at, purge_at)
     SELECT ?, key, type, name, json, ?, ? FROM resources WHERE key = ? OR (key > ? AND key < ?)`,
  );
  const forget = db.prepare("DELETE FROM deleted_resources WHERE root = ?");
  const graves = db.prepare(
    "SELECT json, deleted_at, purge_at FROM deleted_resources WHERE type = ? AND root = key AND purge_at > ? ORDER BY key",
  );
  const graveByName = db.prepare(
    "SELECT json, deleted_at, purge_at FROM deleted_resources WHERE type = ? AND name = ? AND root = key AND purge_at > ?",
  );
  const exhume = db.prepare(
    `INSERT OR REPLACE INTO resources (key, type, name, json)
     SELECT key, type, name, json FROM deleted_resources WHERE root = ? AND purge_at > ?`,
  );

  const parse = (row: unknown): ArmResource => JSON.parse((row as Row).json) as ArmResource;
  const grave = (row: unknown): DeletedResource => {
    const { deleted_at, purge_at } = row as { deleted_at: number; purge_at: number };
    return { resource: parse(row), deletedAt: new Date(deleted_at), purgeAt: new Date(purge_at) };
  };

  return {
    get(id) {
      const row = read.get(resourceKey(id));
      return row && parse(row);
    },
    put(resource) {
      const kept = { ...resource, etag: `"${randomUUID()}"` };
      write.run(resourceKey(kept.id), kept.type.toLowerCase(), kept.name.toLowerCase(), JSON.stringify(kept));
      return kept;
    },
    list(scope, type) {
      return listBelow.all(type.toLowerCase(), ...below(resourceKey(scope))).map(parse);
    },
    slice(scope, type, offset, count) {
      return sliceBelow.all(type.toLowerCase(), ...below(resourceKey(scope)), count, offset).map(parse);
    },
    hasName(type, name) {
      return byName.get(type.toLowerCase(), name.toLowerCase()) !== undefined;
    },
    named(type, name) {
      return byName.all(type.toLowerCase(), name.toLowerCase()).map(parse);
    },
    all(type) {
      return listAll.all(type.toLowerCase()).map(parse);
    },
    delete(id) {
      removeOne.run(resourceKey(id));
    },
    subtree(id) {
      const key = resourceKey(id);
      return tree.all(key, ...below(key)).map(parse);
    },
    deleteTree(id, keep) {
      const key = resourceKey(id);
      const now = Date.now();
      transaction(db, () => {
        for (const one of keep) {
          const root = resourceKey(one.id);
          bury.run(root, now, now + one.days * 86_400_000, root, ...below(root));
        }
        removeTree.run(key, ...below(key));
      });
    },
    deleted(type, now = new Date()) {
      return graves.all(type.toLowerCase(), now.getTime()).map(grave);
    },
    deletedByName(type, name) {
      const row = graveByName.get(type.toLowerCase(), name.toLowerCase(), Date.now());
      return row && grave(row);
    },
    purge(id) {
      return Number(forget.run(resourceKey(id)).changes) > 0;
    },
    recover(id) {
      const key = resourceKey(id);
      return transaction(db, () => {
        if (Number(exhume.run(key, Date.now()).changes) === 0) return undefined;
        forget.run(key);
        const row = read.get(key);
        return row && parse(row);
      });
    },
  };
}
