// Connections of workspaces, hubs and projects (`az ml connection`): where something outside is, and the credentials for it.
// https://learn.microsoft.com/azure/machine-learning/reference-yaml-connection-blob (and its neighbours); REST Connection 2025-12-01.
import { anyDict } from "../common/asset-fields.ts";
import {
  anyCredentials,
  blobCredentials,
  connectionAuth,
  fabricCredentials,
  type ConnectionCredentials,
} from "../common/connection-credentials.ts";
import { namedValues, object, type FieldMap } from "../schema/compound.ts";
import { BAD, nullable, readOnly, required, type Field } from "../schema/field.ts";
import { any, bool, camelToSnake, oneOf, str } from "../schema/scalars.ts";
import { secret } from "../schema/secret.ts";
import { isMap, type Yaml } from "../yaml/value.ts";
import { defineKind, type Build } from "./kind.ts";

/** A connection as the SDK's classes have it: one name for the address, whatever the file calls it. */
export interface ConnectionEntity {
  name?: string;
  type: string;
  target?: string;
  api_base?: string;
  url?: string;
  azure_endpoint?: string;
  endpoint?: string;
  credentials?: ConnectionCredentials;
  api_key?: string | null;
  is_shared?: boolean;
  metadata?: Record<string, Yaml>;
  tags?: Record<string, Yaml>;
  [other: string]: unknown;
}

/** What one type of connection has beside the common fields. */
interface Subtype {
  fields: FieldMap;
  category: string;
  /** The field that holds the address; it has to be there. */
  address?: "target" | "url" | "azure_endpoint" | "endpoint" | "api_base";
  /** Credentials are an `api_key`, or else Entra ID (where that is allowed). */
  byKey?: "or Entra ID" | "only";
  /** What is sent beside the user's metadata. */
  metadata?: (entity: ConnectionEntity) => Record<string, unknown>;
}

const optionalKey = { api_key: nullable(secret) } as const;
const requiredKey = { api_key: required(secret) } as const;
const service = (category: string, kind?: string): Subtype => ({
  fields: { ...optionalKey, endpoint: str },
  category,
  address: "endpoint",
  byKey: "or Entra ID",
  ...(kind && { metadata: () => ({ Kind: kind }) }),
});

const SUBTYPES: Record<string, Subtype> = {
  azure_blob: {
    fields: { credentials: blobCredentials, url: str, account_name: required(str), container_name: required(str) },
    category: "AzureBlob",
    address: "url",
    metadata: (entity) => ({ ContainerName: entity.container_name, AccountName: entity.account_name }),
  },
  azure_one_lake: {
    fields: {
      credentials: fabricCredentials,
      artifact: nullable(object({ type: required(oneOf(["lake_house"], { transform: camelToSnake })), name: required(str) })),
      endpoint: str,
      one_lake_workspace_name: str,
    },
    category: "AzureOneLake",
    address: "endpoint",
  },
  azure_open_ai: {
    fields: { ...optionalKey, api_version: nullable(str), azure_endpoint: str, open_ai_resource_id: nullable(str) },
    category: "AzureOpenAi",
    address: "azure_endpoint",
    byKey: "or Entra ID",
    metadata: (entity) => ({ ApiVersion: entity.api_version, ApiType: "Azure", ResourceId: entity.open_ai_resource_id }),
  },
  azure_ai_services: {
    fields: { ...optionalKey, endpoint: str, ai_services_resource_id: required(str) },
    category: "AIServices",
    address: "endpoint",
    byKey: "or Entra ID",
    metadata: (entity) => ({ ResourceId: entity.ai_services_resource_id }),
  },
  azure_ai_search: service("CognitiveSearch"),
  azure_content_safety: service("CognitiveService", "Content Safety"),
  azure_speech_services: service("CognitiveService", "speech"),
  api_key: { fields: { ...requiredKey, api_base: required(str) }, category: "ApiKey", address: "api_base", byKey: "only" },
  open_ai: { fields: requiredKey, category: "OpenAi", byKey: "only" },
  serp: { fields: requiredKey, category: "Serp", byKey: "only" },
  serverless: { fields: { ...requiredKey, endpoint: str }, category: "Serverless", address: "endpoint", byKey: "only" },
};

const CATEGORIES: Record<string, string> = {
  git: "Git",
  container_registry: "ContainerRegistry",
  python_feed: "PythonFeed",
  s3: "S3",
  snowflake: "Snowflake",
  azure_sql_db: "AzureSqlDb",
  azure_synapse_analytics: "AzureSynapseAnalytics",
  azure_my_sql_db: "AzureMySqlDb",
  azure_postgres_db: "AzurePostgresDb",
  custom: "CustomKeys",
  azure_data_lake_gen2: "ADLSGen2",
};

