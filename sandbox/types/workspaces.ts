// Microsoft.MachineLearningServices/workspaces (API 2024-10-01): what a workspace needs, gets by default, and starts with.
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { ArmError } from "../core.ts";
import type { ArmResource, ResourceType, SandboxContext } from "../core.ts";
import { nameOf } from "../arm/ids.ts";
import { accountKeys } from "../blob/accounts.ts";
import { systemDatastores } from "../ml/datastores.ts";
import { giveRoles, systemAssigned, workspacePrincipal } from "../rbac/identities.ts";
import { checkIsolation, filledNetwork, managedNetwork } from "./managednetwork.ts";
import { bool, identity, tags } from "./shapes.ts";
import { withoutNulls } from "./storage.ts";
import { checkWorkspaceKey } from "../vault/customerKey.ts";
import { text } from "../state/values.ts";

export const workspaceType = "Microsoft.MachineLearningServices/workspaces";

const access = z.enum(["Enabled", "Disabled"]).nullish();

const body = z.looseObject({
  location: z.string().optional(),
  tags,
  identity,
  kind: z.string().nullish(),
  properties: z
    .looseObject({
      description: z.string().nullish(),
      friendlyName: z.string().nullish(),
      storageAccount: z.string().nullish(),
      keyVault: z.string().nullish(),
      applicationInsights: z.string().nullish(),
      containerRegistry: z.string().nullish(),
      publicNetworkAccess: access,
      managedNetwork: managedNetwork.nullish(),
      encryption: z
        .looseObject({
          status: z.enum(["Enabled", "Disabled"]),
          identity: z.looseObject({ userAssignedIdentity: z.string().nullish() }).nullish(),
          keyVaultProperties: z.looseObject({
            keyVaultArmId: z.string(),
            keyIdentifier: z.string(),
            identityClientId: z.string().nullish(),
          }),
        })
        .nullish(),
      hbiWorkspace: bool,
      v1LegacyMode: bool,
      enableDataIsolation: bool,
      allowRecoverSoftDeletedWorkspace: bool,
      systemDatastoresAuthMode: z
        .string()
        .regex(/^(accesskey|identity|userdelegationsas|)$/i, "must be accesskey, identity or userdelegationsas")
        .nullish(),
    })
    .nullish(),
});

/** Property → type of the resource it must name; the first three are needed. */
const dependencies: readonly (readonly [string, string, boolean])[] = [
  ["storageAccount", "Microsoft.Storage/storageAccounts", true],
  ["keyVault", "Microsoft.KeyVault/vaults", true],
  ["applicationInsights", "Microsoft.Insights/components", true],
  ["containerRegistry", "Microsoft.ContainerRegistry/registries", false],
];

