// Keys and token secrets of endpoints: kept in the sandbox's database, as Azure keeps them, never in a resource or a log.
import { randomBytes } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";

export interface EndpointSecrets {
  readonly primaryKey: string;
  readonly secondaryKey: string;
  /** Signs the tokens of authMode AMLToken. */
  readonly tokenSecret: string;
}

/** 32 characters of letters and digits, like Azure's. */
const newKey = (): string =>
  randomBytes(48)
    .toString("base64")
    .replace(/[^A-Za-z0-9]/g, "")
    .slice(0, 32);

export class KeyStore {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    db.exec(
      "CREATE TABLE IF NOT EXISTS serving_keys (endpoint TEXT PRIMARY KEY, primary_key TEXT NOT NULL, secondary_key TEXT NOT NULL, token_secret TEXT NOT NULL) WITHOUT ROWID",
    );
  }

  /** The endpoint's secrets; made when there are none yet. */
  of(endpointId: string): EndpointSecrets {
    const id = endpointId.toLowerCase();
    this.#db
      .prepare("INSERT OR IGNORE INTO serving_keys VALUES (?, ?, ?, ?)")
      .run(id, newKey(), newKey(), randomBytes(32).toString("base64url"));
    const row = this.#db
      .prepare(
        "SELECT primary_key AS primaryKey, secondary_key AS secondaryKey, token_secret AS tokenSecret FROM serving_keys WHERE endpoint = ?",
      )
      .get(id);
    return { ...(row as unknown as EndpointSecrets) };
  }

  /** Sets one key, to a new one when none is given. */
  set(endpointId: string, which: "Primary" | "Secondary", key: string = newKey()): void {
    this.of(endpointId);
    const column = which === "Primary" ? "primary_key" : "secondary_key";
    this.#db.prepare(`UPDATE serving_keys SET ${column} = ? WHERE endpoint = ?`).run(key, endpointId.toLowerCase());
  }

  delete(endpointId: string): void {
    this.#db.prepare("DELETE FROM serving_keys WHERE endpoint = ?").run(endpointId.toLowerCase());
  }
}
