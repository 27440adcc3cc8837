// What the sandbox would send out of this machine, mail above all: it lies in an outbox, and nothing leaves.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export interface Mail {
  readonly number: number;
  /** ISO 8601. */
  readonly time: string;
  /** What sent it: `monitor`, `action group`, `workflow NAME`. */
  readonly from: string;
  /** Addresses; of a request to a host elsewhere its method and host (`POST hooks.slack.com`), as the path may hold a key. */
  readonly to: readonly string[];
  readonly subject: string;
  /** Plain text, HTML, or JSON. */
  readonly body: string;
}

type Sandbox = { readonly db: DatabaseSync };

const open = ({ db }: Sandbox): DatabaseSync => {
  db.exec(
    "CREATE TABLE IF NOT EXISTS mails (number INTEGER PRIMARY KEY AUTOINCREMENT, time TEXT NOT NULL, sender TEXT NOT NULL, recipients TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL)",
  );
  return db;
};

/** Puts a mail into the outbox; nothing without recipients. */
export function sendMail(sandbox: Sandbox, mail: Omit<Mail, "number" | "time">): void {
  if (mail.to.length === 0) return;
  open(sandbox)
    .prepare("INSERT INTO mails (time, sender, recipients, subject, body) VALUES (?, ?, ?, ?, ?)")
    .run(new Date().toISOString(), mail.from, JSON.stringify(mail.to), mail.subject, mail.body);
}

/** All mails after that number, the oldest first. */
export const mailsOf = (sandbox: Sandbox, after = 0): Mail[] => read(open(sandbox), after);

/** All mails of the sandbox in `dir`, whether it runs or not. */
export function readOutbox(dir: string): Mail[] {
  const file = join(dir, "state.db");
  if (!existsSync(file)) return [];
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    db.exec("PRAGMA busy_timeout = 5000");
    return db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'mails'").get() ? read(db, 0) : [];
  } finally {
    db.close();
  }
}

const read = (db: DatabaseSync, after: number): Mail[] =>
  db
    .prepare("SELECT number, time, sender, recipients, subject, body FROM mails WHERE number > ? ORDER BY number")
    .all(after)
    .map((row) => ({
      number: Number(row["number"]),
      time: String(row["time"]),
      from: String(row["sender"]),
      to: JSON.parse(String(row["recipients"])) as string[],
      subject: String(row["subject"]),
      body: String(row["body"]),
    }));
