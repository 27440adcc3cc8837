// May whoever is signed in do what `up` does? Asked of Azure itself, so groups, inherited and just expired roles count as they are.
import { missingRights, type Permission, type Right } from "../../../core/rights.ts";
import { historyNames, suffixOf } from "../../../../settings/names.ts";
import { type Check, fail, type Finding, ok, skip } from "../check.ts";
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
  shared: [...group, ...write(contributor, "Microsoft.MachineLearningServices/registries", "Microsoft.EventGrid/topics")],
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
    const missing = missingRights(rights, permissions);
    const findings = [
      missing.length === 0 ? ok(`may make and change all of ${subject.stage} in ${shortScope(scope)}`) : lacking(missing, scope),
    ];
    return [...findings, ...(await historyRights(subject))];
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

/** Releases are written down in the shared stack's storage, by data roles that no manager's role brings. */
async function historyRights(subject: Subject): Promise<Finding[]> {
  if (subject.stage === "shared") return [];
  const [{ azure }, settings, place] = await Promise.all([subject.login(), subject.settings(), subject.place()]);
  const { account, containers } = historyNames(settings, suffixOf(azure.subscriptionId));
  const storage = `/subscriptions/${azure.subscriptionId}/resourceGroups/${place.names.registryGroup}/providers/Microsoft.Storage/storageAccounts/${account}`;
  const container = `${storage}/blobServices/default/containers/${containers.releases}`;
  if (!(await azure.find(container, { apiVersion: "2023-05-01", signal: subject.signal }))) return [];
  const permissions = await permissionsAt(subject, container);
  const blob = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write";
  if (!permissions || missingRights([{ action: blob, data: true }], permissions).length === 0) return [];
  const role = "Storage Blob Data Contributor";
  return [
    fail(
      `this sign-in may not write releases down in ${account}/${containers.releases}`,
      `It lacks "${role}" there: never given, or expired. az role assignment create --assignee OBJECT_ID --role "${role}" --scope ${container}`,
    ),
  ];
}

/** https://learn.microsoft.com/rest/api/authorization/permissions; undefined where the scope does not answer. */
async function permissionsAt(subject: Subject, scope: string): Promise<Permission[] | undefined> {
  const { azure } = await subject.login();
  const found = await azure.find<{ value: Permission[] }>(`${scope}/providers/Microsoft.Authorization/permissions`, {
    apiVersion: "2022-04-01",
    signal: subject.signal,
  });
  return found?.value;
}

const shortScope = (scope: string): string =>
  scope.includes("/resourceGroups/") ? `group ${scope.split("/").at(-1)}` : "the subscription";
