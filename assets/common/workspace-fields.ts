// What workspaces of all kinds (plain, hub, project, feature store) have.
import { dict, object, type Entity } from "../schema/compound.ts";
import { nullable, required } from "../schema/field.ts";
import { bool, camelToSnake, oneOf, str, text, url } from "../schema/scalars.ts";
import { pascal } from "./identity.ts";
import { managedNetwork, networkBody } from "./managed-network.ts";

export const armId = text(
  /^\/subscriptions\/[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}\/resourcegroups\/.*\/providers\/[a-z.]*\/[a-z]*\/.*$/i,
  "a full ARM id",
  "write /subscriptions/<id>/resourceGroups/<group>/providers/<provider>/<type>/<name>",
);

const workspaceIdentity = object({
  type: required(
    oneOf(["system_assigned", "user_assigned", "none", "system_assigned,user_assigned"], {
      transform: (value) =>
        value
          .split(",")
          .map((part) => camelToSnake(part.trim()))
          .join(","),
    }),
  ),
  principal_id: str,
  tenant_id: str,
  user_assigned_identities: nullable(dict(nullable(object({ principal_id: str, client_id: str, resource_id: str })))),
});

const customerManagedKey = object({ key_vault: str, key_uri: url, cosmosdb_id: str, storage_id: str, search_id: str });

/** The fields of every kind. */
export const workspaceFields = {
  name: required(str),
  location: str,
  resource_group: str,
  description: str,
  display_name: str,
  hbi_workspace: bool,
  storage_account: armId,
  container_registry: armId,
  key_vault: armId,
  application_insights: armId,
  customer_managed_key: customerManagedKey,
  tags: dict(str),
  image_build_compute: str,
  public_network_access: oneOf(["disabled", "enabled"]),
  identity: workspaceIdentity,
  primary_user_assigned_identity: str,
  managed_network: managedNetwork,
} as const;
type Common = Entity<typeof workspaceFields>;

/** The request of a workspace, with what one kind adds to its properties. */
export function workspaceBody(entity: Common, kind: string, more: Record<string, unknown>): Record<string, unknown> {
  return {
    location: entity.location,
    tags: entity.tags ?? {},
    kind,
    identity: identityOf(entity.identity),
    properties: {
      description: entity.description,
      friendlyName: entity.display_name,
      keyVault: entity.key_vault,
      applicationInsights: entity.application_insights,
      containerRegistry: entity.container_registry,
      storageAccount: entity.storage_account,
      hbiWorkspace: entity.hbi_workspace ?? false,
      imageBuildCompute: entity.image_build_compute,
      publicNetworkAccess: pascal(entity.public_network_access),
      primaryUserAssignedIdentity: entity.primary_user_assigned_identity,
      managedNetwork: entity.managed_network && networkBody(entity.managed_network),
      encryption: entity.customer_managed_key && encryptionBody(entity.customer_managed_key),
      ...more,
    },
  };
}

// The SDK writes the words with one capital only ("Systemassigned"); Azure does not mind the case.
function identityOf(value: Common["identity"]): unknown {
  if (!value) return null;
  const type = value.type
    .split(",")
    .map((part) => pascal(part.replaceAll("_", "")))
    .join(",");
  const given = Object.entries(value.user_assigned_identities ?? {}).filter(([, meta]) => meta);
  return {
    type,
    // Their ids are Azure's to say.
    userAssignedIdentities: given.length ? Object.fromEntries(given.map(([id]) => [id, {}])) : null,
  };
}

const encryptionBody = (value: NonNullable<Common["customer_managed_key"]>): unknown => ({
  status: "Enabled",
  keyVaultProperties: { keyVaultArmId: value.key_vault, keyIdentifier: value.key_uri },
  cosmosDbArmId: value.cosmosdb_id,
  storageAccountArmId: value.storage_id,
  searchAccountArmId: value.search_id,
});
