// The storage and the key that Pulumi's own state needs. No Pulumi here: it would need what is made here.
import { createHash } from "node:crypto";
import { callerOf } from "../../azure/caller.ts";
import { type Azure, connect } from "../../azure/client.ts";
import { AzureError } from "../../azure/errors.ts";
import { stateNames, suffixOf } from "../../settings/names.ts";
import { CommandError } from "../command.ts";
import type { Target } from "../target.ts";

export interface BootstrapArgs {
  readonly location: string;
  readonly prefix: string;
}

export interface Bootstrapped {
  /** https://www.pulumi.com/docs/iac/concepts/state-and-backends/#azure-blob-storage */
  readonly backendUrl: string;
  /** https://www.pulumi.com/docs/iac/concepts/secrets/#azure-key-vault; null where there is no key. */
  readonly secretsProvider: string | null;
  /** Why there is none. */
  readonly withoutKey: string | null;
  readonly resourceGroup: string;
  readonly account: string;
  readonly container: string;
  readonly vault: string;
}

const api = { resources: "2024-03-01", storage: "2023-05-01", vault: "2023-07-01", roles: "2022-04-01" } as const;
const roleIds = {
  "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
  "Key Vault Crypto User": "12338af0-0e69-4776-bea7-57ae8d297424",
} as const;

/** Makes what is missing and mends what differs. May be killed at any moment and run again. */
export async function bootstrapState(
  target: Target,
  { location, prefix }: BootstrapArgs,
  report: (line: string) => void,
): Promise<Bootstrapped> {
  if (!/^[a-z][a-z0-9]{1,8}$/.test(prefix))
    throw new CommandError(`--prefix is "${prefix}"; it must be 2 to 9 lower-case letters and digits and begin with a letter`);
  const azure = await connect(target.env);
  const names = stateNames({ prefix }, suffixOf(azure.subscriptionId));
  const group = `/subscriptions/${azure.subscriptionId}/resourceGroups/${names.resourceGroup}`;
  const account = `${group}/providers/Microsoft.Storage/storageAccounts/${names.account}`;
  const vault = `${group}/providers/Microsoft.KeyVault/vaults/${names.vault}`;
  const tags = { project: prefix, stage: "state", managedBy: "mlops-bootstrap" };

  report(`resource group ${names.resourceGroup}`);
  await azure.put(group, { location, tags }, { apiVersion: api.resources });
  report(`storage account ${names.account}`);
  await azure.put(account, storageBody(location, tags), { apiVersion: api.storage });
  // Every state is kept for a while after it was overwritten or deleted: the way back from a bad day.
  const keep = { enabled: true, days: 30 };
  await azure.put(
    `${account}/blobServices/default`,
    { properties: { isVersioningEnabled: true, deleteRetentionPolicy: keep, containerDeleteRetentionPolicy: keep } },
    { apiVersion: api.storage },
  );
  await azure.put(
    `${account}/blobServices/default/containers/${names.container}`,
    { properties: { publicAccess: "None" } },
    { apiVersion: api.storage },
  );
  await expireOldVersions(azure, account);

  report(`vault ${names.vault}`);
  const { tenantId } = await azure.get<{ tenantId?: string }>(`/subscriptions/${azure.subscriptionId}`, { apiVersion: "2022-12-01" });
  await azure.put(vault, vaultBody(location, tags, tenantId ?? (await tenantOf(azure))), { apiVersion: api.vault });
  const withoutKey = await makeKey(azure, `${vault}/keys/${names.key}`);

  const caller = await callerOf(azure);
  for (const [role, scope] of [
    ["Storage Blob Data Contributor", account],
    ["Key Vault Crypto User", vault],
  ] as const) {
    report(`role ${role} for ${caller.name}`);
    await giveRole(azure, scope, role, caller.id);
  }
  return {
    backendUrl: `azblob://${names.container}?storage_account=${names.account}`,
    secretsProvider: withoutKey === null ? `azurekeyvault://${names.vault}.vault.azure.net/keys/${names.key}` : null,
    withoutKey,
    ...{ resourceGroup: names.resourceGroup, account: names.account, container: names.container, vault: names.vault },
  };
}

const storageBody = (location: string, tags: Record<string, string>) => ({
  location,
  tags,
  kind: "StorageV2",
  // The state is small and dear: three zones.
  sku: { name: "Standard_ZRS" },
  properties: {
    allowSharedKeyAccess: false,
    allowBlobPublicAccess: false,
    defaultToOAuthAuthentication: true,
    minimumTlsVersion: "TLS1_2",
    supportsHttpsTrafficOnly: true,
    publicNetworkAccess: "Enabled",
  },
});

const vaultBody = (location: string, tags: Record<string, string>, tenantId: string) => ({
  location,
  tags,
  properties: {
    tenantId,
    sku: { family: "A", name: "standard" },
    enableRbacAuthorization: true,
    enableSoftDelete: true,
    // Without its key the secrets in the state cannot be read again, ever.
    enablePurgeProtection: true,
    softDeleteRetentionInDays: 90,
  },
});

/** Versions older than 90 days go, or the container grows by the size of the state with each step of each update. */
async function expireOldVersions(azure: Azure, account: string): Promise<void> {
  const rule = {
    enabled: true,
    name: "old-versions",
    type: "Lifecycle",
    definition: { filters: { blobTypes: ["blockBlob"] }, actions: { version: { delete: { daysAfterCreationGreaterThan: 90 } } } },
  };
  await azure.put(`${account}/managementPolicies/default`, { properties: { policy: { rules: [rule] } } }, { apiVersion: api.storage });
}

/** Keys cannot be changed by Resource Manager, only made. Null when it is there; else why it cannot be. */
async function makeKey(azure: Azure, id: string): Promise<string | null> {
  try {
    const body = { properties: { kty: "RSA", keySize: 3072, keyOps: ["encrypt", "decrypt", "wrapKey", "unwrapKey"] } };
    await azure.put(id, body, { apiVersion: api.vault });
    return null;
  } catch (error) {
    if (error instanceof AzureError && error.code === "NotModeledInSandbox") return "the sandbox's vaults have no keys that encrypt";
    throw error;
  }
}

async function tenantOf(azure: Azure): Promise<string> {
  const claims = JSON.parse(
    Buffer.from((await azure.token(azure.cloud.resourceManagerScope)).split(".")[1]!, "base64url").toString("utf8"),
  ) as { tid?: string };
  if (!claims.tid) throw new CommandError("the access token names no tenant (claim tid)", "Sign in again: az login --tenant …");
  return claims.tid;
}

/** The same name each time, so that giving it again is no second assignment; one made by hand is as good. */
async function giveRole(azure: Azure, scope: string, role: keyof typeof roleIds, principalId: string): Promise<void> {
  const hex = createHash("sha256").update(`${scope}/${role}/${principalId}`.toLowerCase()).digest("hex");
  const name = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  const roleDefinitionId = `/subscriptions/${azure.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${roleIds[role]}`;
  try {
    await azure.put(
      `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`,
      { properties: { roleDefinitionId, principalId } },
      { apiVersion: api.roles },
    );
  } catch (error) {
    if (!(error instanceof AzureError && error.code === "RoleAssignmentExists")) throw error;
  }
}
