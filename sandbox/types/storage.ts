// Microsoft.Storage (API 2023-05-01): accounts with their keys, blob service, containers, lifecycle policies.
import { z } from "zod";
import { ArmError } from "../core.ts";
import type { ArmResource, ResourceType, SandboxContext } from "../core.ts";
import { nameOf, parentId } from "../arm/ids.ts";
import { accountKeys, accountType, regenerateAccountKey } from "../blob/accounts.ts";
import { containersIn } from "../blob/containers.ts";
import { identity, proxy, tags } from "./shapes.ts";
import { checkKey, encryption } from "./storageKey.ts";
import { text } from "../state/values.ts";

const skus = [
  "Standard_LRS",
  "Standard_GRS",
  "Standard_RAGRS",
  "Standard_ZRS",
  "Premium_LRS",
  "Premium_ZRS",
  "Standard_GZRS",
  "Standard_RAGZRS",
] as const;

const accountBody = z.looseObject({
  location: z.string().optional(),
  tags,
  identity,
  kind: z.enum(["StorageV2", "Storage", "BlobStorage", "BlockBlobStorage", "FileStorage"]),
  sku: z.looseObject({ name: z.enum(skus) }),
  properties: z
    .looseObject({
      accessTier: z.enum(["Hot", "Cool", "Cold", "Premium"]).nullish(),
      allowBlobPublicAccess: z.boolean().nullish(),
      allowSharedKeyAccess: z.boolean().nullish(),
      minimumTlsVersion: z.enum(["TLS1_0", "TLS1_1", "TLS1_2", "TLS1_3"]).nullish(),
      publicNetworkAccess: z.enum(["Enabled", "Disabled", "SecuredByPerimeter"]).nullish(),
      isHnsEnabled: z.boolean().nullish(),
      networkAcls: z.looseObject({ defaultAction: z.enum(["Allow", "Deny"]) }).nullish(),
      encryption: encryption.nullish(),
    })
    .nullish(),
});

export const storageAccounts: ResourceType<z.infer<typeof accountBody>> = {
  type: accountType,
  body: accountBody,
  tracked: true,
  putStatus: 200,
  latencySeconds: 20,
  deletesAtOnce: true,
  names: { pattern: /^[a-z0-9]{3,24}$/, rule: "3-24 lower-case letters and digits", code: "AccountNameInvalid" },
  globalName: { code: "StorageAccountAlreadyTaken", message: (name) => `The storage account named ${name} is already taken.` },
  check({ before, after }, sandbox) {
    checkKey(after, sandbox);
    if (before && before.kind !== after.kind && !(before.kind === "Storage" && after.kind === "StorageV2")) {
      throw new ArmError(
        409,
        "AccountPropertyCannotBeUpdated",
        `The property 'kind' was specified in the input, but it cannot be updated from '${before.kind}' to '${after.kind}'.`,
        { target: "kind" },
      );
    }
  },
  fill({ before, after }, sandbox) {
    const name = after.name;
    const old = before?.properties ?? {};
    return {
      ...after,
      sku: { ...after.sku, tier: String(after.sku!["name"]).split("_")[0] },
      properties: {
        accessTier: after.kind === "Storage" ? undefined : "Hot",
        allowBlobPublicAccess: false,
        minimumTlsVersion: "TLS1_2",
        supportsHttpsTrafficOnly: true,
        networkAcls: { bypass: "AzureServices", virtualNetworkRules: [], ipRules: [], defaultAction: "Allow" },
        encryption: {
          keySource: "Microsoft.Storage",
          services: { blob: { enabled: true, keyType: "Account" }, file: { enabled: true, keyType: "Account" } },
        },
        ...withoutNulls(after.properties),
        creationTime: old["creationTime"] ?? new Date().toISOString(),
        keyCreationTime: old["keyCreationTime"] ?? { key1: new Date().toISOString(), key2: new Date().toISOString() },
        primaryEndpoints: { blob: `${sandbox.urls.blob(name)}/` },
        primaryLocation: after.location,
        statusOfPrimary: "available",
        privateEndpointConnections: [],
      },
    };
  },
  async remove(resource, sandbox) {
    // What is made later under the same name must not find the old bytes.
    for (const { name } of containersIn(sandbox).of(resource.name)) await (await sandbox.container(resource.name, name)).delete();
  },
  actions: {
    listKeys: (resource, _body, sandbox) => ({ body: keys(resource, sandbox) }),
    regenerateKey(resource, body, sandbox) {
      const name = text((body as { keyName?: unknown } | undefined)?.keyName);
      if (name !== "key1" && name !== "key2")
        throw new ArmError(400, "InvalidValuesForRequestParameters", `keyName: must be key1 or key2 (it is '${name}').`);
      regenerateAccountKey(sandbox.db, resource.name, name === "key1" ? 1 : 2);
      return { body: keys(resource, sandbox) };
    },
  },
};

