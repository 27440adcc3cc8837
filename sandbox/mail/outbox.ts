// Mail that the sandbox would send: it lies in an outbox, and nothing leaves this machine.
import type { DatabaseSync } from "node:sqlite";

export interface Mail {
  readonly number: number;
  /** ISO 8601. */
  readonly time: string;
  /** What sent it: `monitor`, `action group`, `workflow`. */
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  /** Plain text. */
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
export function mailsOf(sandbox: Sandbox, after = 0): Mail[] {
  return open(sandbox)
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
}
