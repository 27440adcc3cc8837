// Customer-managed keys: may a service, under the identity it was told to use, encrypt with somebody's key? Azure finds out when it is asked to.
import { ArmError } from "../core.ts";
import type { ArmResource, SandboxContext } from "../core.ts";
import { principalsOf } from "../rbac/identities.ts";
import { isClosed } from "../network/reach.ts";
import { resourceKey } from "../state/resources.ts";
import { Keys } from "./keys.ts";
import type { Key } from "./keys.ts";

/** A key as services name it: by its address, and the object id of who reads it. */
export interface KeyUse {
  /** `https://…/keys/name` or `https://…/keys/name/version` */
  readonly keyUri: string;
  readonly principalId: string | undefined;
}

/** What stands in the way. `recoverable`: the vault has no purge protection, so that data could be lost with the key. */
export type KeyTrouble = "vault" | "recoverable" | "key" | "type" | "unusable" | "role" | "closed";

/** Undefined: the key can be used. `closed` is for services that do not come through a vault's firewall. */
export function keyTrouble(sandbox: SandboxContext, { keyUri, principalId }: KeyUse): KeyTrouble | undefined {
  const [, address, name, version] = /^(https:\/\/[^/]+)\/keys\/([^/]+)(?:\/([^/]+))?\/?$/i.exec(keyUri) ?? [];
  const vault = address && vaultAt(sandbox, address);
  if (!vault || !name) return "vault";
  if (vault.properties["enablePurgeProtection"] !== true || vault.properties["enableSoftDelete"] === false) return "recoverable";
  const all = new Keys(sandbox.db).versions(resourceKey(vault.id), name);
  const key = version ? all.find((one) => one.version === version.toLowerCase()) : all.at(-1);
  if (!key) return "key";
  if (key.kty !== "RSA") return "type";
  if (!wraps(key)) return "unusable";
  if (!principalId || !mayWrap(sandbox, vault, name, principalId)) return "role";
  return isClosed(vault) ? "closed" : undefined;
}

/** Object id and client id of the user-assigned identity among a resource's own; both undefined when it is not one of them. */
export function assignedIdentity(resource: ArmResource, id: unknown): { principalId?: string; clientId?: string } {
  const given = (resource.identity?.["userAssignedIdentities"] ?? {}) as Record<string, { principalId?: string; clientId?: string }>;
  return Object.entries(given).find(([one]) => one.toLowerCase() === String(id).toLowerCase())?.[1] ?? {};
}

/** The identity that a service uses: the one that it was told, or the resource's own. */
export const keyUser = (resource: ArmResource, id: unknown): string | undefined =>
  id ? assignedIdentity(resource, id).principalId : principalsOf(resource)[0];

/** @throws ArmError 400 for a workspace whose key is not there for it, as Azure ML says it */
export function checkWorkspaceKey(before: ArmResource | undefined, after: ArmResource, sandbox: SandboxContext): void {
  const [old, now] = [before, after].map((one) => one?.properties["encryption"] as WorkspaceEncryption | null | undefined);
  const on = (one: typeof now): boolean => /^enabled$/i.test(String(one?.status));
  const refuse = (message: string): never => {
    throw new ArmError(400, "BadRequest", message, { target: "properties.encryption" });
  };
  if (before && on(old) !== on(now))
    refuse("Encryption with a customer-managed key is set when a workspace is created, and cannot be changed afterwards.");
  if (!now || !on(now)) return;
  const { keyVaultArmId = "", keyIdentifier = "" } = now.keyVaultProperties ?? {};
  if (old && old.keyVaultProperties?.keyVaultArmId?.toLowerCase() !== keyVaultArmId.toLowerCase())
    refuse("The key of a workspace can only be changed to another key in the same key vault.");
  if (keyVaultArmId.split("/")[2]?.toLowerCase() !== sandbox.subscriptionId.toLowerCase())
    refuse("The key vault of a customer-managed key must be in the subscription of the workspace.");
  if (!/\/keys\/[^/]+\/[^/]+$/.test(keyIdentifier)) refuse(`keyIdentifier '${keyIdentifier}' must name a key with its version.`);
  const trouble = keyTrouble(sandbox, { keyUri: keyIdentifier, principalId: keyUser(after, now.identity?.userAssignedIdentity) });
  // Azure ML is one of the services that vaults trust.
  if (trouble && trouble !== "closed") refuse(said[trouble](keyIdentifier));
}

interface WorkspaceEncryption {
  readonly status?: string;
  readonly identity?: { readonly userAssignedIdentity?: string };
  readonly keyVaultProperties?: { readonly keyVaultArmId?: string; readonly keyIdentifier?: string };
}

/** The second is word for word Azure's (MicrosoftDocs/azure-docs issue 108584). */
const said: Readonly<Record<Exclude<KeyTrouble, "closed">, (uri: string) => string>> = {
  vault: (uri) => `The key vault of '${uri}' was not found.`,
  recoverable: () => "CMK workspaces should have purge protection enabled on their CMK keyvault.",
  key: (uri) => `The key '${uri}' was not found in its key vault.`,
  type: (uri) => `The key '${uri}' is not of type RSA.`,
  unusable: (uri) => `The key '${uri}' is disabled, expired, or may not wrap and unwrap keys.`,
  role: (uri) => `The workspace's identity has no permission to get, wrap and unwrap with the key '${uri}'.`,
};

const vaultAt = (sandbox: SandboxContext, address: string): ArmResource | undefined =>
  sandbox.resources
    .all("Microsoft.KeyVault/vaults")
    .find(({ properties }) => String(properties["vaultUri"]).replace(/\/$/, "").toLowerCase() === address.toLowerCase());

function wraps({ attributes: { enabled, exp, nbf }, operations }: Key): boolean {
  const now = Date.now() / 1000;
  return enabled && (exp ?? Infinity) > now && (nbf ?? 0) <= now && operations.includes("wrapKey") && operations.includes("unwrapKey");
}

function mayWrap(sandbox: SandboxContext, vault: ArmResource, name: string, principalId: string): boolean {
  const scope = `${vault.id}/keys/${name}`;
  const keys = "Microsoft.KeyVault/vaults/keys";
  if (vault.properties["enableRbacAuthorization"] === true)
    return [`${keys}/read`, `${keys}/wrap/action`, `${keys}/unwrap/action`].every((operation) =>
      sandbox.access.may(principalId, { operation, scope, data: true }),
    );
  const policies = (vault.properties["accessPolicies"] ?? []) as { objectId: string; permissions: { keys?: string[] } }[];
  const granted = policies.filter(({ objectId }) => objectId === principalId).flatMap(({ permissions }) => permissions.keys ?? []);
  const given = new Set(granted.map((one) => one.toLowerCase()));
  return given.has("all") || ["get", "wrapkey", "unwrapkey"].every((one) => given.has(one));
}
