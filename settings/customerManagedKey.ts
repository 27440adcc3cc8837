// Settings of a key of one's own, which the stage's data is encrypted with instead of by Microsoft's.
import { z } from "zod";

/** Fields as in an `az ml` workspace file's `customer_managed_key`; Azure takes it only while the workspace is made. */
export const customerManagedKey = z
  .strictObject({
    /** Vault with purge protection, in the same subscription; neither the stage's own nor behind a firewall. */
    keyVault: z
      .string()
      .regex(
        /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.KeyVault\/vaults\/[^/]+$/i,
        "must be a vault's id: /subscriptions/…/resourceGroups/…/providers/Microsoft.KeyVault/vaults/…",
      ),
    /** One version of an RSA key in it. */
    keyUri: z
      .string()
      .regex(
        /^https:\/\/[^/]+\/keys\/[0-9a-zA-Z-]{1,127}\/[0-9a-f]{32}$/i,
        "must be a key with its version: https://VAULT.vault.azure.net/keys/NAME/VERSION",
      ),
    /** Entra object ids of others that use it: Azure Cosmos DB's, which keeps the workspace's metadata (docs/safekeeping.md). */
    alsoUsedBy: z.array(z.uuid("must be an Entra object id (a GUID)")).default([]),
  })
  .optional();

/** The parts of a `keyUri`: `https://VAULT.vault.azure.net`, name and version of the key. */
export function keyParts(keyUri: string): { vault: string; name: string; version: string } {
  const { origin, pathname } = new URL(keyUri);
  const [, , name = "", version = ""] = pathname.split("/");
  return { vault: origin, name, version };
}

export type CustomerManagedKey = NonNullable<z.infer<typeof customerManagedKey>>;
