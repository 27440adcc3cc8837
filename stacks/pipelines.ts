// The pipelines' identities: one for each stage, which may work in that stage's resource group, and one that may only look.
import type { Input, Output } from "@pulumi/pulumi";
import { interpolate } from "@pulumi/pulumi";
import { signing, verifying } from "../components/releaseKey.ts";
import { type Federation, type IdentityGrant, onlyRoles, PipelineIdentity } from "../components/pipelineIdentity.ts";
import type { Role } from "../components/roles.ts";
import { localNames, registryNames, stateNames } from "../settings/names.ts";
import type { PipelineSettings } from "../settings/pipelines.ts";
import type { SharedSettings } from "../settings/shared.ts";

/** What the stage stacks themselves assign (components/workspace.ts). */
const assignable = [
  "Contributor",
  "AcrPull",
  "AzureML Data Scientist",
  "Key Vault Administrator",
  "Storage Blob Data Contributor",
  "Storage File Data Privileged Contributor",
] as const;

export interface PipelinePlace {
  readonly subscriptionId: Output<string>;
  readonly suffix: Output<string>;
  readonly registryId: Input<string>;
  /** Containers of the history of releases. */
  readonly releasesId: Input<string>;
  readonly approvalsId: Input<string>;
  /** The vault of the key that releases are signed with. */
  readonly releaseVaultId: Input<string>;
  /** The topic of the releases' own events. */
  readonly topicId: Input<string>;
  /** Pipelines may approve only where no approvers are named. */
  readonly pipelinesApprove: boolean;
}

/** Declares them; returns stage → identity, with `preview` for the one that may only look. */
export function pipelineIdentities(
  settings: SharedSettings,
  pipelines: PipelineSettings,
  place: PipelinePlace,
): Record<string, PipelineIdentity> {
  const { subscriptionId, suffix } = place;
  const { prefix } = settings;
  const groupOf = (name: Input<string>): Output<string> => interpolate`/subscriptions/${subscriptionId}/resourceGroups/${name}`;
  const identity = (
    name: string,
    description: string,
    federations: readonly Federation[],
    grants: readonly IdentityGrant[],
  ): PipelineIdentity =>
    new PipelineIdentity(`pipeline-${name}`, {
      ...{ description, federations, subscriptionId },
      displayName: `${prefix}-pipeline-${name}`,
      seed: `${prefix}-shared`,
      grants: [...grants, ...(pipelines.state ? stateGrants(name === "preview") : [])],
    });
  const stateGrants = (readOnly: boolean): IdentityGrant[] => {
    const names = suffix.apply((text) => stateNames({ prefix }, text));
    const group = groupOf(names.resourceGroup);
    return [
      {
        what: "state",
        role: readOnly ? "Storage Blob Data Reader" : "Storage Blob Data Contributor",
        scope: interpolate`${group}/providers/Microsoft.Storage/storageAccounts/${names.account}/blobServices/default/containers/${names.container}`,
      },
      { what: "state-key", role: "Key Vault Crypto User", scope: interpolate`${group}/providers/Microsoft.KeyVault/vaults/${names.vault}` },
    ];
  };
  const onReleaseKey = (wanted: readonly Role[]): IdentityGrant[] =>
    wanted.map((role) => ({ what: role === "Key Vault Reader" ? "verify" : "sign", role, scope: place.releaseVaultId }));
  const identities: Record<string, PipelineIdentity> = {};
  for (const stage of pipelines.stages) {
    const scope = groupOf(localNames({ prefix, stage }).resourceGroup);
    identities[stage] = identity(stage, `Deploys the stage ${stage}; made by the stack shared.`, federationsOf(pipelines, stage), [
      { what: "group", role: "Contributor", scope },
      { what: "roles", role: "Role Based Access Control Administrator", scope, condition: onlyRoles(assignable) },
      { what: "models", role: "AzureML Data Scientist", scope },
      { what: "blobs", role: "Storage Blob Data Contributor", scope },
      { what: "registry", role: "AzureML Registry User", scope: place.registryId },
      { what: "releases", role: "Storage Blob Data Contributor", scope: place.releasesId },
      // Releases are made, and so signed, where models are trained; elsewhere they are only verified.
      ...onReleaseKey(stage === "dev" ? signing : verifying),
      { what: "events", role: "EventGrid Data Sender", scope: place.topicId },
      { what: "channels", role: "EventGrid EventSubscription Contributor", scope: place.topicId },
      {
        what: "approvals",
        role: place.pipelinesApprove ? "Storage Blob Data Contributor" : "Storage Blob Data Reader",
        scope: place.approvalsId,
      },
    ]);
  }
  const groups = [
    ...pipelines.stages.map((stage) => [stage, localNames({ prefix, stage }).resourceGroup] as const),
    ["shared", registryNames({ prefix }, "").resourceGroup] as const,
  ];
  identities["preview"] = identity(
    "preview",
    "Previews every stage and changes none; made by the stack shared.",
    federationsOf(pipelines, "preview"),
    [
      ...groups.map(([stage, group]): IdentityGrant => ({ what: stage, role: "Reader", scope: groupOf(group) })),
      { what: "releases", role: "Storage Blob Data Reader", scope: place.releasesId },
      { what: "approvals", role: "Storage Blob Data Reader", scope: place.approvalsId },
      ...onReleaseKey(verifying),
    ],
  );
  return identities;
}

/**
 * Whose tokens an identity takes. GitHub: a job of the environment of that name, which has the reviewers; for `preview` pull requests
 * and the main branch. https://docs.github.com/actions/reference/security/oidc
 * Azure DevOps: the service connection of that name.
 */
export function federationsOf({ github, azureDevOps }: PipelineSettings, stage: string): Federation[] {
  const federations: Federation[] = [];
  if (github) {
    const issuer = "https://token.actions.githubusercontent.com";
    const subject = (what: string): string => `repo:${github.repository}:${what}`;
    if (stage === "preview") {
      federations.push(
        { name: "github-pull-request", issuer, subject: subject("pull_request") },
        { name: "github-main", issuer, subject: subject("ref:refs/heads/main") },
      );
    } else federations.push({ name: `github-${stage}`, issuer, subject: subject(`environment:${stage}`) });
  }
  if (azureDevOps) {
    const { organization, organizationId, project, connectionPrefix } = azureDevOps;
    federations.push({
      name: `azure-devops-${stage}`,
      issuer: `https://vstoken.dev.azure.com/${organizationId}`,
      subject: `sc://${organization}/${project}/${connectionPrefix}-${stage}`,
    });
  }
  return federations;
}
