// Workspaces (`az ml workspace`). https://learn.microsoft.com/azure/machine-learning/reference-yaml-workspace; REST Workspace 2024-10-01-preview.
// The SDK creates one through a template of its own that also makes storage, vault and insights where none is named.
import { pascal } from "../common/identity.ts";
import { dict, list, object, union, type Entity } from "../schema/compound.ts";
import { nullable, readOnly, required } from "../schema/field.ts";
import { any, bool, camelToSnake, exactly, oneOf, str, text, url } from "../schema/scalars.ts";
import { defineKind, type Build } from "./kind.ts";

const armId = text(
  /^\/subscriptions\/[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}\/resourcegroups\/.*\/providers\/[a-z.]*\/[a-z]*\/.*$/i,
  "a full ARM id",
  "write /subscriptions/<id>/resourceGroups/<group>/providers/<provider>/<type>/<name>",
);

const rule = { name: required(str), parent_rule_names: readOnly(any), category: readOnly(any), status: readOnly(any) } as const;
const drop = { unknown: "drop" } as const;
const outboundRule = union(
  object(
    {
      ...rule,
      type: any,
      destination: required(
        object({ service_resource_id: required(str), subresource_target: required(str), spark_enabled: required(bool) }),
      ),
      fqdns: list(str),
    },
    drop,
  ),
  object(
    {
      ...rule,
      type: any,
      destination: required(
        object({ service_tag: required(str), protocol: required(str), port_ranges: required(str), address_prefixes: list(str) }),
      ),
    },
    drop,
  ),
  object({ ...rule, type: any, destination: required(str) }, drop),
);

const fields = {
  name: required(str),
  location: str,
  id: readOnly(any),
  resource_group: str,
  description: str,
  discovery_url: str,
  display_name: str,
  hbi_workspace: bool,
  storage_account: armId,
  container_registry: armId,
  key_vault: armId,
  application_insights: armId,
  customer_managed_key: object({ key_vault: str, key_uri: url, cosmosdb_id: str, storage_id: str, search_id: str }),
  tags: dict(str),
  mlflow_tracking_uri: readOnly(any),
  image_build_compute: str,
  public_network_access: oneOf(["disabled", "enabled"]),
  network_acls: object(
    {
      default_action: required(exactly(["Deny", "Allow"])),
      ip_rules: nullable(list(object({ value: required(str) }, { pathAware: true }))),
    },
    { pathAware: true },
  ),
  system_datastores_auth_mode: str,
  identity: object({
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
  }),
  primary_user_assigned_identity: str,
  workspace_hub: armId,
  managed_network: object(
    {
      isolation_mode: required(oneOf(["disabled", "allow_internet_outbound", "allow_only_approved_outbound"], { transform: camelToSnake })),
      outbound_rules: nullable(list(outboundRule)),
      firewall_sku: oneOf(["standard", "basic"], { transform: camelToSnake }),
      network_id: readOnly(any),
      status: any,
    },
    drop,
  ),
  provision_network_now: bool,
  enable_data_isolation: bool,
  allow_roleassignment_on_rg: bool,
  serverless_compute: object({ custom_subnet: nullable(str), no_public_ip: bool }, { pathAware: true }),
} as const;

export type WorkspaceEntity = Entity<typeof fields>;

