// Compute (`az ml compute`): clusters, attached Kubernetes, virtual machines and Synapse pools.
// https://learn.microsoft.com/azure/machine-learning/reference-yaml-compute-aml; REST ComputeResource 2023-08-01-preview.
import { isoSeconds } from "../common/duration.ts";
import { pascal } from "../common/identity.ts";
import { anyDict } from "../common/asset-fields.ts";
import { dict, list, object, type Entity, type FieldMap } from "../schema/compound.ts";
import { readOnly, required } from "../schema/field.ts";
import { any, bool, camelToSnake, int, oneOf, str } from "../schema/scalars.ts";
import type { Kind } from "../asset.ts";
import { defineKind, type Build, type Draft, type KindDefinition } from "./kind.ts";

/** What all compute has. */
export const computeFields = {
  name: required(str),
  id: readOnly(any),
  location: str,
  description: str,
  provisioning_errors: readOnly(any),
  created_on: readOnly(any),
  provisioning_state: readOnly(any),
  resource_id: str,
  tags: dict(str),
} as const;

export const networkSettings = object(
  { vnet_name: str, subnet: str, public_ip_address: readOnly(str), private_ip_address: readOnly(str) },
  { pathAware: true },
);

/** The identity of compute: several user-assigned ones may be named. */
export const computeIdentity = object(
  {
    type: required(
      oneOf(["system_assigned", "user_assigned", "none", "system_assigned,user_assigned"], {
        transform: (text) =>
          text
            .split(",")
            .map((part) => camelToSnake(part.trim()))
            .join(","),
      }),
    ),
    user_assigned_identities: list(
      object({ resource_id: str, principal_id: readOnly(str), client_id: readOnly(str), tenant_id: readOnly(str) }, { pathAware: true }),
    ),
    principal_id: readOnly(str),
    tenant_id: readOnly(str),
  },
  { pathAware: true },
);

const aml = {
  ...computeFields,
  type: required(oneOf(["amlcompute"])),
  size: str,
  tier: oneOf(["low_priority", "dedicated"]),
  min_instances: int,
  max_instances: int,
  idle_time_before_scale_down: int,
  ssh_public_access_enabled: bool,
  ssh_settings: object({ admin_username: required(str), admin_password: str, ssh_key_value: str }),
  network_settings: networkSettings,
  identity: computeIdentity,
  enable_node_public_ip: bool,
} as const;
export type AmlComputeEntity = Entity<typeof aml>;

export const amlCompute = compute<AmlComputeEntity>("amlCompute", aml, (entity, build) => ({
  computeType: "AmlCompute",
  description: entity.description,
  disableLocalAuth: !entity.ssh_settings,
  properties: {
    vmSize: entity.size || "STANDARD_DS3_V2",
    vmPriority: pascal(entity.tier),
    userAccountCredentials: entity.ssh_settings && {
      adminUserName: entity.ssh_settings.admin_username,
      adminUserPassword: entity.ssh_settings.admin_password,
      adminUserSshPublicKey: entity.ssh_settings.ssh_key_value,
    },
    scaleSettings: {
      maxNodeCount: entity.max_instances ?? 4,
      minNodeCount: entity.min_instances ?? 0,
      nodeIdleTimeBeforeScaleDown: isoSeconds(entity.idle_time_before_scale_down ?? 120),
    },
    subnet: subnetOf(requireSubnet(entity.network_settings, build), build),
    remoteLoginPortPublicAccess:
      entity.ssh_public_access_enabled === undefined ? "NotSpecified" : entity.ssh_public_access_enabled ? "Enabled" : "Disabled",
    enableNodePublicIp: entity.enable_node_public_ip ?? true,
    osType: "Linux",
  },
}));

const kubernetes = {
  ...computeFields,
  type: required(oneOf(["kubernetes"])),
  namespace: str,
  properties: anyDict,
  identity: computeIdentity,
} as const;

export const kubernetesCompute = compute<Entity<typeof kubernetes>>("kubernetesCompute", kubernetes, (entity) => ({
  computeType: "Kubernetes",
  resourceId: entity.resource_id,
  computeLocation: null,
  description: entity.description,
  properties: { ...entity.properties, namespace: entity.namespace ?? "default" },
}));

const machine = {
  ...computeFields,
  type: required(oneOf(["virtualmachine"])),
  resource_id: required(str),
  compute_location: readOnly(any),
  ssh_settings: required(object({ admin_username: required(str), admin_password: str, ssh_port: int, ssh_private_key_file: str })),
} as const;

