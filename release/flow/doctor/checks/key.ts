// Can the stage be encrypted with the key of one's own that its settings name? Azure finds out in the middle of `up`, and only once.
import { apiVersions } from "../../../../azure/ids.ts";
import { keyParts } from "../../../../settings/customerManagedKey.ts";
import { missingRights } from "../../../core/rights.ts";
import { type Check, fail, type Finding, ok, warn } from "../check.ts";
import { permissionsAt } from "../permissions.ts";
import type { Subject } from "../subject.ts";

interface Vault {
  readonly properties: {
    readonly vaultUri: string;
    readonly enablePurgeProtection?: boolean;
    readonly publicNetworkAccess?: string;
    readonly networkAcls?: { readonly defaultAction?: string };
  };
}

interface KeyVersion {
  readonly properties: {
    readonly kty: string;
    readonly attributes?: { readonly enabled?: boolean; readonly exp?: number; readonly nbf?: number };
  };
}

const doc = "docs/safekeeping.md";
const day = 86_400;

export const key: Check = {
  name: "key",
  stacks: ["dev", "qa", "prod"],
  async run(subject) {
    const settings = await subject.settings();
    if (settings.kind !== "stage") return ok("none");
    const wanted = settings.customerManagedKey;
    const made = await encryptedAlready(subject);
    if (made !== undefined && made !== (wanted !== undefined))
      return fail(
        `the workspace is ${made ? "" : "not "}encrypted with a key of your own, and azure-mlops:customerManagedKey is ${wanted ? "" : "not "}set; Azure changes neither afterwards`,
        `${wanted ? "Remove the setting" : "Set it again"}, or make the stage anew: npx mlops destroy --stage ${subject.stage}, then pulumi up (${doc})`,
      );
    if (!wanted) return ok("none of your own: Microsoft's encrypt");
    return (await problems(subject, wanted, made === true)) ?? ok(`${keyParts(wanted.keyUri).name} can be used`);
  },
};

/** Undefined: there is no workspace yet. */
async function encryptedAlready(subject: Subject): Promise<boolean | undefined> {
  const [{ azure }, { groupId, names }] = await Promise.all([subject.login(), subject.place()]);
  const found = await azure.find<{ properties: { encryption?: { status?: string } } }>(
    `${groupId}/providers/Microsoft.MachineLearningServices/workspaces/${names.workspace}`,
    { apiVersion: apiVersions.machineLearning, signal: subject.signal },
  );
  return found && found.properties.encryption?.status === "Enabled";
}

async function problems(
  subject: Subject,
  { keyVault, keyUri }: { readonly keyVault: string; readonly keyUri: string },
  there: boolean,
): Promise<Finding | undefined> {
  const { azure } = await subject.login();
  const options = { apiVersion: apiVersions.keyVault, signal: subject.signal };
  if (keyVault.split("/")[2]?.toLowerCase() !== azure.subscriptionId.toLowerCase())
    return fail(
      `${keyVault} is in another subscription than the stage`,
      "Azure ML takes keys of its own subscription only: make one there.",
    );
  const vault = await azure.find<Vault>(keyVault, options);
  const name = keyVault.split("/").at(-1)!;
  if (!vault) return fail(`there is no vault ${keyVault}`, `Correct azure-mlops:customerManagedKey.keyVault, or make it (${doc})`);
  const { vaultUri, enablePurgeProtection, publicNetworkAccess, networkAcls } = vault.properties;
  if (enablePurgeProtection !== true)
    return fail(
      `the vault ${name} has no purge protection, without which Azure encrypts nothing`,
      `az keyvault update --name ${name} --enable-purge-protection true`,
    );
  if (new URL(vaultUri).host !== new URL(keyUri).host)
    return fail(`${keyUri} is not in the vault ${name}, which answers at ${vaultUri}`, "Correct azure-mlops:customerManagedKey.keyUri");
  if (!there && (publicNetworkAccess?.toLowerCase() === "disabled" || networkAcls?.defaultAction === "Deny"))
    return fail(
      `the vault ${name} is behind a firewall, which the container registry does not come through while it is made`,
      `az keyvault update --name ${name} --public-network-access Enabled --default-action Allow for as long as up takes`,
    );
  const { name: keyName, version } = keyParts(keyUri);
  const found = await azure.find<KeyVersion>(`${keyVault}/keys/${keyName}/versions/${version}`, options);
  if (!found)
    return fail(
      `the vault ${name} has no key ${keyName} of version ${version}`,
      `az keyvault key list-versions --vault-name ${name} --name ${keyName}`,
    );
  const { kty, attributes: { enabled, exp, nbf } = {} } = found.properties;
  const now = Date.now() / 1000;
  if (!kty.startsWith("RSA")) return fail(`the key ${keyName} is of type ${kty}; it must be RSA`, `Make another (${doc})`);
  if (enabled === false || (exp ?? Infinity) <= now || (nbf ?? 0) > now)
    return fail(
      `the key ${keyName} is ${enabled === false ? "disabled" : "expired or not yet valid"}: what it encrypts cannot be read`,
      `az keyvault key set-attributes --id ${keyUri} --enabled true, or name its next version in azure-mlops:customerManagedKey.keyUri`,
    );
  if ((exp ?? Infinity) < now + 30 * day)
    return warn(
      `the key ${keyName} expires on ${new Date(exp! * 1000).toISOString().slice(0, 10)}`,
      `az keyvault key rotate --vault-name ${name} --name ${keyName}, then name the new version in azure-mlops:customerManagedKey.keyUri`,
    );
  return there ? undefined : await mayGive(subject, `${keyVault}/keys/${keyName}`);
}

/** The first `up` gives the stage's identity its role on the key. */
async function mayGive(subject: Subject, scope: string): Promise<Finding | undefined> {
  const permissions = await permissionsAt(subject, scope);
  if (!permissions || missingRights([{ action: "Microsoft.Authorization/roleAssignments/write" }], permissions).length === 0)
    return undefined;
  return fail(
    `this sign-in may not let others use the key: Microsoft.Authorization/roleAssignments/write on ${scope}`,
    `az role assignment create --assignee OBJECT_ID --role "Role Based Access Control Administrator" --scope ${scope}`,
  );
}
