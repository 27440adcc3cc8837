// Objects of the sandbox's directory that Microsoft Graph shows.
import type { DatabaseSync } from "node:sqlite";

type Json = Record<string, unknown>;

/** Objects of the directory, in SQLite, by collection and id. */
export class Objects {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    db.exec(
      "CREATE TABLE IF NOT EXISTS graph_objects (collection TEXT NOT NULL, id TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (collection, id)) WITHOUT ROWID",
    );
  }

  get(collection: string, id: string): Json | undefined {
    const row = this.#db.prepare("SELECT json FROM graph_objects WHERE collection = ? AND id = ?").get(collection, id.toLowerCase()) as
      | { json: string }
      | undefined;
    return row && (JSON.parse(row.json) as Json);
  }

  all(collection: string): Json[] {
    const rows = this.#db.prepare("SELECT json FROM graph_objects WHERE collection = ? ORDER BY id").all(collection) as { json: string }[];
    return rows.map(({ json }) => JSON.parse(json) as Json);
  }

  find(collection: string, property: string, value: string): Json[] {
    return this.all(collection).filter((one) => one[property] === value);
  }

  put(collection: string, id: string, object: Json): void {
    this.#db
      .prepare(
        "INSERT INTO graph_objects (collection, id, json) VALUES (?, ?, ?) ON CONFLICT (collection, id) DO UPDATE SET json = excluded.json",
      )
      .run(collection, id.toLowerCase(), JSON.stringify(object));
  }

  delete(collection: string, id: string): void {
    this.#db.prepare("DELETE FROM graph_objects WHERE collection = ? AND id = ?").run(collection, id.toLowerCase());
  }

  deleteBelow(path: string): void {
    this.#db.prepare("DELETE FROM graph_objects WHERE collection >= ? AND collection < ?").run(path, `${path.slice(0, -1)}0`);
  }
}
