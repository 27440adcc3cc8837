// Built-in roles under their real ids (Azure built-in roles page), with the actions that matter here.

interface Role {
  readonly name: string;
  readonly actions: readonly string[];
  readonly dataActions: readonly string[];
  readonly notActions: readonly string[];
}

const ml = "Microsoft.MachineLearningServices";
const blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";
const containers = "Microsoft.Storage/storageAccounts/blobServices/containers";
const role = (name: string, actions: readonly string[], dataActions: readonly string[] = [], notActions: readonly string[] = []): Role => ({
  name,
  actions,
  dataActions,
  notActions,
});

export const builtInRoles: Readonly<Record<string, Role>> = {
  "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": role("Owner", ["*"]),
  "b24988ac-6180-42a0-ab88-20f7382dd24c": role(
    "Contributor",
    ["*"],
    [],
    ["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write", "Microsoft.Authorization/elevateAccess/Action"],
  ),
  "acdd72a7-3385-48ef-bd42-f606fba81ae7": role("Reader", ["*/read"]),
  "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": role("User Access Administrator", ["*/read", "Microsoft.Authorization/*"]),
  "f58310d9-a9f6-439a-9e8d-f62e7b41a168": role("Role Based Access Control Administrator", [
    "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.Authorization/roleAssignments/delete",
    "*/read",
  ]),
  "0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8": role("Azure Kubernetes Service Cluster Admin Role", [
    "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action",
    "Microsoft.ContainerService/managedClusters/accessProfiles/listCredential/action",
    "Microsoft.ContainerService/managedClusters/read",
    "Microsoft.ContainerService/managedClusters/runcommand/action",
  ]),
  "85cb6faf-e071-4c9b-8136-154b5a04f717": role("Kubernetes Extension Contributor", [
    "Microsoft.Authorization/*/read",
    "Microsoft.KubernetesConfiguration/extensions/write",
    "Microsoft.KubernetesConfiguration/extensions/read",
    "Microsoft.KubernetesConfiguration/extensions/delete",
    "Microsoft.KubernetesConfiguration/extensions/operations/read",
  ]),
  "ba92f5b4-2d11-453d-a403-e96b0029c9fe": role(
    "Storage Blob Data Contributor",
    [
      `${containers}/read`,
      `${containers}/write`,
      `${containers}/delete`,
      "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action",
    ],
    [`${blobs}/read`, `${blobs}/write`, `${blobs}/delete`, `${blobs}/move/action`, `${blobs}/add/action`],
  ),
  "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": role(
    "Storage Blob Data Owner",
    [
      "Microsoft.Storage/storageAccounts/blobServices/containers/*",
      "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action",
    ],
    [`${blobs}/*`],
  ),
  "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": role(
    "Storage Blob Data Reader",
    [
      "Microsoft.Storage/storageAccounts/blobServices/containers/read",
      "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action",
    ],
    [`${blobs}/read`],
  ),
  "db58b8e5-c6ad-4a2a-8342-4190687cbf4a": role("Storage Blob Delegator", [
    "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action",
  ]),
  "17d1049b-9a84-46fb-8f53-869881c3d3ab": role("Storage Account Contributor", ["Microsoft.Storage/storageAccounts/*"]),
  "69566ab7-960f-475b-8e7c-b3118f30c6bd": role(
    "Storage File Data Privileged Contributor",
    [],
    ["Microsoft.Storage/storageAccounts/fileServices/fileshares/files/*"],
  ),
  "0c867c2a-1d8c-454a-a3db-ab2ea1bdc8bb": role(
    "Storage File Data SMB Share Contributor",
    [],
    ["Microsoft.Storage/storageAccounts/fileServices/fileshares/files/*"],
  ),
  "974c5e8b-45b9-4653-ba55-5f855dd0fb88": role(
    "Storage Queue Data Contributor",
    ["Microsoft.Storage/storageAccounts/queueServices/queues/*"],
    ["Microsoft.Storage/storageAccounts/queueServices/queues/messages/*"],
  ),
  "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": role(
    "Storage Table Data Contributor",
    ["Microsoft.Storage/storageAccounts/tableServices/tables/*"],
    ["Microsoft.Storage/storageAccounts/tableServices/tables/entities/*"],
  ),
  "7f951dda-4ed3-4680-a7ca-43fe172d538d": role("AcrPull", ["Microsoft.ContainerRegistry/registries/pull/read"]),
  "8311e382-0749-4cb8-b61a-304f252e45ec": role("AcrPush", [
    "Microsoft.ContainerRegistry/registries/pull/read",
    "Microsoft.ContainerRegistry/registries/push/write",
  ]),
  "12338af0-0e69-4776-bea7-57ae8d297424": role(
    "Key Vault Crypto User",
    [],
    [
      "Microsoft.KeyVault/vaults/keys/read",
      "Microsoft.KeyVault/vaults/keys/decrypt/action",
      "Microsoft.KeyVault/vaults/keys/encrypt/action",
      "Microsoft.KeyVault/vaults/keys/wrap/action",
      "Microsoft.KeyVault/vaults/keys/unwrap/action",
      "Microsoft.KeyVault/vaults/keys/sign/action",
      "Microsoft.KeyVault/vaults/keys/verify/action",
    ],
  ),
  "e147488a-f6f5-4113-8e2d-b22465e65bf6": role(
    "Key Vault Crypto Service Encryption User",
    [
      "Microsoft.EventGrid/eventSubscriptions/write",
      "Microsoft.EventGrid/eventSubscriptions/read",
      "Microsoft.EventGrid/eventSubscriptions/delete",
    ],
    ["Microsoft.KeyVault/vaults/keys/read", "Microsoft.KeyVault/vaults/keys/wrap/action", "Microsoft.KeyVault/vaults/keys/unwrap/action"],
  ),
  "00482a5a-887f-4fb3-b363-3b7fe8e74483": role("Key Vault Administrator", ["Microsoft.KeyVault/*/read"], ["Microsoft.KeyVault/vaults/*"]),
  "4633458b-17de-408a-b874-0445c86b69e6": role(
    "Key Vault Secrets User",
    [],
    ["Microsoft.KeyVault/vaults/secrets/getSecret/action", "Microsoft.KeyVault/vaults/secrets/readMetadata/action"],
  ),
  "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": role(
    "Key Vault Secrets Officer",
    ["Microsoft.KeyVault/*/read"],
    ["Microsoft.KeyVault/vaults/secrets/*"],
  ),
  "14b46e9e-c2b7-41b4-b07b-48a6ebf60603": role(
    "Key Vault Crypto Officer",
    ["Microsoft.KeyVault/*/read"],
    ["Microsoft.KeyVault/vaults/keys/*"],
  ),
  "f25e0fa2-a7c8-4377-a976-54943a77a395": role("Key Vault Contributor", ["Microsoft.KeyVault/*"]),
  "21090545-7ca7-4776-b22c-e363652d74d2": role("Key Vault Reader", ["Microsoft.KeyVault/*/read"], ["Microsoft.KeyVault/vaults/*/read"]),
  "f6c7c914-8db3-469d-8ca1-694a8f32e121": role(
    "AzureML Data Scientist",
    [`${ml}/workspaces/*/read`, `${ml}/workspaces/*/action`, `${ml}/workspaces/*/delete`, `${ml}/workspaces/*/write`],
    [],
    [
      `${ml}/workspaces/delete`,
      `${ml}/workspaces/write`,
      `${ml}/workspaces/computes/*/write`,
      `${ml}/workspaces/computes/*/delete`,
      `${ml}/workspaces/computes/listKeys/action`,
      `${ml}/workspaces/listKeys/action`,
      `${ml}/workspaces/hubs/write`,
      `${ml}/workspaces/hubs/delete`,
      `${ml}/workspaces/featurestores/write`,
      `${ml}/workspaces/featurestores/delete`,
    ],
  ),
  "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815": role("AzureML Compute Operator", [
    `${ml}/workspaces/computes/*`,
    `${ml}/workspaces/notebooks/vm/*`,
  ]),
  "1823dd4f-9b8c-4ab6-ab4e-7397a3684615": role("AzureML Registry User", [`${ml}/registries/read`, `${ml}/registries/assets/*`]),
  "635dd51f-9968-44d3-b7fb-6d9a6bd613ae": role("AzureML Metrics Writer (preview)", [`${ml}/workspaces/metrics/*/write`]),
  "b78c5d69-af96-48a3-bf8d-a8b4d589de94": role("Azure AI Administrator", [`${ml}/*`]),
  "73c42c96-874c-492b-b04d-ab87d138a893": role("Log Analytics Reader", [
    "*/read",
    "Microsoft.OperationalInsights/workspaces/search/action",
  ]),
  "92aaf0da-9dab-42b6-94a3-d43ce8d16293": role("Log Analytics Contributor", ["*/read", "Microsoft.OperationalInsights/*"]),
  "3913510d-42f4-4e42-8a64-420c390055eb": role("Monitoring Metrics Publisher", [], ["Microsoft.Insights/Metrics/Write"]),
  "749f88d5-cbae-40b8-bcfc-e573ddc772fa": role("Monitoring Contributor", ["*/read", "Microsoft.Insights/*"]),
  "43d0d8ad-25c7-4714-9337-8ba259a9fe05": role("Monitoring Reader", ["*/read"]),
  "f1a07417-d97a-45cb-824c-7a7467783830": role("Managed Identity Operator", [
    "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
    "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
  ]),
  "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59": role("Managed Identity Contributor", ["Microsoft.ManagedIdentity/userAssignedIdentities/*"]),
  "428e0ff0-5e57-4d9c-a221-2c70d0e0a443": role("EventGrid EventSubscription Contributor", [
    "Microsoft.Authorization/*/read",
    "Microsoft.EventGrid/eventSubscriptions/*",
    "Microsoft.EventGrid/systemTopics/eventSubscriptions/*",
    "Microsoft.EventGrid/partnerTopics/eventSubscriptions/*",
    "Microsoft.EventGrid/topicTypes/eventSubscriptions/read",
    "Microsoft.EventGrid/locations/eventSubscriptions/read",
    "Microsoft.EventGrid/locations/topicTypes/eventSubscriptions/read",
    "Microsoft.Insights/alertRules/*",
    "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Support/*",
  ]),
  "d5a91429-5739-47e2-a06b-3470a27159e7": role("EventGrid Data Sender", [], ["Microsoft.EventGrid/events/send/action"]),
  "1e241071-0855-49ea-94dc-649edcd759de": role("EventGrid Contributor", ["Microsoft.EventGrid/*"]),
  "87a39d53-fc1b-424a-814c-f7e04687dc9e": role("Logic App Contributor", ["Microsoft.Logic/*"]),
  "4d97b98b-1d4f-4787-a291-c67834d212e7": role("Network Contributor", ["Microsoft.Network/*"]),
};
