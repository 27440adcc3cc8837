// Durability for Azurite: each document its in-memory database writes goes to SQLite before the answer is sent.
// Azurite itself saves its whole database every few seconds, so that a kill would lose acknowledged writes.
import type { DatabaseSync } from "node:sqlite";
import type { LokiCollection, LokiDatabase, LokiDocument } from "./azurite.ts";

/** Collections and their indices, as Azurite's own `init` makes them; it finds them there and leaves them. */
const layouts: Readonly<Record<string, Readonly<Record<string, object>>>> = {
  blobs: {
    $SERVICES_COLLECTION$: { unique: ["accountName"] },
    $CONTAINERS_COLLECTION$: { indices: ["accountName", "name"] },
    $BLOBS_COLLECTION$: { indices: ["accountName", "containerName", "name", "snapshot"] },
    $BLOCKS_COLLECTION$: { indices: ["accountName", "containerName", "blobName", "name"] },
  },
  extents: { $EXTENTS_COLLECTION$: { indices: ["id"] } },
};

export interface Journal {
  /** Commits what was written since the last call. Call before an answer leaves. */
  flush(): void;
}

export function openJournal(db: DatabaseSync): Journal {
  db.exec(
    "CREATE TABLE IF NOT EXISTS documents (collection TEXT NOT NULL, id INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (collection, id)) WITHOUT ROWID",
  );
  return {
    flush() {
      if (db.isTransaction) db.exec("COMMIT");
    },
  };
}

/** Fills `loki` from the file and writes every later change to it. `which` names the layout. */
export function remember(db: DatabaseSync, loki: LokiDatabase, which: "blobs" | "extents", journal: Journal): void {
  const layout = layouts[which]!;
  for (const [name, options] of Object.entries(layout)) loki.addCollection(name, options);
  const image = JSON.parse(loki.serialize()) as { collections: { name: string; data: LokiDocument[]; maxId: number }[] };
  const read = db.prepare("SELECT json FROM documents WHERE collection = ? ORDER BY id");
  for (const collection of image.collections) {
    collection.data = (read.all(`${which}/${collection.name}`) as { json: string }[]).map(({ json }) => JSON.parse(json) as LokiDocument);
    collection.maxId = collection.data.at(-1)?.$loki ?? 0;
  }
  loki.loadJSONObject(image);
  // Its adaptive indices are trusted as they are loaded; these were made for no documents.
  for (const name of Object.keys(layout)) loki.getCollection(name)!.ensureAllIndexes(true);
  for (const name of Object.keys(layout)) follow(db, loki.getCollection(name)!, `${which}/${name}`, journal);
}

function follow(db: DatabaseSync, collection: LokiCollection, key: string, journal: Journal): void {
  const write = db.prepare(
    "INSERT INTO documents (collection, id, json) VALUES (?, ?, ?) ON CONFLICT (collection, id) DO UPDATE SET json = excluded.json",
  );
  const erase = db.prepare("DELETE FROM documents WHERE collection = ? AND id = ?");
  const change = (documents: LokiDocument | LokiDocument[], one: (document: LokiDocument) => void): void => {
    if (!db.isTransaction) {
      db.exec("BEGIN IMMEDIATE");
      // A change that no answer follows (clean-up) is committed at the end of the turn.
      setImmediate(() => journal.flush());
    }
    for (const document of Array.isArray(documents) ? documents : [documents]) one(document);
  };
  const save = (document: LokiDocument): void => void write.run(key, document.$loki, JSON.stringify(document));
  collection.on("insert", (documents) => change(documents, save));
  collection.on("update", (documents) => change(documents, save));
  collection.on("delete", (documents) => change(documents, (document) => erase.run(key, document.$loki)));
}