export const workspace = defineKind<WorkspaceEntity>({
  kind: "workspace",
  noun: "workspace",
  field: object(fields, { pathAware: true }),
  build(entity, build) {
    checkAcls(entity, build);
    return {
      name: entity.name,
      version: null,
      body: {
        location: entity.location,
        tags: entity.tags ?? {},
        kind: entity.workspace_hub ? "project" : "default",
        identity: identityOf(entity.identity),
        properties: {
          description: entity.description,
          friendlyName: entity.display_name,
          keyVault: entity.key_vault,
          applicationInsights: entity.application_insights,
          containerRegistry: entity.container_registry,
          storageAccount: entity.storage_account,
          discoveryUrl: entity.discovery_url,
          hbiWorkspace: entity.hbi_workspace ?? false,
          imageBuildCompute: entity.image_build_compute,
          publicNetworkAccess: pascal(entity.public_network_access),
          primaryUserAssignedIdentity: entity.primary_user_assigned_identity,
          managedNetwork: entity.managed_network && networkBody(entity.managed_network),
          provisionNetworkNow: entity.provision_network_now,
          systemDatastoresAuthMode: entity.system_datastores_auth_mode,
          enableDataIsolation: entity.enable_data_isolation ?? false,
          hubResourceId: entity.workspace_hub,
          serverlessComputeSettings: entity.serverless_compute && serverlessBody(entity.serverless_compute),
          allowRoleAssignmentOnRG: entity.allow_roleassignment_on_rg,
          encryption: entity.customer_managed_key && encryptionBody(entity.customer_managed_key),
          networkAcls: entity.network_acls && { defaultAction: entity.network_acls.default_action, ipRules: entity.network_acls.ip_rules },
        },
      },
    };
  },
});

function checkAcls({ network_acls: acls, serverless_compute: serverless }: WorkspaceEntity, build: Build): void {
  if (acls?.default_action === "Deny" && !acls.ip_rules?.length)
    build.problem(["network_acls"], "Deny needs `ip_rules` that say who may come in", "add `ip_rules:`");
  const subnet = serverless?.custom_subnet;
  if (subnet && subnet !== "None" && !subnet.startsWith("/subscriptions/"))
    build.problem(["serverless_compute", "custom_subnet"], `must be ${armId.expects}`, "write the full id of the subnet", subnet);
}

// The SDK writes the words with one capital only ("Systemassigned"); Azure does not mind the case.
function identityOf(value: WorkspaceEntity["identity"]): unknown {
  if (!value) return null;
  const type = value.type
    .split(",")
    .map((part) => pascal(part.replaceAll("_", "")))
    .join(",");
  const given = Object.entries(value.user_assigned_identities ?? {}).filter(([, meta]) => meta);
  return {
    type,
    userAssignedIdentities: given.length
      ? Object.fromEntries(given.map(([id, meta]) => [id, { principalId: meta!.principal_id, clientId: meta!.client_id }]))
      : null,
  };
}

function networkBody(value: NonNullable<WorkspaceEntity["managed_network"]>): unknown {
  const rules = (value.outbound_rules ?? []).map((item) => [item.name, ruleBody(item)] as const);
  return {
    isolationMode: pascal(value.isolation_mode),
    outboundRules: Object.fromEntries(rules),
    firewallSku: pascal(value.firewall_sku ?? "standard"),
  };
}

type Rule = NonNullable<NonNullable<NonNullable<WorkspaceEntity["managed_network"]>["outbound_rules"]>>[number];

function ruleBody(value: Rule): unknown {
  const category = "UserDefined";
  const { destination } = value;
  if (typeof destination === "string") return { type: "FQDN", category, destination };
  if ("service_tag" in destination) {
    const { service_tag, protocol, port_ranges, address_prefixes } = destination;
    return {
      type: "ServiceTag",
      category,
      destination: { serviceTag: service_tag, protocol, portRanges: port_ranges, addressPrefixes: address_prefixes },
    };
  }
  const { service_resource_id, subresource_target, spark_enabled } = destination;
  return {
    type: "PrivateEndpoint",
    category,
    destination: { serviceResourceId: service_resource_id, subresourceTarget: subresource_target, sparkEnabled: spark_enabled },
    fqdns: "fqdns" in value ? value.fqdns : null,
  };
}

const serverlessBody = (value: NonNullable<WorkspaceEntity["serverless_compute"]>): unknown => ({
  serverlessComputeCustomSubnet: value.custom_subnet === "None" ? null : value.custom_subnet,
  serverlessComputeNoPublicIP: value.no_public_ip ?? false,
});

const encryptionBody = (value: NonNullable<WorkspaceEntity["customer_managed_key"]>): unknown => ({
  status: "Enabled",
  keyVaultProperties: { keyVaultArmId: value.key_vault, keyIdentifier: value.key_uri },
  cosmosDbArmId: value.cosmosdb_id,
  storageAccountArmId: value.storage_id,
  searchAccountArmId: value.search_id,
});
