// Whose tokens the pipelines' identities take, and how far their roles reach.
import { beforeAll, expect, test } from "@jest/globals";
import { runtime } from "@pulumi/pulumi";
import { output } from "@pulumi/pulumi";
import { onlyRoles } from "../components/pipelineIdentity.ts";
import { roles } from "../components/roles.ts";
import { parseSettings } from "../settings/read.ts";
import { SharedSettings } from "../settings/shared.ts";
import { federationsOf, pipelineIdentities } from "./pipelines.ts";

interface Made {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, string>;
}
const made: Made[] = [];
const pipelines = {
  github: { repository: "contoso/churn" },
  azureDevOps: { organization: "contoso", organizationId: "4c8d7b3a-0000-4000-8000-000000000001", project: "churn" },
  stages: ["dev", "prod"],
  state: true,
};

beforeAll(async () => {
  await runtime.setMocks({
    newResource: ({ type, name, inputs }) => {
      made.push({ type, name, inputs });
      return { id: `/id/${name}`, state: { ...inputs, clientId: `${name}-client`, objectId: `${name}-object` } };
    },
    call: () => ({}),
  });
  const settings = parseSettings(SharedSettings, { "azure-mlops:pipelines": JSON.stringify(pipelines) }, "azure-mlops", "shared");
  await runtime.runInPulumiStack(async () => {
    pipelineIdentities(settings, settings.pipelines!, {
      subscriptionId: output("S"),
      suffix: output("abcdef"),
      registryId: "/registry",
      releasesId: "/releases",
      approvalsId: "/approvals",
      topicId: "/topic",
      releaseVaultId: "/vault",
      pipelinesApprove: false,
    });
    return {};
  });
  await runtime.disconnect();
});

const grants = (identity: string): string[] => {
  const names = new Map(Object.entries(roles).map(([name, id]) => [id as string, name]));
  return made
    .filter(({ type, name }) => type === "azure-native:authorization:RoleAssignment" && name.startsWith(`pipeline-${identity}-`))
    .map(({ inputs }) => `${names.get(inputs["roleDefinitionId"]!.split("/").at(-1)!)} on ${inputs["scope"]}`)
    .toSorted();
};
const state = "/subscriptions/S/resourceGroups/rg-mlops-state/providers";

test("a stage's identity reaches its own resource group, and single resources of the shared one", () => {
  const group = "/subscriptions/S/resourceGroups/rg-mlops-prod";
  expect(grants("prod")).toEqual([
    "AzureML Data Scientist on " + group,
    "AzureML Registry User on /registry",
    "Contributor on " + group,
    "EventGrid Data Sender on /topic",
    "EventGrid EventSubscription Contributor on /topic",
    `Key Vault Crypto User on ${state}/Microsoft.KeyVault/vaults/kv-mlops-st-abcdef`,
    "Key Vault Reader on /vault",
    "Role Based Access Control Administrator on " + group,
    "Storage Blob Data Contributor on /releases",
    "Storage Blob Data Contributor on " + group,
    `Storage Blob Data Contributor on ${state}/Microsoft.Storage/storageAccounts/stmlopsstateabcdef/blobServices/default/containers/pulumi`,
    "Storage Blob Data Reader on /approvals",
  ]);
});

test("releases are signed where models are trained, and only verified elsewhere", () => {
  const onVault = (stage: string) => grants(stage).filter((grant) => grant.endsWith(" on /vault"));
  expect(onVault("dev")).toEqual(["Key Vault Crypto User on /vault", "Key Vault Reader on /vault"]);
  expect(onVault("prod")).toEqual(["Key Vault Reader on /vault"]);
});

test("it may give only the roles that the stages give themselves", () => {
  const [assignment] = made.filter(({ name }) => name === "pipeline-prod-roles");
  expect(assignment!.inputs["condition"]).toContain(roles["AzureML Data Scientist"]);
  expect(assignment!.inputs["condition"]).not.toContain(roles["Role Based Access Control Administrator"]);
  expect(onlyRoles(["Reader"])).toBe(
    "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR " +
      "(@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {acdd72a7-3385-48ef-bd42-f606fba81ae7})) AND " +
      "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'})) OR " +
      "(@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {acdd72a7-3385-48ef-bd42-f606fba81ae7}))",
  );
});

test("the one for previews reads and changes nothing", () => {
  expect(grants("preview").map((grant) => grant.split(" on ")[0])).toEqual([
    "Key Vault Crypto User",
    "Key Vault Reader",
    ...Array.from({ length: 3 }, () => "Reader"),
    ...Array.from({ length: 3 }, () => "Storage Blob Data Reader"),
  ]);
});

test("each identity takes the tokens of its own environment or service connection", () => {
  const settings = parseSettings(
    SharedSettings,
    { "azure-mlops:pipelines": JSON.stringify(pipelines) },
    "azure-mlops",
    "shared",
  ).pipelines!;
  expect(federationsOf(settings, "prod").map(({ issuer, subject }) => [issuer, subject])).toEqual([
    ["https://token.actions.githubusercontent.com", "repo:contoso/churn:environment:prod"],
    ["https://vstoken.dev.azure.com/4c8d7b3a-0000-4000-8000-000000000001", "sc://contoso/churn/mlops-prod"],
  ]);
  expect(federationsOf(settings, "preview").map(({ subject }) => subject)).toEqual([
    "repo:contoso/churn:pull_request",
    "repo:contoso/churn:ref:refs/heads/main",
    "sc://contoso/churn/mlops-preview",
  ]);
  expect(made.filter(({ type }) => type.includes("FederatedIdentityCredential"))).toHaveLength(7);
});

test("config that names neither system is refused", () => {
  expect(() => parseSettings(SharedSettings, { "azure-mlops:pipelines": '{"stages":["dev"]}' }, "azure-mlops", "shared")).toThrow(
    "must name github or azureDevOps",
  );
});
