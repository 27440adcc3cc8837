// Workspaces, hubs and projects (`az ml workspace`).
// https://learn.microsoft.com/azure/machine-learning/reference-yaml-workspace, …-workspace-hub, …-project; REST Workspace 2024-10-01-preview.
// The SDK creates one through a template of its own that also makes storage, vault and insights where none is named.
import type { Kind } from "../asset.ts";
import { armId, workspaceBody, workspaceFields } from "../common/workspace-fields.ts";
import { list, object, type Entity, type FieldMap } from "../schema/compound.ts";
import { nullable, readOnly, required } from "../schema/field.ts";
import { any, bool, exactly, oneOf, str } from "../schema/scalars.ts";
import { defineKind, type Build, type KindDefinition } from "./kind.ts";

const fields = {
  ...workspaceFields,
  id: readOnly(any),
  discovery_url: str,
  mlflow_tracking_uri: readOnly(any),
  network_acls: object(
    {
      default_action: required(exactly(["Deny", "Allow"])),
      ip_rules: nullable(list(object({ value: required(str) }, { pathAware: true }))),
    },
    { pathAware: true },
  ),
  system_datastores_auth_mode: str,
  workspace_hub: armId,
  provision_network_now: bool,
  enable_data_isolation: bool,
  allow_roleassignment_on_rg: bool,
  serverless_compute: object({ custom_subnet: nullable(str), no_public_ip: bool }, { pathAware: true }),
} as const;
export type WorkspaceEntity = Entity<typeof fields>;
export const workspace = workspaceKind<WorkspaceEntity>("workspace", fields, (entity) => ({
  kind: entity.workspace_hub ? "project" : "default",
  hub: entity.workspace_hub,
}));

const hubFields = {
  ...fields,
  kind: required(oneOf(["hub"])),
  default_resource_group: str,
  associated_workspaces: readOnly(any),
} as const;
export type HubEntity = Entity<typeof hubFields>;
export const hub = workspaceKind<HubEntity>("hub", hubFields, (entity) => ({
  // One that names a hub of its own becomes a project, as in the SDK.
  kind: entity.workspace_hub ? "project" : "hub",
  hub: entity.workspace_hub,
  config: {},
}));

const projectFields = { ...fields, kind: required(oneOf(["project"])), hub_id: required(str) } as const;
export type ProjectEntity = Entity<typeof projectFields>;
export const project = workspaceKind<ProjectEntity>("project", projectFields, (entity) => ({
  kind: "project",
  hub: entity.hub_id || entity.workspace_hub,
}));

interface Own {
  kind: string;
  hub: string | undefined;
  config?: unknown;
}

function workspaceKind<E extends WorkspaceEntity>(kind: Kind, all: FieldMap, own: (entity: E) => Own): KindDefinition<E> {
  return defineKind<E>({
    kind,
    noun: "workspace",
    field: object(all, { pathAware: true }) as never,
    build(entity, build) {
      checkNetwork(entity, build);
      const { kind: word, hub: hubId, config } = own(entity);
      const more = {
        discoveryUrl: entity.discovery_url,
        provisionNetworkNow: entity.provision_network_now,
        systemDatastoresAuthMode: entity.system_datastores_auth_mode,
        enableDataIsolation: entity.enable_data_isolation ?? false,
        hubResourceId: hubId,
        workspaceHubConfig: config,
        serverlessComputeSettings: entity.serverless_compute && serverlessBody(entity.serverless_compute),
        allowRoleAssignmentOnRG: entity.allow_roleassignment_on_rg,
        networkAcls: entity.network_acls && { defaultAction: entity.network_acls.default_action, ipRules: entity.network_acls.ip_rules },
      };
      return { name: entity.name, version: null, body: workspaceBody(entity, word, more) };
    },
  });
}

function checkNetwork({ network_acls: acls, serverless_compute: serverless }: WorkspaceEntity, build: Build): void {
  if (acls?.default_action === "Deny" && !acls.ip_rules?.length)
    build.problem(["network_acls"], "Deny needs `ip_rules` that say who may come in", "add `ip_rules:`");
  const subnet = serverless?.custom_subnet;
  if (typeof subnet === "string" && subnet !== "None" && !subnet.startsWith("/subscriptions/"))
    build.problem(["serverless_compute", "custom_subnet"], `must be ${armId.expects}`, "write the full id of the subnet", subnet);
}

const serverlessBody = (value: NonNullable<WorkspaceEntity["serverless_compute"]>): unknown => ({
  serverlessComputeCustomSubnet: value.custom_subnet === "None" ? null : value.custom_subnet,
  serverlessComputeNoPublicIP: value.no_public_ip ?? false,
});