const common = {
  name: required(str),
  id: str,
  description: str,
  tags: namedValues,
  creation_context: readOnly(any),
  target: str,
  credentials: anyCredentials,
  is_shared: bool,
  metadata: anyDict,
} as const;

const plain = object({ ...common, type: required(oneOf(Object.keys(CATEGORIES), { transform: camelToSnake })) }, { pathAware: true });
// How the SDK finds the class of a type: AzureBlob and azure_blob are the same, AZURE_BLOB is not.
const schemaKey = (type: string): string => type.replaceAll(/_([a-z])/g, "$1").toLowerCase();
const schemas = new Map(
  Object.entries(SUBTYPES).map(([type, subtype]) => [
    schemaKey(type),
    object({ ...common, ...subtype.fields, type: required(oneOf([type], { transform: camelToSnake })) }, { pathAware: true }),
  ]),
);

const field: Field<ConnectionEntity> = {
  expects: plain.expects,
  load(value, at) {
    const type = isMap(value) ? value.get("type") : undefined;
    const schema = typeof type === "string" ? schemas.get(schemaKey(type)) : undefined;
    const loaded = (schema ?? plain).load(value, at);
    return loaded === BAD ? BAD : loaded;
  },
};

export const connection = defineKind<ConnectionEntity>({
  kind: "connection",
  noun: "connection",
  field,
  build(entity, build) {
    const subtype = SUBTYPES[entity.type];
    return {
      name: entity.name ?? null,
      version: null,
      body: {
        properties: {
          category: subtype?.category ?? CATEGORIES[entity.type],
          target: targetOf(entity, subtype, build),
          ...connectionAuth(credentialsOf(entity, subtype, build)),
          metadata: { ...entity.tags, ...entity.metadata, ...subtype?.metadata?.(entity) },
          isSharedToAll: entity.is_shared ?? true,
        },
      },
    };
  },
});

const ADDRESSES = ["target", "api_base", "url", "azure_endpoint", "endpoint"] as const;

function targetOf(entity: ConnectionEntity, subtype: Subtype | undefined, build: Build): string | null {
  const needed = subtype ? subtype.address : "target";
  if (needed && entity[needed] === undefined) {
    build.problem([needed], `a connection of type ${entity.type} needs its address`, `add \`${needed}:\``);
    return null;
  }
  if (entity.type === "azure_one_lake") return entity.target ?? lakehouse(entity, build);
  // The last one wins, as in the SDK.
  return ADDRESSES.reduce<string | null>((found, name) => entity[name] ?? found, null);
}

function lakehouse(entity: ConnectionEntity, build: Build): string | null {
  const artifact = entity.artifact as { name: string } | null | undefined;
  for (const name of ["artifact", "one_lake_workspace_name"])
    if (entity[name] === undefined || entity[name] === null) {
      build.problem([name], "is needed where there is no `target`", `add \`${name}:\``);
      return null;
    }
  const place = `https://${entity.endpoint}/${String(entity.one_lake_workspace_name)}/${artifact!.name}`;
  // A lakehouse by its id stands alone.
  return /^.{7}-.{4}-.{4}-.{4}.{12}/.test(artifact!.name) ? place : `${place}.Lakehouse`;
}

// Types whose data Azure reads itself: no credentials means Entra ID.
const STORES = ["azure_blob", "azure_one_lake", "azure_data_lake_gen2"];

function credentialsOf(entity: ConnectionEntity, subtype: Subtype | undefined, build: Build): ConnectionCredentials {
  const given: ConnectionCredentials = entity.credentials ?? { type: "none" };
  if (subtype?.byKey) {
    if (entity.api_key) return { type: "api_key", key: entity.api_key };
    if (given.type === "api_key") return given;
    if (subtype.byKey === "only") build.problem(["api_key"], "may not be empty", "give the key");
    return { type: "aad" };
  }
  const credentials: ConnectionCredentials = given.type === "none" && STORES.includes(entity.type) ? { type: "aad" } : given;
  if (entity.type === "azure_data_lake_gen2" && !["service_principal", "aad", "managed_identity"].includes(credentials.type))
    build.problem(
      ["credentials", "type"],
      "a connection to a data lake takes a service principal, a managed identity or Entra ID",
      "write `type: service_principal`, `managed_identity` or `aad`",
      credentials.type,
    );
  return credentials;
}
