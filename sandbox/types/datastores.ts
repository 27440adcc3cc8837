// Microsoft.MachineLearningServices/workspaces/datastores (API 2024-10-01): where data lies, and the secrets that open it.
import { z } from "zod";
import { ArmError } from "../core.ts";
import type { ArmResource, ResourceType, SandboxContext } from "../core.ts";
import { parentId, sameId } from "../arm/ids.ts";
import { accountsIn } from "../blob/accounts.ts";
import { containerSas } from "../blob/sas.ts";
import { withoutNulls } from "./storage.ts";

const secretTypes: Readonly<Record<string, string>> = {
  AccountKey: "AccountKey",
  Sas: "Sas",
  ServicePrincipal: "ServicePrincipal",
  Certificate: "Certificate",
};

const body = z.looseObject({
  properties: z
    .looseObject({
      datastoreType: z.enum(["AzureBlob", "AzureDataLakeGen1", "AzureDataLakeGen2", "AzureFile", "OneLake"]),
      credentials: z.looseObject({ credentialsType: z.enum(["AccountKey", "Certificate", "None", "Sas", "ServicePrincipal"]) }),
      description: z.string().nullish(),
      isDefault: z.boolean().nullish(),
    })
    .superRefine((properties, context) => {
      const needed: Record<string, string[]> = {
        AzureBlob: [],
        AzureDataLakeGen1: ["storeName"],
        AzureDataLakeGen2: ["accountName", "filesystem"],
        AzureFile: ["accountName", "fileShareName"],
        OneLake: ["artifact", "oneLakeWorkspaceName"],
      };
      for (const name of needed[properties.datastoreType] ?? []) {
        if (!properties[name])
          context.addIssue({ code: "custom", path: [name], message: `must be given for a datastore of type ${properties.datastoreType}` });
      }
    }),
});

export const datastores: ResourceType<z.infer<typeof body>> = {
  type: "Microsoft.MachineLearningServices/workspaces/datastores",
  body,
  provisioningState: false,
  names: { pattern: /^[a-zA-Z0-9_]{1,255}$/, rule: "1-255 letters, digits and underscores" },
  check({ after }, sandbox) {
    const { datastoreType, accountName, credentials } = after.properties as {
      datastoreType: string;
      accountName?: string;
      credentials: { credentialsType: string };
    };
    if (
      /^AzureBlob$|Gen2$/.test(datastoreType) &&
      accountName &&
      /AccountKey|Sas/.test(credentials.credentialsType) &&
      !accountsIn(sandbox.db).find(accountName)
    ) {
      throw new ArmError(400, "UserError", `properties.accountName: the sandbox has no storage account '${accountName}'.`, {
        target: "properties.accountName",
      });
    }
  },
  fill({ before, after }, sandbox) {
    const given = withoutNulls(after.properties);
    const { secrets, ...credentials } = given["credentials"] as Record<string, unknown>;
    if (given["isDefault"] === true) onlyDefault(after.id, sandbox);
    return {
      ...after,
      properties: {
        isDefault: before?.properties["isDefault"] ?? false,
        tags: {},
        properties: {},
        ...given,
        // The key itself is the account's; only what cannot be found again is kept, and never shown.
        credentials: { ...credentials, ...(keepable(credentials["credentialsType"], secrets) ? { secrets } : {}) },
      },
    };
  },
  show: (resource) => {
    const { secrets: _, ...credentials } = resource.properties["credentials"] as Record<string, unknown>;
    return { ...resource, properties: { ...resource.properties, credentials } };
  },
  list(scope, query, sandbox) {
    const wanted = query.get("isDefault");
    const names = [...query.getAll("names"), ...query.getAll("names[]")].flatMap((one) => one.split(","));
    const search = query.get("searchText")?.toLowerCase();
    return sandbox.resources
      .list(scope, datastores.type)
      .filter((one) => wanted === null || one.properties["isDefault"] === (wanted.toLowerCase() === "true"))
      .filter((one) => !names.length || names.some((name) => sameId(name, one.name)))
      .filter((one) => !search || one.name.toLowerCase().includes(search));
  },
  remove(resource, _sandbox, cascade) {
    if (resource.properties["isDefault"] === true && !cascade) {
      throw new ArmError(
        400,
        "UserError",
        `Datastore '${resource.name}' is the workspace's default and cannot be deleted; make another one the default first.`,
      );
    }
  },
  actions: { listSecrets: (resource, asked, sandbox) => ({ body: secretsOf(resource, asked, sandbox) }) },
};

const keepable = (type: unknown, secrets: unknown): boolean =>
  secrets !== undefined && (type === "ServicePrincipal" || type === "Certificate" || type === "Sas");

function onlyDefault(id: string, sandbox: SandboxContext): void {
  for (const other of sandbox.resources.list(parentId(id), datastores.type)) {
    if (other.properties["isDefault"] === true && !sameId(other.id, id))
      sandbox.resources.put({ ...other, properties: { ...other.properties, isDefault: false } });
  }
}

function secretsOf(resource: ArmResource, asked: unknown, sandbox: SandboxContext): object {
  const { accountName, containerName, filesystem, credentials } = resource.properties as {
    accountName?: string;
    containerName?: string;
    filesystem?: string;
    credentials: { credentialsType: string; secrets?: Record<string, unknown> };
  };
  const type = secretTypes[credentials.credentialsType];
  if (!type)
    throw new ArmError(
      400,
      "UserError",
      `Datastore '${resource.name}' has no secrets: its credentials are of type None, so the caller's own identity is used.`,
    );
  if (type === "ServicePrincipal" || type === "Certificate") return { secretsType: type, ...credentials.secrets };
  const container = containerName ?? filesystem;
  const { expirableSecret, expireAfterHours } = (asked ?? {}) as { expirableSecret?: boolean; expireAfterHours?: number };
  if (type === "AccountKey" && (expirableSecret !== true || !container)) {
    const account = accountsIn(sandbox.db).find(accountName ?? "");
    if (!account) throw new ArmError(404, "UserError", `The sandbox has no storage account '${accountName}'.`);
    return { secretsType: "AccountKey", key: account.keys[0] };
  }
  if (type === "Sas" && credentials.secrets?.["sasToken"]) return { secretsType: "Sas", sasToken: credentials.secrets["sasToken"] };
  return {
    secretsType: "Sas",
    sasToken: containerSas(sandbox.db, {
      account: accountName!,
      container: container!,
      // The SDK reads the container of a code upload with it (`components.download`).
      wholeAccount: true,
      permissions: "racwdl",
      hours: Math.min(expireAfterHours ?? 1, 24),
    }),
  };
}