export const virtualMachineCompute = compute<Entity<typeof machine>>("virtualMachineCompute", machine, (entity, build) => ({
  computeType: "VirtualMachine",
  resourceId: entity.resource_id,
  description: entity.description,
  properties: {
    sshPort: entity.ssh_settings.ssh_port ?? 22,
    administratorAccount: {
      username: entity.ssh_settings.admin_username,
      password: entity.ssh_settings.admin_password,
      privateKeyData: privateKey(entity.ssh_settings.ssh_private_key_file, build),
    },
  },
}));

const synapse = {
  ...computeFields,
  type: required(oneOf(["synapsespark"])),
  resource_id: required(str),
  identity: computeIdentity,
  node_family: readOnly(any),
  node_size: readOnly(any),
  node_count: readOnly(any),
  spark_version: readOnly(any),
  scale_settings: object(
    { min_node_count: readOnly(any), max_node_count: readOnly(any), auto_scale_enabled: readOnly(any) },
    { pathAware: true },
  ),
  auto_pause_settings: object({ delay_in_minutes: readOnly(any), auto_pause_enabled: readOnly(any) }, { pathAware: true }),
} as const;

export const synapseSparkCompute = compute<Entity<typeof synapse>>("synapseSparkCompute", synapse, (entity) => ({
  computeType: "SynapseSpark",
  resourceId: entity.resource_id,
  description: entity.description,
}));

type Common = Pick<AmlComputeEntity, "name" | "location" | "tags"> & { identity?: Entity<typeof computeIdentity.fields> };

/** A kind of compute: its fields, and what stands in `properties` of its request. */
export function compute<E extends Common>(
  kind: Kind,
  fields: FieldMap,
  properties: (entity: E, build: Build) => Record<string, unknown>,
): KindDefinition<E> {
  return defineKind<E>({
    kind,
    noun: "compute",
    field: object(fields, { pathAware: true }) as never,
    build(entity, build): Draft {
      // Only clusters may be in another region than their workspace; callers give the others its location.
      const location = kind === "amlCompute" ? entity.location || null : null;
      return {
        name: entity.name,
        version: null,
        body: { location, tags: entity.tags, identity: identityOf(entity.identity), properties: properties(entity, build) },
      };
    },
  });
}

function identityOf(value: Common["identity"]): unknown {
  if (!value) return null;
  const ids = value.user_assigned_identities?.length
    ? Object.fromEntries(value.user_assigned_identities.map((item) => [item.resource_id ?? "null", {}]))
    : null;
  return { type: value.type?.split(",").map(pascal).join(","), userAssignedIdentities: ids };
}

const FULL_ID = /^\/subscriptions\/[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}\/resourcegroups\/.*\/providers\/[a-z.]*\/[a-z]*\/.*$/i;

/** A subnet by its full id, or by the names of network and subnet, which a caller completes with subscription and group. */
export function subnetOf(value: { vnet_name?: string; subnet?: string } | undefined, build: Build): unknown {
  if (!value) return null;
  if (value.vnet_name && !value.subnet) build.problem(["network_settings"], "a network needs a subnet", "add `subnet:`");
  if (!value.subnet) return null;
  if (FULL_ID.test(value.subnet)) return { id: value.subnet };
  if (!value.vnet_name)
    build.problem(
      ["network_settings", "subnet"],
      "a subnet is a full ARM id, or a name with `vnet_name` beside it",
      "add `vnet_name:`",
      value.subnet,
    );
  return {
    id: `/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworks/${value.vnet_name}/subnets/${value.subnet}`,
  };
}

// A cluster's network settings are its subnet; an instance's may stay empty.
function requireSubnet<T extends { vnet_name?: string; subnet?: string }>(value: T | undefined, build: Build): T | undefined {
  if (value && !value.subnet && !value.vnet_name)
    build.problem(["network_settings"], "network settings need a subnet", "add `subnet:`, or remove `network_settings`");
  return value;
}

function privateKey(file: string | undefined, build: Build): string | null {
  if (file === undefined) return null;
  if (build.files.stat(build.absolute(file))?.type === "file") return new TextDecoder().decode(build.files.read(build.absolute(file)));
  build.problem(
    ["ssh_settings", "ssh_private_key_file"],
    `no such file: ${build.absolute(file)}`,
    "correct the path; it is taken from the folder of this file",
    file,
  );
  return null;
}