export const workspaces: ResourceType<z.infer<typeof body>> = {
  type: workspaceType,
  body,
  tracked: true,
  latencySeconds: 60,
  names: { pattern: /^[a-zA-Z0-9][\w-]{2,32}$/, rule: "3-33 letters, digits, hyphens and underscores, a letter or digit first" },
  softDelete: {
    days: 14,
    code: "BadRequest",
    message: () => "Soft-deleted workspace exists. Please purge or recover it. https://aka.ms/wsoftdelete",
    recovers: (content) =>
      (content["properties"] as { allowRecoverSoftDeletedWorkspace?: boolean } | null | undefined)?.allowRecoverSoftDeletedWorkspace ===
      true,
  },
  check({ before, after }, sandbox) {
    checkIsolation(before, after);
    checkWorkspaceKey(before, after, sandbox);
    const kind = after.kind ?? "Default";
    if (!/^default$/i.test(kind)) {
      throw new ArmError(
        501,
        "NotModeledInSandbox",
        `The sandbox does not model workspaces of kind '${kind}'; it has plain ones ('Default') only.`,
      );
    }
    for (const [property, type, needed] of dependencies) {
      const id = after.properties[property];
      if (!id && needed) {
        throw new ArmError(
          400,
          "ValidationError",
          `Missing dependent resources in workspace json: properties.${property} must be the id of a resource of type ${type}.`,
          { target: `properties.${property}` },
        );
      }
      if (!id) continue;
      const found = sandbox.resources.get(text(id));
      if (!found || found.type.toLowerCase() !== type.toLowerCase()) {
        throw new ArmError(400, "ValidationError", `properties.${property}: '${text(id)}' was not found, or is not of type ${type}.`, {
          target: `properties.${property}`,
        });
      }
      const old = before?.properties[property];
      if (
        old &&
        property !== "containerRegistry" &&
        property !== "applicationInsights" &&
        text(old).toLowerCase() !== text(id).toLowerCase()
      ) {
        throw new ArmError(400, "ValidationError", `properties.${property} of a workspace cannot be changed.`, {
          target: `properties.${property}`,
        });
      }
    }
    const account = sandbox.resources.get(String(after.properties["storageAccount"]));
    if (account?.properties["isHnsEnabled"] === true) {
      throw new ArmError(
        400,
        "ValidationError",
        "The default storage account of a workspace must not have the hierarchical namespace enabled.",
        { target: "properties.storageAccount" },
      );
    }
  },
  fill({ before, after }, sandbox) {
    const old = before?.properties ?? {};
    const guid = (old["workspaceId"] as string | undefined) ?? randomUUID();
    const host = new URL(sandbox.urls.base).host;
    const { allowRecoverSoftDeletedWorkspace: _, ...asked } = withoutNulls(after.properties);
    // The SDK's own template says "" for what it leaves open.
    const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== ""));
    return {
      ...after,
      kind: !after.kind || /^default$/i.test(after.kind) ? "Default" : after.kind,
      sku: after.sku ?? { name: "Basic", tier: "Basic" },
      identity: after.identity ?? before?.identity ?? { type: "SystemAssigned", principalId: randomUUID(), tenantId: sandbox.tenantId },
      properties: {
        friendlyName: after.name,
        description: "",
        hbiWorkspace: false,
        publicNetworkAccess: "Enabled",
        allowPublicAccessWhenBehindVnet: false,
        v1LegacyMode: false,
        systemDatastoresAuthMode: "accesskey",
        enableDataIsolation: false,
        ...given,
        managedNetwork: filledNetwork(given["managedNetwork"]),
        workspaceId: guid,
        tenantId: sandbox.tenantId,
        discoveryUrl: `${sandbox.urls.base}/discovery`,
        mlFlowTrackingUri: `azureml://${host}/mlflow/v1.0${after.id}`,
        privateEndpointConnections: [],
        storageHnsEnabled: false,
        workspaceHubConfig: undefined,
      },
    };
  },
  async provision(resource, sandbox) {
    checkIdentity(resource, sandbox);
    await systemDatastores(resource, sandbox);
  },
  actions: {
    listKeys: (resource, _body, sandbox) => ({ body: workspaceKeys(resource, sandbox) }),
    listStorageAccountKeys: (resource, _body, sandbox) => ({
      body: { userStorageKey: workspaceKeys(resource, sandbox)["userStorageKey"] },
    }),
    resyncKeys: () => ({ status: 200 }),
    diagnose: () => ({
      body: {
        value: {
          userDefinedRouteResults: [],
          networkSecurityRuleResults: [],
          resourceLockResults: [],
          dnsResolutionResults: [],
          storageAccountResults: [],
          keyVaultResults: [],
          containerRegistryResults: [],
          applicationInsightsResults: [],
          otherResults: [],
        },
      },
    }),
  },
};

/** What the workspace does under its identity, by the property that names the place. */
const needs: Readonly<Record<string, readonly (readonly [role: string, operation: string, data: boolean])[]>> = {
  storageAccount: [
    ["Contributor", "Microsoft.Storage/storageAccounts/write", false],
    ["Storage Blob Data Contributor", "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write", true],
  ],
  keyVault: [
    ["Contributor", "Microsoft.KeyVault/vaults/write", false],
    ["Key Vault Administrator", "Microsoft.KeyVault/vaults/secrets/setSecret/action", true],
  ],
  containerRegistry: [["Contributor", "Microsoft.ContainerRegistry/registries/write", false]],
  applicationInsights: [["Contributor", "Microsoft.Insights/components/write", false]],
};

/**
 * An identity of its own gets its roles from Azure; one that was given to the workspace must have them.
 * https://learn.microsoft.com/azure/machine-learning/how-to-identity-based-service-authentication#user-assigned-managed-identity
 */
function checkIdentity(resource: ArmResource, sandbox: SandboxContext): void {
  const all = Object.entries(needs).flatMap(([property, wanted]) => {
    const scope = resource.properties[property];
    return typeof scope === "string" && scope !== "" ? wanted.map(([role, operation, data]) => ({ role, operation, data, scope })) : [];
  });
  const own = systemAssigned(resource);
  if (own) giveRoles(sandbox, own, [...all.map(({ role, scope }) => [role, scope] as const), ["Contributor", resource.id]]);
  const primary = workspacePrincipal(resource);
  const missing = primary && primary !== own ? all.filter((wish) => !sandbox.access.may(primary, wish)) : [];
  if (!missing.length) return;
  throw new ArmError(
    403,
    "Authorization",
    `The workspace's user-assigned identity with object id '${primary}' lacks roles that the workspace needs: ${missing.map(({ role, scope }) => `'${role}' on '${scope}'`).join(", ")}. Assign them, wait until they hold, and create the workspace again.`,
    { target: "properties.primaryUserAssignedIdentity" },
  );
}

function workspaceKeys(resource: ArmResource, sandbox: SandboxContext): Record<string, unknown> {
  const storage = String(resource.properties["storageAccount"]);
  const insights = sandbox.resources.get(String(resource.properties["applicationInsights"]));
  return {
    userStorageKey: accountKeys(sandbox.db, nameOf(storage))[0],
    userStorageResourceId: storage,
    appInsightsInstrumentationKey: insights?.properties["InstrumentationKey"],
    containerRegistryCredentials: null,
    notebookAccessKeys: null,
  };
}
