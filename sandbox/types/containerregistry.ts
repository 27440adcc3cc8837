// Microsoft.ContainerRegistry (API 2023-07-01): registries and their admin credentials. Images are not kept.
import { createHmac } from "node:crypto";
import { z } from "zod";
import { ArmError } from "../core.ts";
import type { ArmResource, ResourceType, SandboxContext } from "../core.ts";
import { secretSetting } from "../state/database.ts";
import { identity, tags } from "./shapes.ts";
import { keyTrouble } from "../vault/customerKey.ts";
import { withoutNulls } from "./storage.ts";

const encryption = z.looseObject({
  status: z.enum(["enabled", "disabled"]).nullish(),
  keyVaultProperties: z.looseObject({ keyIdentifier: z.string().nullish(), identity: z.string().nullish() }).nullish(),
});
type Encryption = z.infer<typeof encryption>;

const body = z.looseObject({
  location: z.string().optional(),
  tags,
  identity,
  sku: z.looseObject({ name: z.enum(["Basic", "Standard", "Premium"]) }),
  properties: z
    .looseObject({
      adminUserEnabled: z.boolean().nullish(),
      anonymousPullEnabled: z.boolean().nullish(),
      publicNetworkAccess: z.enum(["Enabled", "Disabled"]).nullish(),
      encryption: encryption.nullish(),
    })
    .nullish(),
});

/**
 * The key: https://learn.microsoft.com/azure/container-registry/tutorial-customer-managed-keys. The last message is Azure's own, also for a vault
 * behind a firewall, which a user-assigned identity does not come through (MicrosoftDocs/azure-docs issue 61015).
 */
function checkKey(before: ArmResource | undefined, after: ArmResource, sandbox: SandboxContext): void {
  const encryptionOf = (one: ArmResource | undefined) => one?.properties["encryption"] as Encryption | null | undefined;
  const on = (one: ArmResource | undefined): boolean => encryptionOf(one)?.status === "enabled";
  const refuse = (code: string, message: string): never => {
    throw new ArmError(400, code, message, { target: "properties.encryption" });
  };
  if (before && on(before) !== on(after))
    refuse(
      "EncryptionCannotBeChanged",
      "A customer-managed key is enabled when a registry is created; it can neither be enabled nor disabled afterwards.",
    );
  if (!on(after)) return;
  if (after.sku?.["name"] !== "Premium")
    refuse("EncryptionNotSupported", "Customer-managed keys are supported for the 'Premium' tier only.");
  const { keyIdentifier = "", identity: clientId } = encryptionOf(after)?.keyVaultProperties ?? {};
  const given = Object.values(
    (after.identity?.["userAssignedIdentities"] ?? {}) as Record<string, { principalId?: string; clientId?: string }>,
  );
  const principalId = given.find((one) => one.clientId === clientId)?.principalId;
  if (keyTrouble(sandbox, { keyUri: keyIdentifier ?? "", principalId }))
    refuse(
      "CMK_ERROR",
      `Failed to access KeyId '${keyIdentifier}'. Verify that identity '${clientId}' has 'Get, Wrap Key, Unwrap Key' permission on key '${keyIdentifier}'. For more information on bring your own key, please visit 'https://aka.ms/acr/cmk'.`,
    );
}

export const containerRegistries: ResourceType<z.infer<typeof body>> = {
  type: "Microsoft.ContainerRegistry/registries",
  body,
  tracked: true,
  latencySeconds: 25,
  names: { pattern: /^[a-zA-Z0-9]{5,50}$/, rule: "5-50 letters and digits" },
  globalName: {
    code: "AlreadyInUse",
    message: (name) =>
      `The registry DNS name ${name.toLowerCase()}.azurecr.io is already in use. You can check if the name is already claimed using following API: https://docs.microsoft.com/en-us/rest/api/containerregistry/registries/checknameavailability`,
  },
  check({ before, after }, sandbox) {
    checkKey(before, after, sandbox);
    if (after.sku?.["name"] !== "Premium" && after.properties["publicNetworkAccess"] === "Disabled") {
      throw new ArmError(
        400,
        "InvalidPublicNetworkAccess",
        "The value 'Disabled' of publicNetworkAccess is supported for the 'Premium' tier only.",
        { target: "properties.publicNetworkAccess" },
      );
    }
  },
  fill: ({ before, after }) => ({
    ...after,
    sku: { ...after.sku, tier: after.sku!["name"] },
    properties: {
      adminUserEnabled: false,
      anonymousPullEnabled: false,
      dataEndpointEnabled: false,
      publicNetworkAccess: "Enabled",
      zoneRedundancy: "Disabled",
      ...withoutNulls(after.properties),
      loginServer: `${after.name.toLowerCase()}.azurecr.io`,
      creationDate: before?.properties["creationDate"] ?? new Date().toISOString(),
    },
  }),
  actions: {
    listCredentials: (resource, _body, sandbox) => ({ body: credentials(resource, sandbox) }),
  },
};

function credentials(resource: ArmResource, sandbox: SandboxContext): object {
  if (resource.properties["adminUserEnabled"] !== true) {
    throw new ArmError(
      400,
      "UnAuthorizedForCredentialOperations",
      `Cannot perform credential operations for ${resource.id} as admin user is disabled. Kindly enable admin user as per docs: https://docs.microsoft.com/en-us/azure/container-registry/container-registry-authentication#admin-account`,
    );
  }
  const password = (which: string): string =>
    createHmac("sha256", secretSetting(sandbox.db, "acr.secret")).update(`${resource.name}/${which}`).digest("base64url");
  return {
    username: resource.name,
    passwords: [
      { name: "password", value: password("1") },
      { name: "password2", value: password("2") },
    ],
  };
}
