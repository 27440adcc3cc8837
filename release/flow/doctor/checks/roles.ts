// May whoever is signed in do what `up` does? Asked of Azure itself, so groups, inherited and just expired roles count as they are.
import { missingRights, type Right } from "../../../core/rights.ts";
import { historyNames, releaseKeyNames, suffixOf } from "../../../../settings/names.ts";
import { type Check, fail, type Finding, ok, skip } from "../check.ts";
import { permissionsAt } from "../permissions.ts";
import type { Subject } from "../subject.ts";

interface Wanted extends Right {
  /** The built-in role that brings it, with the least besides. */
  readonly role: string;
  /** Only until the stage is up. */
  readonly first?: boolean;
}

const contributor = "Contributor";
const assigner = "Role Based Access Control Administrator";
const write = (role: string, ...types: readonly string[]): Wanted[] => types.map((type) => ({ action: `${type}/write`, role }));

const workspace = "Microsoft.MachineLearningServices/workspaces";
const group: readonly Wanted[] = [
  { action: "Microsoft.Resources/subscriptions/resourceGroups/write", role: contributor, first: true },
  ...write(
    contributor,
    "Microsoft.Storage/storageAccounts",
    "Microsoft.OperationalInsights/workspaces",
    "Microsoft.Insights/diagnosticSettings",
  ),
  ...write(contributor, "Microsoft.Consumption/budgets"),
  ...write(assigner, "Microsoft.Authorization/roleAssignments"),
];
/** Stack → what it makes in its group. */
const wanted: Readonly<Record<string, readonly Wanted[]>> = {
  shared: [
    ...group,
    ...write(contributor, "Microsoft.MachineLearningServices/registries", "Microsoft.EventGrid/topics", "Microsoft.KeyVault/vaults"),
  ],
  auto: write(contributor, `${workspace}/onlineEndpoints`, `${workspace}/onlineEndpoints/deployments`),
  stage: [
    ...group,
    ...write(
      contributor,
      workspace,
      "Microsoft.KeyVault/vaults",
      "Microsoft.ContainerRegistry/registries",
      "Microsoft.Insights/components",
    ),
    ...write(contributor, "Microsoft.ManagedIdentity/userAssignedIdentities", `${workspace}/onlineEndpoints`),
  ],
};

export const roles: Check = {
  name: "roles",
  async run(subject) {
    const [settings, place] = await Promise.all([subject.settings(), subject.place()]);
    const scope = place.groupExists ? place.groupId : place.groupId.split("/").slice(0, 3).join("/");
    const permissions = await permissionsAt(subject, scope);
    if (!permissions) return skip(`what this sign-in may do cannot be asked at ${scope}`);
    const rights = (wanted[settings.kind] ?? []).filter(({ first }) => !first || !place.groupExists);
    // Made by the first up, and then only looked at.
    if (settings.kind !== "auto" && settings.locks && !place.groupExists)
      rights.push({ action: "Microsoft.Authorization/locks/write", role: "Owner" });
    const missing = missingRights(rights, permissions);
    const findings = [
      missing.length === 0 ? ok(`may make and change all of ${subject.stage} in ${shortScope(scope)}`) : lacking(missing, scope),
    ];
    return [...findings, ...(await dataRights(subject))];
  },
};

function lacking(missing: readonly Wanted[], scope: string): Finding {
  const names = [...new Set(missing.map(({ role }) => role))];
  const said = missing.map(({ action }) => action).join(", ");
  return fail(
    `this sign-in may not ${said} in ${shortScope(scope)}`,
    `It lacks ${names.map((name) => `"${name}"`).join(" and ")} there: never given, or expired. Eligible roles (PIM) are activated under Entra ID, My roles; else: ` +
      names.map((name) => `az role assignment create --assignee OBJECT_ID --role "${name}" --scope ${scope}`).join("; "),
  );
}

interface DataRight extends Right {
  readonly role: string;
  readonly scope: string;
  readonly apiVersion: string;
  /** As the message says it. */
  readonly what: string;
}

/** Releases are written down in the shared stack's storage and signed by its key: data roles that no manager's role brings. */
async function dataRights(subject: Subject): Promise<Finding[]> {
  if (subject.stage === "shared") return [];
  const [{ azure }, settings, place] = await Promise.all([subject.login(), subject.settings(), subject.place()]);
  const suffix = suffixOf(azure.subscriptionId);
  const group = `/subscriptions/${azure.subscriptionId}/resourceGroups/${place.names.registryGroup}/providers`;
  const { account, containers } = historyNames(settings, suffix);
  const { vault } = releaseKeyNames(settings, suffix);
  const trains = settings.kind === "stage" && settings.training;
  const all: DataRight[] = [
    {
      scope: `${group}/Microsoft.Storage/storageAccounts/${account}/blobServices/default/containers/${containers.releases}`,
      ...{
        apiVersion: "2023-05-01",
        role: "Storage Blob Data Contributor",
        what: `write releases down in ${account}/${containers.releases}`,
      },
      action: "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write",
    },
    {
      scope: `${group}/Microsoft.KeyVault/vaults/${vault}`,
      apiVersion: "2023-07-01",
      ...(trains
        ? {
            role: "Key Vault Crypto User",
            what: `sign releases with the key in ${vault}`,
            action: "Microsoft.KeyVault/vaults/keys/sign/action",
          }
        : { role: "Key Vault Reader", what: `verify releases with the key in ${vault}`, action: "Microsoft.KeyVault/vaults/keys/read" }),
    },
  ];
  return (await Promise.all(all.map((right) => lackingData(subject, right)))).flat();
}

async function lackingData(subject: Subject, { scope, apiVersion, role, what, action }: DataRight): Promise<Finding[]> {
  const { azure } = await subject.login();
  if (!(await azure.find(scope, { apiVersion, signal: subject.signal }))) return [];
  const permissions = await permissionsAt(subject, scope);
  if (!permissions || missingRights([{ action, data: true }], permissions).length === 0) return [];
  return [
    fail(
      `this sign-in may not ${what}`,
      `It lacks "${role}" there: never given, or expired. az role assignment create --assignee OBJECT_ID --role "${role}" --scope ${scope}`,
    ),
  ];
}

const shortScope = (scope: string): string =>
  scope.includes("/resourceGroups/") ? `group ${scope.split("/").at(-1)}` : "the subscription";
