// Microsoft.MachineLearningServices/registries (API 2024-10-01): with the managed group, storage and container registry that
// Azure makes for each, and the import of assets from workspaces.
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { ArmError } from "../core.ts";
import type { ArmResource, ResourceType, SandboxContext } from "../core.ts";
import { groupId } from "../arm/ids.ts";
import { importAsset } from "../assets/import.ts";
import { forgetDeleted } from "../assets/tombstones.ts";
import { identity, tags } from "./shapes.ts";
import { containerRegistries } from "./containerregistry.ts";
import { storageAccounts, withoutNulls } from "./storage.ts";
import { text } from "../state/values.ts";

const region = z.looseObject({
  location: z.string(),
  acrDetails: z.array(z.looseObject({})).nullish(),
  storageAccountDetails: z.array(z.looseObject({})).nullish(),
});
const body = z.looseObject({
  location: z.string().optional(),
  tags,
  identity,
  properties: z.looseObject({ publicNetworkAccess: z.string().nullish(), regionDetails: z.array(region).nullish() }).nullish(),
});

export const registryType = "Microsoft.MachineLearningServices/registries";

export const registries: ResourceType<z.infer<typeof body>> = {
  type: registryType,
  body,
  tracked: true,
  latencySeconds: 45,
  names: { pattern: /^[a-zA-Z0-9][a-zA-Z0-9-]{2,32}$/, rule: "3-33 letters, digits and hyphens, a letter or digit first" },
  globalName: {
    code: "RegistryNameInUse",
    message: (name) => `The registry name '${name}' is in use; registry names are unique in a tenant.`,
  },
  check({ before, after }) {
    if (/^azureml(-.*)?$/i.test(after.name)) throw new ArmError(400, "BadRequest", `The registry name '${after.name}' is reserved.`);
    const regions = (after.properties["regionDetails"] ?? []) as { location: string }[];
    if (!before && !regions.length)
      throw new ArmError(400, "BadRequest", "properties.regionDetails: must name at least one region.", {
        target: "properties.regionDetails",
      });
  },
  fill({ before, after }, sandbox) {
    const old = before?.properties ?? {};
    const guid = (old["registryGuid"] as string | undefined) ?? randomUUID();
    const given = withoutNulls(after.properties);
    const regions = (given["regionDetails"] ?? old["regionDetails"] ?? []) as { location: string }[];
    const kept = (old["regionDetails"] ?? []) as { location: string }[];
    return {
      ...after,
      identity: after.identity ?? before?.identity ?? { type: "SystemAssigned", principalId: randomUUID(), tenantId: sandbox.tenantId },
      properties: {
        publicNetworkAccess: "Enabled",
        ...given,
        // What Azure made for a region is never taken out by a PUT that does not repeat it.
        regionDetails: regions.map(
          (one) =>
            kept.find((was) => was.location === one.location.toLowerCase().replaceAll(" ", "")) ?? {
              ...one,
              location: one.location.toLowerCase().replaceAll(" ", ""),
            },
        ),
        registryGuid: guid,
        discoveryUrl: `${sandbox.urls.base}/registrymanagement/v1.0/registries/${after.name}/discovery`,
        mlFlowRegistryUri: `azureml://${new URL(sandbox.urls.base).host}/mlflow/v1.0${after.id}`,
        managedResourceGroup: { resourceId: managedGroup(after, guid) },
        intellectualPropertyPublisher: given["intellectualPropertyPublisher"] ?? null,
      },
    };
  },
  async provision(resource, sandbox) {
    const guid = String(resource.properties["registryGuid"]);
    const group = managedGroup(resource, guid);
    if (!sandbox.resources.get(group)) {
      sandbox.resources.put({
        id: group,
        name: group.split("/").at(-1)!,
        type: "Microsoft.Resources/resourceGroups",
        location: resource.location!,
        managedBy: resource.id,
        properties: { provisioningState: "Succeeded" },
      } as ArmResource);
    }
    const regions = (resource.properties["regionDetails"] as Record<string, unknown>[]).map((one, index) =>
      withOwnResources(one, index, resource, group, guid, sandbox),
    );
    return { ...resource, properties: { ...resource.properties, regionDetails: regions } };
  },
  async remove(resource, sandbox, cascade) {
    if (cascade) return;
    const group = (resource.properties["managedResourceGroup"] as { resourceId?: string } | undefined)?.resourceId;
    if (!group) return;
    for (const account of sandbox.resources.list(group, storageAccounts.type)) {
      await storageAccounts.remove!(account, sandbox, true);
      sandbox.resources.delete(account.id);
    }
    for (const registry of sandbox.resources.list(group, containerRegistries.type)) sandbox.resources.delete(registry.id);
    sandbox.resources.delete(group);
    forgetDeleted(sandbox, resource.id);
  },
  actions: {
    import: (resource, asked, sandbox) => ({ status: 202, operation: importAsset(resource, asked, sandbox) }),
  },
};

