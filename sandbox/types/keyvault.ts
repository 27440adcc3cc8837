// Microsoft.KeyVault (API 2023-07-01): vaults, with soft delete and purge protection, and their keys. Secrets and certificates are not modelled.
import { z } from "zod";
import { ArmError } from "../core.ts";
import type { ArmResource, ResourceType, SandboxContext } from "../core.ts";
import { nameOf, parentId } from "../arm/ids.ts";
import { resourceKey } from "../state/resources.ts";
import { idOf } from "../vault/http.ts";
import { Keys, KeyWish } from "../vault/keys.ts";
import type { Key } from "../vault/keys.ts";
import { closeVault, openVault } from "../vault/listeners.ts";
import { withoutNulls } from "./storage.ts";
import { tags } from "./shapes.ts";

const body = z.looseObject({
  location: z.string().optional(),
  tags,
  properties: z.looseObject({
    tenantId: z.guid(),
    sku: z.looseObject({ family: z.literal("A"), name: z.enum(["standard", "premium"]) }),
    accessPolicies: z.array(z.looseObject({ tenantId: z.guid(), objectId: z.string(), permissions: z.looseObject({}) })).nullish(),
    enableRbacAuthorization: z.boolean().nullish(),
    enablePurgeProtection: z.boolean().nullish(),
    enableSoftDelete: z.boolean().nullish(),
    softDeleteRetentionInDays: z.int().min(7).max(90).nullish(),
    publicNetworkAccess: z.string().nullish(),
    createMode: z.enum(["default", "recover"]).nullish(),
  }),
});

const taken =
  "A vault with the same name already exists in deleted state. You need to either recover or purge existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete.";

export const vaults: ResourceType<z.infer<typeof body>> = {
  type: "Microsoft.KeyVault/vaults",
  body,
  tracked: true,
  latencySeconds: 10,
  deletesAtOnce: true,
  names: {
    pattern: /^(?=.{3,24}$)[a-zA-Z][a-zA-Z0-9]*(-[a-zA-Z0-9]+)*$/,
    rule: "3-24 letters, digits and single hyphens, a letter first",
    code: "VaultNameNotValid",
  },
  globalName: {
    code: "VaultAlreadyExists",
    message: (name) =>
      `The vault name '${name}' is already in use. Vault names are globally unique so it is possible that the name is already taken.`,
  },
  softDelete: {
    days: (vault) => Number(vault.properties["softDeleteRetentionInDays"] ?? 90),
    code: "ConflictError",
    message: () => taken,
    recovers: (content) => (content["properties"] as { createMode?: string } | undefined)?.createMode === "recover",
    protected: (vault) => vault.properties["enablePurgeProtection"] === true,
  },
  check({ before, after }) {
    const { enablePurgeProtection, enableSoftDelete, accessPolicies, enableRbacAuthorization } = after.properties;
    if (enablePurgeProtection === false) {
      throw new ArmError(
        400,
        "BadRequest",
        'The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for a vault is an irreversible action.',
      );
    }
    if (before?.properties["enablePurgeProtection"] === true && enablePurgeProtection !== true) {
      throw new ArmError(
        400,
        "BadRequest",
        'The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for a vault is an irreversible action.',
      );
    }
    if (enableSoftDelete === false) {
      throw new ArmError(
        400,
        "BadRequest",
        'The property "enableSoftDelete" can be set to false only for creating new vault. Enabling the soft delete functionality is an irreversible action.',
      );
    }
    if (!accessPolicies && enableRbacAuthorization !== true) {
      throw new ArmError(
        400,
        "BadRequest",
        "The parameter accessPolicies is not specified; give it, or set enableRbacAuthorization to true.",
      );
    }
  },
  async fill({ before, after }, sandbox) {
    const { createMode, ...given } = withoutNulls(after.properties);
    if (!before && createMode !== "recover") new Keys(sandbox.db).forget(resourceKey(after.id));
    return {
      ...after,
      properties: {
        accessPolicies: [],
        enabledForDeployment: false,
        enableSoftDelete: true,
        softDeleteRetentionInDays: before?.properties["softDeleteRetentionInDays"] ?? 90,
        enableRbacAuthorization: false,
        publicNetworkAccess: "Enabled",
        ...given,
        vaultUri: await openVault(sandbox, after.id),
      },
    };
  },
  remove: async (vault, sandbox) => await closeVault(sandbox, vault.id),
};

