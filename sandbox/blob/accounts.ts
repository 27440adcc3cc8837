// Storage accounts as the blob service sees them: which exist, their keys, what they allow. Read from the state at each
// request, by the sandbox and by the blob service's process alike, so that there is nothing to keep in step.
import { createHmac } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { ArmResource } from "../core.ts";
import { linksIn, openTo } from "../network/reach.ts";
import { saveSetting, secretSetting } from "../state/database.ts";

export const accountType = "Microsoft.Storage/storageAccounts";

export interface Account {
  readonly name: string;
  readonly id: string;
  /** Base64, as Azure shows them. */
  readonly keys: readonly [string, string];
  readonly allowSharedKeyAccess: boolean;
  /** Who may come at all, by public network access and private endpoints. */
  readonly open: ReturnType<typeof openTo>;
}

export interface Accounts {
  find(name: string): Account | undefined;
  names(): string[];
}

export function accountsIn(db: DatabaseSync): Accounts {
  const byName = db.prepare("SELECT json FROM resources WHERE type = ? AND name = ?");
  const all = db.prepare("SELECT name FROM resources WHERE type = ?");
  const type = accountType.toLowerCase();
  const links = linksIn(db);
  return {
    find(name) {
      const row = byName.get(type, name.toLowerCase()) as { json: string } | undefined;
      if (!row) return undefined;
      const resource = JSON.parse(row.json) as ArmResource;
      return {
        name: resource.name,
        id: resource.id,
        keys: accountKeys(db, resource.name),
        allowSharedKeyAccess: resource.properties["allowSharedKeyAccess"] !== false,
        open: openTo(resource, links),
      };
    },
    names: () => (all.all(type) as { name: string }[]).map(({ name }) => name),
  };
}

/** Both keys, derived from the sandbox's own secret; `regenerateKey` makes the next of a line. */
export function accountKeys(db: DatabaseSync, account: string): [string, string] {
  const secret = secretSetting(db, "storage.secret");
  const key = (which: 1 | 2): string =>
    createHmac("sha512", secret)
      .update(`${account.toLowerCase()}/${which}/${generation(db, account, which)}`)
      .digest("base64");
  return [key(1), key(2)];
}

export function regenerateAccountKey(db: DatabaseSync, account: string, which: 1 | 2): void {
  saveSetting(db, settingName(account, which), String(generation(db, account, which) + 1));
}

const settingName = (account: string, which: 1 | 2): string => `storage.generation.${account.toLowerCase()}.${which}`;

function generation(db: DatabaseSync, account: string, which: 1 | 2): number {
  const row = db.prepare("SELECT value FROM settings WHERE name = ?").get(settingName(account, which)) as { value: string } | undefined;
  return Number(row?.value ?? 1);
}

/** Secret behind user delegation keys. */
export function delegationSecret(db: DatabaseSync): string {
  return secretSetting(db, "storage.delegationSecret").toString("base64");
}
