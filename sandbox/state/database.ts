// The sandbox's SQLite file: opened so that an acknowledged write survives the end of the process, plus small settings.
import { DatabaseSync } from "node:sqlite";
import { randomBytes } from "node:crypto";
import { mkdirSync, chmodSync } from "node:fs";
import { join } from "node:path";

/**
 * Opens (or makes) `state.db`. WAL with synchronous=NORMAL: a committed transaction is with the operating system before
 * the call returns, so `kill -9` of the process cannot lose it (a power cut might).
 */
export function openDatabase(dir: string): DatabaseSync {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, "state.db");
  const db = new DatabaseSync(file);
  chmodSync(file, 0o600);
  db.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA busy_timeout = 5000;
    PRAGMA cache_size = -8000;
    PRAGMA wal_autocheckpoint = 1000;
    CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  `);
  return db;
}

/** A setting, made by `initial` the first time it is asked for. */
export function setting(db: DatabaseSync, name: string, initial: () => string): string {
  const row = db.prepare("SELECT value FROM settings WHERE name = ?").get(name) as { value: string } | undefined;
  if (row) return row.value;
  const value = initial();
  db.prepare("INSERT INTO settings (name, value) VALUES (?, ?)").run(name, value);
  return value;
}

export function saveSetting(db: DatabaseSync, name: string, value: string): void {
  db.prepare("INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value").run(name, value);
}

/** A secret of this sandbox alone, kept with the rest of the state (file mode 0600). */
export function secretSetting(db: DatabaseSync, name: string, bytes = 32): Buffer {
  return Buffer.from(
    setting(db, name, () => randomBytes(bytes).toString("base64")),
    "base64",
  );
}

/** Runs `work` in one transaction; nested calls join the outer one. */
export function transaction<T>(db: DatabaseSync, work: () => T): T {
  if (db.isTransaction) return work();
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
}
