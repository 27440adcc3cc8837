// The key of one's own that a storage account is encrypted with (API 2023-05-01): what it says of it, and why it is refused.
import { z } from "zod";
import { ArmError } from "../core.ts";
import type { ArmResource, SandboxContext } from "../core.ts";
import { keyTrouble, keyUser } from "../vault/customerKey.ts";
import type { KeyTrouble } from "../vault/customerKey.ts";

export const encryption = z.looseObject({
  keySource: z.enum(["Microsoft.Storage", "Microsoft.Keyvault"]).nullish(),
  identity: z.looseObject({ userAssignedIdentity: z.string().nullish() }).nullish(),
  keyvaultproperties: z
    .looseObject({ keyname: z.string().nullish(), keyvaulturi: z.string().nullish(), keyversion: z.string().nullish() })
    .nullish(),
});

/**
 * As public reports have it of Azure Storage (azure-cli issues 12346 and 17914, Terraform's and Bicep's users). It is a service that vaults trust,
 * and so comes through their firewalls.
 */
const keySaid: Readonly<Record<Exclude<KeyTrouble, "closed">, readonly [code: string, message: string]>> = {
  vault: ["KeyVaultVaultNotFound", "The key vault is not found for encryption."],
  recoverable: ["KeyVaultPolicyError", "Keyvault policy recoverable is not set"],
  key: ["KeyVaultEncryptionKeyNotFound", "The key vault key is not found to unwrap the encryption key."],
  type: ["KeyVaultEncryptionKeyNotFound", "The key vault key is not of a type that wraps keys; it must be RSA."],
  unusable: ["KeyVaultEncryptionKeyNotFound", "The key vault key is disabled, expired, or may not wrap and unwrap keys."],
  role: [
    "KeyVaultAuthenticationFailure",
    "The operation failed because of authentication issue on the keyvault. For more information, see - https://aka.ms/storagekeyvaultaccesspolicy",
  ],
};

/** @throws ArmError when the account could not read its key */
export function checkKey(account: ArmResource, sandbox: SandboxContext): void {
  const asked = account.properties["encryption"] as z.infer<typeof encryption> | null | undefined;
  if (asked?.keySource !== "Microsoft.Keyvault") return;
  const { keyname, keyvaulturi, keyversion } = asked.keyvaultproperties ?? {};
  const keyUri = [`${String(keyvaulturi).replace(/\/$/, "")}/keys`, keyname, keyversion].filter(Boolean).join("/");
  const trouble = keyTrouble(sandbox, { keyUri, principalId: keyUser(account, asked.identity?.userAssignedIdentity) });
  if (!trouble || trouble === "closed") return;
  const [code, message] = keySaid[trouble];
  throw new ArmError(400, code, message, { target: "properties.encryption" });
}