function keys(resource: ArmResource, sandbox: SandboxContext): object {
  const created = resource.properties["keyCreationTime"] as Record<string, string> | undefined;
  const [key1, key2] = accountKeys(sandbox.db, resource.name);
  return {
    keys: [
      { keyName: "key1", value: key1, permissions: "FULL", creationTime: created?.["key1"] },
      { keyName: "key2", value: key2, permissions: "FULL", creationTime: created?.["key2"] },
    ],
  };
}

const serviceBody = proxy(
  z
    .looseObject({
      deleteRetentionPolicy: z.looseObject({ enabled: z.boolean().nullish(), days: z.int().min(1).max(365).nullish() }).nullish(),
      containerDeleteRetentionPolicy: z.looseObject({ enabled: z.boolean().nullish() }).nullish(),
      isVersioningEnabled: z.boolean().nullish(),
    })
    .nullish(),
);

export const blobServices: ResourceType<z.infer<typeof serviceBody>> = {
  type: `${accountType}/blobServices`,
  body: serviceBody,
  putStatus: 200,
  provisioningState: false,
  names: { pattern: /^default$/, rule: "the only blob service is called default" },
  find: (id, sandbox) =>
    singleton(id, `${accountType}/blobServices`, sandbox, { cors: { corsRules: [] }, deleteRetentionPolicy: { enabled: false } }),
};

const containerBody = z.looseObject({
  properties: z
    .looseObject({ publicAccess: z.enum(["None", "Blob", "Container"]).nullish(), metadata: z.record(z.string(), z.string()).nullish() })
    .nullish(),
});

const containerType = `${accountType}/blobServices/containers`;

export const blobContainers: ResourceType<z.infer<typeof containerBody>> = {
  type: containerType,
  body: containerBody,
  provisioningState: false,
  names: {
    pattern: /^(\$root|\$web|\$logs|(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*)$/,
    rule: "3-63 lower-case letters, digits and single hyphens",
    code: "InvalidContainerName",
  },
  check({ after }, sandbox) {
    const access = after.properties["publicAccess"];
    const account = sandbox.resources.get(parentId(parentId(after.id)));
    if (access && access !== "None" && account?.properties["allowBlobPublicAccess"] !== true) {
      throw new ArmError(409, "PublicAccessNotPermitted", "Public access is not permitted on this storage account.");
    }
  },
  async fill({ after }, sandbox) {
    await sandbox.container(nameOf(parentId(parentId(after.id))), after.name);
    return {
      ...after,
      properties: {
        publicAccess: "None",
        leaseStatus: "Unlocked",
        leaseState: "Available",
        hasImmutabilityPolicy: false,
        hasLegalHold: false,
        ...withoutNulls(after.properties),
        lastModifiedTime: new Date().toISOString(),
      },
    };
  },
  async remove(resource, sandbox) {
    await (await sandbox.container(nameOf(parentId(parentId(resource.id))), resource.name)).deleteIfExists();
  },
  // Containers that were made through the blob service itself are there for Resource Manager too.
  find(id, sandbox) {
    const account = nameOf(parentId(parentId(id)));
    const found = containersIn(sandbox)
      .of(account)
      .find((one) => one.name === nameOf(id));
    return (
      found && {
        id,
        name: found.name,
        type: containerType,
        properties: { publicAccess: "None", leaseStatus: "Unlocked", leaseState: "Available", lastModifiedTime: found.lastModified },
      }
    );
  },
  list(scope, _query, sandbox) {
    const account = nameOf(parentId(scope));
    return containersIn(sandbox)
      .of(account)
      .map(
        ({ name }) => sandbox.resources.get(`${scope}/containers/${name}`) ?? blobContainers.find!(`${scope}/containers/${name}`, sandbox)!,
      )
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  },
};

const policyBody = proxy(
  z.looseObject({
    policy: z.looseObject({
      rules: z
        .array(z.looseObject({ name: z.string(), type: z.literal("Lifecycle"), definition: z.looseObject({ actions: z.looseObject({}) }) }))
        .min(1),
    }),
  }),
);

export const managementPolicies: ResourceType<z.infer<typeof policyBody>> = {
  type: `${accountType}/managementPolicies`,
  body: policyBody,
  putStatus: 200,
  provisioningState: false,
  names: { pattern: /^default$/, rule: "the only management policy is called default" },
  fill: ({ after }) => ({ ...after, properties: { ...after.properties, lastModifiedTime: new Date().toISOString() } }),
};

function singleton(id: string, type: string, sandbox: SandboxContext, properties: Record<string, unknown>): ArmResource | undefined {
  if (nameOf(id) !== "default" || !sandbox.resources.get(parentId(id))) return undefined;
  return { id, name: "default", type, properties };
}

export function withoutNulls(properties: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== null && value !== undefined));
}

export const storageTypes = [storageAccounts, blobServices, blobContainers, managementPolicies];