const managedGroup = (resource: ArmResource, guid: string): string =>
  `${groupId(resource.id)!.replace(/[^/]+$/, "")}azureml-rg-${resource.name}_${guid}`;

/** A region's storage account and container registry, made here when the body does not bring its own. */
function withOwnResources(
  region: Record<string, unknown>,
  index: number,
  registry: ArmResource,
  group: string,
  guid: string,
  sandbox: SandboxContext,
): Record<string, unknown> {
  const short = `${guid.replaceAll("-", "").slice(0, 9)}${index === 0 ? "" : index}`;
  const location = String(region["location"]);
  const storage = (
    region["storageAccountDetails"] as
      | { systemCreatedStorageAccount?: Record<string, unknown>; userCreatedStorageAccount?: unknown }[]
      | null
      | undefined
  )?.[0];
  const acr = (
    region["acrDetails"] as { systemCreatedAcrAccount?: Record<string, unknown>; userCreatedAcrAccount?: unknown }[] | null | undefined
  )?.[0];
  const accountName = text(storage?.systemCreatedStorageAccount?.["storageAccountName"] ?? `reg${short}st`);
  const acrName = text(acr?.systemCreatedAcrAccount?.["acrAccountName"] ?? `reg${short}acr`);
  const made = (type: typeof storageAccounts | typeof containerRegistries, name: string, kind: string | undefined, sku: string): string => {
    const id = `${group}/providers/${type.type}/${name}`;
    if (!sandbox.resources.get(id)) {
      const bare = { id, name, type: type.type, location, sku: { name: sku }, ...(kind ? { kind } : {}), properties: {} } as ArmResource;
      // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- a type's `fill`, not an array's
      const filled = type.fill!({ before: undefined, after: bare, apiVersion: "", principalId: registry.id }, sandbox) as ArmResource;
      sandbox.resources.put({ ...filled, properties: { ...filled.properties, provisioningState: "Succeeded" } });
    }
    return id;
  };
  const accountId = storage?.userCreatedStorageAccount
    ? undefined
    : made(storageAccounts, accountName, "StorageV2", text(storage?.systemCreatedStorageAccount?.["storageAccountType"] ?? "Standard_LRS"));
  const acrId = acr?.userCreatedAcrAccount ? undefined : made(containerRegistries, acrName, undefined, "Premium");
  return {
    ...region,
    ...(accountId
      ? {
          storageAccountDetails: [
            {
              systemCreatedStorageAccount: {
                storageAccountType: "Standard_LRS",
                storageAccountHnsEnabled: false,
                ...storage?.systemCreatedStorageAccount,
                storageAccountName: accountName,
                armResourceId: { resourceId: accountId },
              },
            },
          ],
        }
      : {}),
    ...(acrId
      ? {
          acrDetails: [
            {
              systemCreatedAcrAccount: {
                acrAccountSku: "Premium",
                ...acr?.systemCreatedAcrAccount,
                acrAccountName: acrName,
                armResourceId: { resourceId: acrId },
              },
            },
          ],
        }
      : {}),
  };
}
