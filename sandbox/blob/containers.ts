// Which containers exist, read from the blob service's own file (the service writes it before it answers).
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { SandboxContext } from "../core.ts";

export interface ContainerInfo {
  readonly account: string;
  readonly name: string;
  readonly lastModified: string;
  readonly etag: string;
  readonly metadata: Record<string, string>;
}

export interface Containers {
  owners(name: string): string[];
  of(account: string): ContainerInfo[];
}

const open = new WeakMap<SandboxContext, Containers>();

export function containersIn(sandbox: SandboxContext): Containers {
  const known = open.get(sandbox);
  if (known) return known;
  const file = join(sandbox.dir, "blob", "metadata.db");
  if (!existsSync(file)) return { owners: () => [], of: () => [] };
  const db = new DatabaseSync(file, { readOnly: true });
  db.exec("PRAGMA busy_timeout = 5000");
  const statement = db.prepare("SELECT json FROM documents WHERE collection = 'blobs/$CONTAINERS_COLLECTION$'");
  const all = (): ContainerInfo[] =>
    (statement.all() as { json: string }[]).map(({ json }) => {
      const { accountName, name, properties, metadata } = JSON.parse(json) as {
        accountName: string;
        name: string;
        properties: { lastModified: string; etag: string };
        metadata?: Record<string, string>;
      };
      return { account: accountName, name, lastModified: properties.lastModified, etag: properties.etag, metadata: metadata ?? {} };
    });
  const containers: Containers = {
    owners: (name) =>
      all()
        .filter((one) => one.name === name)
        .map((one) => one.account),
    of: (account) => all().filter((one) => one.account.toLowerCase() === account.toLowerCase()),
  };
  open.set(sandbox, containers);
  return containers;
}