const keyBody = z.looseObject({
  tags,
  properties: z.looseObject({
    kty: z.string(),
    curveName: z.string().nullish(),
    keySize: z.int().nullish(),
    keyOps: z.array(z.string()).nullish(),
    attributes: z.looseObject({}).nullish(),
  }),
});

const keyType = "Microsoft.KeyVault/vaults/keys";

function keyProperties(sandbox: SandboxContext, vault: string, key: Key): Record<string, unknown> {
  const address = String(sandbox.resources.get(vault)?.properties["vaultUri"]).replace(/\/$/, "");
  return {
    ...(key.kty === "EC" ? { kty: "EC", curveName: "P-256" } : { kty: "RSA", keySize: Buffer.from(key.n, "base64url").length * 8 }),
    keyOps: key.operations,
    attributes: { ...key.attributes, recoveryLevel: "Recoverable+Purgeable" },
    keyUri: `${address}/keys/${key.name}`,
    keyUriWithVersion: idOf(address, key),
  };
}

/** Resource Manager makes a key that is not there, and neither changes nor deletes one: the vault itself does that. */
export const vaultKeys: ResourceType<z.infer<typeof keyBody>> = {
  type: keyType,
  putStatus: 200,
  body: keyBody,
  provisioningState: false,
  names: { pattern: /^[0-9a-zA-Z-]{1,127}$/, rule: "1-127 letters, digits and hyphens" },
  async fill({ before, after }, sandbox) {
    // A PUT of one that exists is answered with what is there.
    if (before) return before;
    const { kty, curveName, keySize, keyOps, attributes } = after.properties;
    const vault = parentId(after.id);
    const wish = KeyWish.safeParse({ kty, crv: curveName, key_size: keySize, key_ops: keyOps, attributes, tags: after.tags });
    if (!wish.success)
      throw new ArmError(400, "BadRequest", `Property ${wish.error.issues[0]!.path.join(".")}: ${wish.error.issues[0]!.message}`);
    const key = await new Keys(sandbox.db).create(resourceKey(vault), nameOf(after.id), wish.data);
    const location = sandbox.resources.get(vault)?.location;
    return { ...after, ...(location ? { location } : {}), properties: keyProperties(sandbox, vault, key) };
  },
  // Made at the vault itself, a key is there for Resource Manager too.
  find(id, sandbox) {
    const vault = parentId(id);
    const key = new Keys(sandbox.db).versions(resourceKey(vault), nameOf(id)).at(-1);
    return key && { id, name: key.name, type: keyType, properties: keyProperties(sandbox, vault, key) };
  },
  // Its newest version, wherever that was made.
  show(resource, sandbox) {
    const vault = parentId(resource.id);
    const key = new Keys(sandbox.db).versions(resourceKey(vault), resource.name).at(-1);
    return key ? { ...resource, properties: keyProperties(sandbox, vault, key) } : resource;
  },
  remove(key, _sandbox, cascade) {
    if (!cascade)
      throw new ArmError(405, "HttpMethodNotSupported", `Keys are deleted at the vault itself, not through Resource Manager: ${key.name}.`);
  },
};

/** Versions are read here, and made by the key itself. */
export const vaultKeyVersions: ResourceType = {
  type: `${keyType}/versions`,
  body: z.looseObject({}),
  provisioningState: false,
  check() {
    throw new ArmError(
      405,
      "HttpMethodNotSupported",
      "Versions of a key are made at the vault itself, or with the key, not through Resource Manager.",
    );
  },
  find: (id, sandbox) => versionsOf(parentId(id), sandbox).find(({ name }) => name === nameOf(id).toLowerCase()),
  list: (scope, _query, sandbox) => versionsOf(scope, sandbox),
};

function versionsOf(key: string, sandbox: SandboxContext): ArmResource[] {
  const vault = parentId(key);
  return new Keys(sandbox.db).versions(resourceKey(vault), nameOf(key)).map((one) => ({
    id: `${key}/versions/${one.version}`,
    name: one.version,
    type: `${keyType}/versions`,
    properties: keyProperties(sandbox, vault, one),
  }));
}
