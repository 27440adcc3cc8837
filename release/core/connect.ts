// What a person does at GitHub or Azure DevOps once the identities are there. Nothing of it is secret.

export interface Connected {
  readonly tenantId: string;
  readonly subscriptionId: string;
  /** Stage → client id; `preview` is the identity that may only look. */
  readonly clientIds: Readonly<Record<string, string>>;
  /** PULUMI_BACKEND_URL; null for Pulumi Cloud. */
  readonly backendUrl: string | null;
  readonly stages: readonly string[];
}

const backend = (backendUrl: string | null): string =>
  backendUrl && !backendUrl.startsWith("file:") ? backendUrl : "what `mlops bootstrap` printed (azblob://…)";

/** Commands of GitHub's own CLI; the same can be clicked under Settings, Environments. */
export function githubSteps(repository: string, { tenantId, subscriptionId, clientIds, backendUrl, stages }: Connected): string {
  const repo = `--repo ${repository}`;
  const variable = (name: string, value: string, more = ""): string => `gh variable set ${name} --body '${value}' ${repo}${more}`;
  return [
    "",
    "GitHub: variables, none of them secret",
    variable("AZURE_TENANT_ID", tenantId),
    variable("AZURE_SUBSCRIPTION_ID", subscriptionId),
    variable("AZURE_PREVIEW_CLIENT_ID", clientIds["preview"] ?? ""),
    variable("PULUMI_BACKEND_URL", backend(backendUrl)),
    "",
    "GitHub: one environment a stage, each with its own identity",
    ...stages.flatMap((stage) => [
      `gh api --method PUT repos/${repository}/environments/${stage} --silent`,
      variable("AZURE_CLIENT_ID", clientIds[stage] ?? "", ` --env ${stage}`),
    ]),
    "",
    `Then, at https://github.com/${repository}/settings/environments: give qa and prod required reviewers, and let prod deploy from main only.`,
  ].join("\n");
}

/** Service connections are made by hand: Azure DevOps asks there who may use them. */
export function azureDevOpsSteps(
  { organization, project }: { organization: string; project: string },
  { tenantId, subscriptionId, clientIds, backendUrl, stages }: Connected,
): string {
  const base = `https://dev.azure.com/${organization}/${encodeURIComponent(project)}`;
  return [
    "",
    `Azure DevOps: service connections, at ${base}/_settings/adminservices`,
    "  New, Azure Resource Manager, App registration or managed identity (manual), Workload identity federation",
    `  tenant ${tenantId}, subscription ${subscriptionId}`,
    ...[...stages, "preview"].map((stage) => `  mlops-${stage.padEnd(8)} application (client) id ${clientIds[stage] ?? ""}`),
    "  Compare issuer and subject that the form shows with the application's federated credential; newer organizations use an issuer of",
    "  Entra's: put those two into the credential (docs/setup-azure-devops.md).",
    "",
    `Azure DevOps: a variable group named mlops, at ${base}/_library?itemType=VariableGroups`,
    `  PULUMI_BACKEND_URL      ${backend(backendUrl)}`,
    `  AZURE_SUBSCRIPTION_ID   ${subscriptionId}`,
    "",
    `Azure DevOps: environments dev, qa and prod, at ${base}/_environments, with approvals and checks on qa and prod.`,
  ].join("\n");
}
