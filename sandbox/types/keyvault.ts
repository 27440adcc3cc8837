// Microsoft.KeyVault (API 2023-07-01): vaults, with soft delete and purge protection. Secrets, keys and certificates are not modelled.
import { z } from "zod";
import { ArmError } from "../core.ts";
import type { ResourceType } from "../core.ts";
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
  fill({ before, after }, _sandbox) {
    const { createMode: _, ...given } = withoutNulls(after.properties);
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
        vaultUri: `https://${after.name.toLowerCase()}.vault.azure.net/`,
      },
    };
  },
};
