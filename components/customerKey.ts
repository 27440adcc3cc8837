// A key of one's own that storage, images and workspace metadata are encrypted with: who may use it, and what each of the three says of it.
import { ComponentResource } from "@pulumi/pulumi";
import type { ComponentResourceOptions, CustomResourceOptions, Input } from "@pulumi/pulumi";
import { keyParts } from "../settings/customerManagedKey.ts";
import type { ContainerRegistryArgs, MlWorkspaceArgs, StorageAccountArgs, UserAssignedIdentity } from "./azure.ts";
import { RolesInForce } from "./mlops.ts";
import { grant } from "./roles.ts";

export interface CustomerKeyArgs {
  /** Id of a vault with purge protection, in the same subscription. */
  readonly keyVault: string;
  /** One version of an RSA key in it: `https://VAULT.vault.azure.net/keys/NAME/VERSION` */
  readonly keyUri: string;
  /** Entra object ids of others that use the key. */
  readonly alsoUsedBy: readonly string[];
  /** Reads, wraps and unwraps with the key for all three. */
  readonly identity: UserAssignedIdentity;
  readonly subscriptionId: Input<string>;
  /** Sets the role assignments' names apart from those of other stages. */
  readonly seed: string;
}

/**
 * The key is neither made nor kept here: who guards it is somebody else than who runs `up`.
 * https://learn.microsoft.com/azure/machine-learning/how-to-setup-customer-managed-keys,
 * https://learn.microsoft.com/azure/storage/common/customer-managed-keys-overview,
 * https://learn.microsoft.com/azure/container-registry/tutorial-customer-managed-keys
 */
export class CustomerKey extends ComponentResource {
  /** Who is encrypted with the key has to depend on it: Azure tries the key at once. */
  readonly inForce: RolesInForce;
  readonly storage: Pick<StorageAccountArgs, "identity" | "encryption">;
  /** Only tier Premium has it. */
  readonly images: Pick<ContainerRegistryArgs, "sku" | "identity" | "encryption">;
  readonly workspace: Pick<MlWorkspaceArgs, "encryption">;

  constructor(name: string, args: CustomerKeyArgs, opts?: ComponentResourceOptions) {
    super("mlops:workspace:CustomerKey", name, {}, opts);
    const child: CustomResourceOptions = { parent: this };
    const { keyVault, keyUri, identity, subscriptionId } = args;
    const { vault: keyVaultUri, name: keyName, version: keyVersion } = keyParts(keyUri);

    const use = (who: string, principalId: Input<string>) =>
      grant(
        `${name}-key-${who}`,
        {
          ...{ role: "Key Vault Crypto Service Encryption User" as const, scope: `${keyVault}/keys/${keyName}` },
          ...{ principalId, principalType: "ServicePrincipal" as const, subscriptionId },
        },
        { ...child, seed: args.seed },
      );
    const grants = [use("identity", identity.principalId), ...[...new Set(args.alsoUsedBy)].map((id) => use(id.slice(0, 8), id))];
    this.inForce = new RolesInForce(`${name}-key-roles`, { assignments: grants.map(({ id }) => id) }, child);

    this.storage = {
      identity: { type: "UserAssigned", userAssignedIdentities: [identity.id] },
      encryption: {
        keySource: "Microsoft.Keyvault",
        encryptionIdentity: { encryptionUserAssignedIdentity: identity.id },
        keyVaultProperties: { keyVaultUri, keyName, keyVersion },
      },
    };
    this.images = {
      sku: { name: "Premium" },
      // Here azure-native wants what Azure's own body has.
      identity: { type: "UserAssigned" as const, userAssignedIdentities: identity.id.apply((id) => ({ [id]: {} })) },
      encryption: { status: "enabled", keyVaultProperties: { keyIdentifier: keyUri, identity: identity.clientId } },
    };
    this.workspace = {
      encryption: {
        status: "Enabled",
        identity: { userAssignedIdentity: identity.id },
        keyVaultProperties: { keyVaultArmId: keyVault, keyIdentifier: keyUri },
      },
    };
    this.registerOutputs({});
  }
}
