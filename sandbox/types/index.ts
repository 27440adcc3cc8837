// Every resource type the sandbox models: one line each.
import type { AnyType } from "../arm/registry.ts";
import { assetTypes } from "../assets/types.ts";
import { alertTypes } from "./alerts.ts";
import { roleAssignments, roleDefinitions } from "./authorization.ts";
import { autoscaleSettings } from "./autoscale.ts";
import { budgets } from "./budgets.ts";
import { computes } from "./computes.ts";
import { containerRegistries } from "./containerregistry.ts";
import { datastores } from "./datastores.ts";
import { deploymentOperations, deployments } from "./deployments.ts";
import { diagnosticSettings } from "./diagnostics.ts";
import { eventGridTypes } from "./eventgrid.ts";
import { federatedCredentials, userIdentities } from "./identity.ts";
import { jobTypes } from "./jobs.ts";
import { vaultKeys, vaultKeyVersions, vaults } from "./keyvault.ts";
import { locks } from "./locks.ts";
import { kubernetesTypes } from "./kubernetes.ts";
import { logicTypes } from "./logic.ts";
import { insightsComponents, logWorkspaces } from "./monitor.ts";
import { outboundRules } from "./managednetwork.ts";
import { networkTypes } from "./network.ts";
import { onlineTypes } from "./online.ts";
import { privateLinkTypes } from "./privatelink.ts";
import { registries } from "./registries.ts";
import { resourceGroups } from "./resources.ts";
import { storageTypes } from "./storage.ts";
import { tags } from "./tags.ts";
import { workspaces } from "./workspaces.ts";

export const types: readonly AnyType[] = [
  resourceGroups,
  deployments,
  deploymentOperations,
  ...storageTypes,
  vaults,
  vaultKeys,
  vaultKeyVersions,
  containerRegistries,
  logWorkspaces,
  insightsComponents,
  userIdentities,
  federatedCredentials,
  roleAssignments,
  roleDefinitions,
  locks,
  tags,
  budgets,
  diagnosticSettings,
  ...alertTypes,
  ...networkTypes,
  ...privateLinkTypes,
  autoscaleSettings,
  workspaces,
  outboundRules,
  datastores,
  computes,
  registries,
  ...assetTypes,
  ...jobTypes,
  ...onlineTypes,
  ...kubernetesTypes,
  ...eventGridTypes,
  ...logicTypes,
];
