// Datastores (`az ml datastore`): Blob, File, Data Lake Gen1 and Gen2, OneLake.
// https://learn.microsoft.com/azure/machine-learning/reference-yaml-datastore-blob; REST Datastore 2025-12-01.
import type { Kind } from "../asset.ts";
import { dict, object, union, type Entity, type FieldMap } from "../schema/compound.ts";
import type { BAD } from "../schema/field.ts";
import { readOnly, required, type At } from "../schema/field.ts";
import { any, camelToSnake, exactly, oneOf, str } from "../schema/scalars.ts";
import { confidential, secret } from "../schema/secret.ts";
import type { YamlMap } from "../yaml/value.ts";
import { defineKind, type KindDefinition } from "./kind.ts";

const accountKey = object({ account_key: required(secret) });
const sasToken = object({ sas_token: required(secret) });
const none = object({}, { expects: "no credentials" });

// The older name of `authority_url`.
function oneAuthority(value: YamlMap, at: At): YamlMap | typeof BAD {
  if (!value.has("authority_uri")) return value;
  if (value.has("authority_url"))
    return at.child("authority_uri").fail("stands beside `authority_url`, which is the same", "keep `authority_url`", undefined, "key");
  return new Map([...value].map(([key, item]) => [key === "authority_uri" ? "authority_url" : key, item]));
}
const tenant = { authority_url: str, resource_url: str, tenant_id: required(str), client_id: required(str) } as const;
const servicePrincipal = object({ ...tenant, client_secret: required(secret) }, { before: oneAuthority });
const certificate = object({ ...tenant, certificate: secret, thumbprint: required(secret) }, { before: oneAuthority });

const storageCredentials = confidential(union(accountKey, sasToken, none));
const lakeCredentials = confidential(union(servicePrincipal, certificate, none));
const fabricCredentials = confidential(union(servicePrincipal, none));
type Credentials =
  | Entity<typeof accountKey.fields>
  | Entity<typeof sasToken.fields>
  | Entity<typeof servicePrincipal.fields>
  | Entity<typeof certificate.fields>
  | { none?: never };

const common = { name: required(str), id: readOnly(any), description: str } as const;
const storage = { ...common, account_name: required(str), endpoint: str, protocol: str, tags: dict(str) } as const;
const typed = <const T extends string>(type: T) => required(exactly([type]));

const blob = { ...storage, type: typed("azure_blob"), container_name: required(str), credentials: storageCredentials } as const;
export const azureBlobDatastore = datastore<Entity<typeof blob>>("azureBlobDatastore", blob, (entity) => ({
  datastoreType: "AzureBlob",
  accountName: entity.account_name,
  containerName: entity.container_name,
  // The SDK takes an empty endpoint of a blob container for none.
  endpoint: entity.endpoint || "core.windows.net",
  protocol: entity.protocol ?? "https",
}));

const file = { ...storage, type: typed("azure_file"), file_share_name: required(str), credentials: storageCredentials } as const;
export const azureFileDatastore = datastore<Entity<typeof file>>("azureFileDatastore", file, (entity) => ({
  datastoreType: "AzureFile",
  accountName: entity.account_name,
  fileShareName: entity.file_share_name,
  endpoint: entity.endpoint ?? "core.windows.net",
  protocol: entity.protocol ?? "https",
}));

const gen2 = { ...storage, type: typed("azure_data_lake_gen2"), filesystem: required(str), credentials: lakeCredentials } as const;
export const azureDataLakeGen2Datastore = datastore<Entity<typeof gen2>>("azureDataLakeGen2Datastore", gen2, (entity) => ({
  datastoreType: "AzureDataLakeGen2",
  accountName: entity.account_name,
  filesystem: entity.filesystem,
  endpoint: entity.endpoint ?? "core.windows.net",
  protocol: entity.protocol ?? "https",
}));

// The SDK wants a mapping behind each tag of these.
const gen1 = {
  ...common,
  tags: dict(dict()),
  type: typed("azure_data_lake_gen1"),
  store_name: required(str),
  credentials: lakeCredentials,
} as const;
export const azureDataLakeGen1Datastore = datastore<Entity<typeof gen1>>("azureDataLakeGen1Datastore", gen1, (entity) => ({
  datastoreType: "AzureDataLakeGen1",
  storeName: entity.store_name,
}));

const oneLake = {
  ...common,
  tags: dict(str),
  type: typed("one_lake"),
  one_lake_workspace_name: required(str),
  endpoint: required(str),
  artifact: required(object({ name: required(str), type: oneOf(["lake_house"], { transform: camelToSnake }) })),
  credentials: fabricCredentials,
} as const;
export const oneLakeDatastore = datastore<Entity<typeof oneLake>>("oneLakeDatastore", oneLake, (entity) => ({
  datastoreType: "OneLake",
  artifact: { artifactType: "LakeHouse", artifactName: entity.artifact.name },
  oneLakeWorkspaceName: entity.one_lake_workspace_name,
  endpoint: entity.endpoint,
}));

interface Common {
  name: string;
  description?: string;
  tags?: Record<string, unknown>;
  credentials?: Credentials;
}

function datastore<E extends Common>(kind: Kind, fields: FieldMap, properties: (entity: E) => Record<string, unknown>): KindDefinition<E> {
  return defineKind<E>({
    kind,
    noun: "datastore",
    field: object(fields, { pathAware: true }) as never,
    build: (entity) => ({
      name: entity.name,
      version: null,
      body: {
        properties: {
          ...properties(entity),
          description: entity.description,
          tags: entity.tags ?? {},
          credentials: credentialsBody(entity.credentials ?? {}),
        },
      },
    }),
  });
}

function credentialsBody(value: Credentials): unknown {
  if ("account_key" in value) return { credentialsType: "AccountKey", secrets: { secretsType: "AccountKey", key: value.account_key } };
  if ("sas_token" in value) return { credentialsType: "Sas", secrets: { secretsType: "Sas", sasToken: value.sas_token } };
  if ("client_secret" in value)
    return {
      credentialsType: "ServicePrincipal",
      ...tenantBody(value),
      secrets: { secretsType: "ServicePrincipal", clientSecret: value.client_secret },
    };
  if ("thumbprint" in value)
    return {
      credentialsType: "Certificate",
      ...tenantBody(value),
      thumbprint: value.thumbprint,
      secrets: { secretsType: "Certificate", certificate: value.certificate },
    };
  return { credentialsType: "None" };
}

const tenantBody = (value: { authority_url?: string; resource_url?: string; tenant_id: string; client_id: string }) => ({
  authorityUrl: value.authority_url ?? "https://login.microsoftonline.com",
  resourceUrl: value.resource_url,
  tenantId: value.tenant_id,
  clientId: value.client_id,
});
