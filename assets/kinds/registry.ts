// Registries (`az ml registry`). https://learn.microsoft.com/azure/machine-learning/reference-yaml-registry; REST Registry 2022-10-01-preview.
import { pascal } from "../common/identity.ts";
import { namedValues, list, object, union, type Entity } from "../schema/compound.ts";
import { readOnly, required } from "../schema/field.ts";
import { any, bool, checked, int, oneOf, str, text } from "../schema/scalars.ts";
import { defineKind } from "./kind.ts";

const storageId = text(
  /^\/subscriptions\/.*\/resourceGroups\/.*\/providers\/Microsoft\.Storage\/storageAccounts\/.*/,
  "the ARM id of a storage account",
  "write /subscriptions/…/providers/Microsoft.Storage/storageAccounts/<name>",
);
const registryId = text(
  /^\/subscriptions\/.*\/resourceGroups\/.*\/providers\/Microsoft\.ContainerRegistry\/registries\/.*/,
  "the ARM id of a container registry",
  "write /subscriptions/…/providers/Microsoft.ContainerRegistry/registries/<name>",
);

const systemStorage = object({
  arm_resource_id: readOnly(any),
  storage_account_hns: bool,
  storage_account_type: oneOf([
    "standard_lrs",
    "standard_grs",
    "standard_ragrs",
    "standard_zrs",
    "standard_gzrs",
    "standard_ragzrs",
    "premium_lrs",
    "premium_zrs",
  ]),
  replication_count: checked(int, (count, at) => {
    if (Number(count) < 1 || Number(count) > 100) at.fail("must be from 1 to 100", "remove it for one account", count);
  }),
  replicated_ids: readOnly(any),
});

const fields = {
  name: required(str),
  id: str,
  description: str,
  tags: namedValues,
  location: required(str),
  public_network_access: oneOf(["disabled", "enabled"]),
  replication_locations: required(list(object({ location: str, storage_config: union(systemStorage, list(storageId)) }))),
  intellectual_property: object({ publisher: str }),
  container_registry: union(registryId, object({ arm_resource_id: readOnly(any), acr_account_sku: required(oneOf(["premium"])) })),
  identity: readOnly(any),
  kind: readOnly(any),
  sku: readOnly(any),
  managed_resource_group: readOnly(any),
  mlflow_registry_uri: readOnly(any),
  discovery_url: readOnly(any),
} as const;

export type RegistryEntity = Entity<typeof fields>;
type Location = RegistryEntity["replication_locations"][number];

export const registry = defineKind<RegistryEntity>({
  kind: "registry",
  noun: "registry",
  field: object(fields, { pathAware: true }),
  build(entity) {
    const tags = entity.tags ?? {};
    const acr =
      typeof entity.container_registry === "string"
        ? { userCreatedAcrAccount: { armResourceId: { resourceId: entity.container_registry } } }
        : { systemCreatedAcrAccount: { acrAccountSku: "Premium" } };
    return {
      name: entity.name,
      version: null,
      body: {
        location: entity.location,
        identity: { type: "SystemAssigned" },
        tags,
        properties: {
          publicNetworkAccess: pascal(entity.public_network_access),
          intellectualPropertyPublisher: entity.intellectual_property?.publisher,
          regionDetails: entity.replication_locations.map((place) => ({
            acrDetails: [acr],
            location: place.location,
            storageAccountDetails: storage(place.storage_config),
          })),
          managedResourceGroupTags: tags,
        },
      },
    };
  },
});

function storage(config: Location["storage_config"]): unknown[] {
  if (Array.isArray(config)) return config.map((id) => ({ userCreatedStorageAccount: { armResourceId: { resourceId: id } } }));
  const account = {
    systemCreatedStorageAccount: {
      storageAccountHnsEnabled: config?.storage_account_hns ?? false,
      storageAccountType: config?.storage_account_type ?? "standard_lrs",
    },
  };
  return Array.from({ length: Number(config?.replication_count ?? 1) }, () => account);
}
