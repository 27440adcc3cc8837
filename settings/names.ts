// Names of Azure resources, derived from the settings alone, so that a stack can name what another stack makes before it is there.
import { createHash } from "node:crypto";

/** Six hex digits that tell subscriptions apart, for names that are unique in the whole cloud. */
export const suffixOf = (subscriptionId: string): string =>
  createHash("sha256").update(subscriptionId.toLowerCase()).digest("hex").slice(0, 6);

/** What the names of a stage depend on. */
export interface NameParts {
  readonly prefix: string;
  readonly stage: string;
}

/**
 * Names that are unique within their resource group, subscription or workspace.
 * https://learn.microsoft.com/azure/cloud-adoption-framework/ready/azure-best-practices/resource-abbreviations
 */
export const localNames = ({ prefix, stage }: NameParts) => ({
  resourceGroup: `rg-${prefix}-${stage}`,
  workspace: `mlw-${prefix}-${stage}`,
  logs: `log-${prefix}-${stage}`,
  insights: `appi-${prefix}-${stage}`,
  workspaceIdentity: `id-${prefix}-${stage}-workspace`,
  jobsIdentity: `id-${prefix}-${stage}-jobs`,
  cluster: "cpu-cluster",
  aks: `aks-${prefix}-${stage}`,
  aksCompute: "kubernetes",
  budget: `budget-${prefix}-${stage}`,
  systemTopic: `evgt-${prefix}-${stage}`,
  virtualNetwork: `vnet-${prefix}-${stage}`,
});

/**
 * Names that no one else in the cloud may have, hence with the subscription's suffix. Lengths: prefix ≤ 9, stage ≤ 4, so that the
 * shortest limit holds (vaults and storage accounts: 24).
 */
export const globalNames = ({ prefix, stage }: NameParts, suffix: string) => {
  const letters = `${prefix}${stage}`.replaceAll("-", "");
  return {
    storage: `st${letters}${suffix}`,
    vault: `kv-${prefix}-${stage}-${suffix}`,
    containerRegistry: `cr${letters}${suffix}`,
    endpoint: `${prefix}-${stage}-${suffix}`,
    batchEndpoint: `${prefix}-${stage}-batch-${suffix}`,
  };
};

/** Resource group and name of the ML registry that all stages share. */
export const registryNames = ({ prefix }: Pick<NameParts, "prefix">, suffix: string) => ({
  resourceGroup: `rg-${prefix}-shared`,
  registry: `${prefix}registry-${suffix}`,
});

/** The topic on which the command line tells of releases; unique in its region. */
export const topicNames = ({ prefix }: Pick<NameParts, "prefix">, suffix: string) => ({
  resourceGroup: `rg-${prefix}-shared`,
  topic: `evgt-${prefix}-releases-${suffix}`,
});

/** What a channel of notifications is made of. */
export const channelNames = ({ prefix, stage }: NameParts) => ({
  workflow: (what: string) => `logic-${prefix}-${stage}-${what}`,
  connection: (what: string) => `con-${prefix}-${stage}-${what}`,
});

/** Where releases are written down; containers carry the prefix, so that two projects in one sandbox do not meet. */
export const historyNames = ({ prefix }: Pick<NameParts, "prefix">, suffix: string) => ({
  account: `st${prefix}shared${suffix}`,
  containers: { releases: `${prefix}-releases`, approvals: `${prefix}-approvals` },
});

/** The vault and the key in it that releases are signed with. */
export const releaseKeyNames = ({ prefix }: Pick<NameParts, "prefix">, suffix: string) => ({
  resourceGroup: `rg-${prefix}-shared`,
  vault: `kv-${prefix}-rel-${suffix}`,
  key: "releases",
});

/** What `mlops bootstrap` makes for Pulumi's own state: storage, and a vault with the key of the secrets provider. */
export const stateNames = ({ prefix }: Pick<NameParts, "prefix">, suffix: string) => ({
  resourceGroup: `rg-${prefix}-state`,
  account: `st${prefix}state${suffix}`,
  container: "pulumi",
  vault: `kv-${prefix}-st-${suffix}`,
  key: "pulumi-secrets",
});
