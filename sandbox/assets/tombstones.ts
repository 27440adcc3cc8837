// Names of registry versions that were deleted: Azure does not let them be made again.
import { ArmError } from "../core.ts";
import type { SandboxContext } from "../core.ts";
import { nameOf, parentId } from "../arm/ids.ts";
import { resourceKey } from "../state/resources.ts";

function table(sandbox: SandboxContext): void {
  sandbox.db.exec("CREATE TABLE IF NOT EXISTS deleted_versions (key TEXT PRIMARY KEY) WITHOUT ROWID");
}

export function rememberDeleted(sandbox: SandboxContext, id: string): void {
  table(sandbox);
  sandbox.db.prepare("INSERT OR IGNORE INTO deleted_versions (key) VALUES (?)").run(resourceKey(id));
}

/** Throws ArmError 409 for a version that was deleted before. */
export function forbidReuse(sandbox: SandboxContext, id: string): void {
  table(sandbox);
  if (!sandbox.db.prepare("SELECT 1 FROM deleted_versions WHERE key = ?").get(resourceKey(id))) return;
  throw new ArmError(
    409,
    "UserError",
    `Version '${nameOf(id)}' of '${nameOf(parentId(id))}' was deleted from the registry, and a deleted version cannot be made again. Use another version.`,
  );
}

/** A registry that goes for good takes its tombstones with it. */
export function forgetDeleted(sandbox: SandboxContext, registryId: string): void {
  table(sandbox);
  const key = resourceKey(registryId);
  sandbox.db.prepare("DELETE FROM deleted_versions WHERE key > ? AND key < ?").run(`${key}/`, `${key}0`);
}
