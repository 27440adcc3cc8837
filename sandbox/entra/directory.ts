// The sandbox's directory (tenant): one tenant, one subscription, one service principal that may do everything, and the
// applications and service principals that clients add.
import { createHash, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { setting } from "../state/database.ts";

/** Fixed, so that docs, examples and settings can name them. */
export const tenantId = "5a4db0c5-0000-4000-8000-00000000d1c7";
export const subscriptionId = "5a4db0c5-0000-4000-8000-0000000005b5";
const ownerClientId = "5a4db0c5-0000-4000-8000-0000000c11e7";
const ownerObjectId = "5a4db0c5-0000-4000-8000-00000000b0b0";

export interface Application {
  readonly appId: string;
  readonly objectId: string;
  readonly displayName: string;
  readonly principalId: string | undefined;
}

export interface Directory {
  readonly tenantId: string;
  readonly subscriptionId: string;
  /** The deployer: owner of the subscription. */
  readonly owner: { readonly clientId: string; readonly objectId: string; readonly secret: string };
  /** Does the secret belong to the application? Undefined when there is no such application. */
  checkSecret(clientId: string, secret: string): boolean | undefined;
  /** Object id of the application's service principal. */
  principalOf(clientId: string): string | undefined;
  /** Display name of the application, as Graph has it. */
  displayNameOf(clientId: string): string | undefined;
  addSecret(clientId: string, keyId: string, secret: string): void;
  removeSecret(keyId: string): void;
  addPrincipal(clientId: string, principalId: string): void;
  removePrincipal(principalId: string): void;
}

export function directory(db: DatabaseSync): Directory {
  db.exec(`
    CREATE TABLE IF NOT EXISTS entra_secrets (key_id TEXT PRIMARY KEY, client_id TEXT NOT NULL, hash BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS entra_principals (client_id TEXT PRIMARY KEY, principal_id TEXT NOT NULL) WITHOUT ROWID;
  `);
  const owner = {
    clientId: ownerClientId,
    objectId: ownerObjectId,
    secret: setting(db, "entra.ownerSecret", () => `sandbox~${randomBytes(24).toString("base64url")}`),
  };
  const hash = (text: string): Buffer => createHash("sha256").update(text).digest();
  const self: Directory = {
    tenantId,
    subscriptionId,
    owner,
    checkSecret(clientId, secret) {
      const given = hash(secret);
      if (clientId.toLowerCase() === owner.clientId) return timingSafeEqual(given, hash(owner.secret));
      if (!self.principalOf(clientId)) return undefined;
      const rows = db.prepare("SELECT hash FROM entra_secrets WHERE client_id = ?").all(clientId.toLowerCase()) as { hash: Uint8Array }[];
      return rows.some((row) => timingSafeEqual(given, row.hash));
    },
    principalOf(clientId) {
      if (clientId.toLowerCase() === owner.clientId) return owner.objectId;
      const row = db.prepare("SELECT principal_id FROM entra_principals WHERE client_id = ?").get(clientId.toLowerCase()) as
        | { principal_id: string }
        | undefined;
      return row?.principal_id;
    },
    displayNameOf(clientId) {
      const principal = self.principalOf(clientId);
      const row = db
        .prepare("SELECT json FROM graph_objects WHERE collection = 'servicePrincipals' AND id = ?")
        .get(principal?.toLowerCase() ?? "") as { json: string } | undefined;
      return row && (JSON.parse(row.json) as { displayName?: string }).displayName;
    },
    addSecret(clientId, keyId, secret) {
      db.prepare("INSERT INTO entra_secrets (key_id, client_id, hash) VALUES (?, ?, ?)").run(
        keyId || randomUUID(),
        clientId.toLowerCase(),
        hash(secret),
      );
    },
    removeSecret(keyId) {
      db.prepare("DELETE FROM entra_secrets WHERE key_id = ?").run(keyId);
    },
    addPrincipal(clientId, principalId) {
      db.prepare("INSERT OR REPLACE INTO entra_principals (client_id, principal_id) VALUES (?, ?)").run(
        clientId.toLowerCase(),
        principalId,
      );
    },
    removePrincipal(principalId) {
      db.prepare("DELETE FROM entra_principals WHERE principal_id = ?").run(principalId);
    },
  };
  return self;
}
