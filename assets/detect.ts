// Which kind a file is: by its `$schema`, then by `type`, then by the fields it has. In `az ml` the command says it.
import type { Kind, Noun } from "./asset.ts";
import type { Problem } from "./problems.ts";
import type { Source } from "./yaml/source.ts";
import { byShape } from "./detect-shape.ts";
import { isMap, type YamlMap } from "./yaml/value.ts";

export const NOUNS: readonly Noun[] = [
  "workspace",
  "compute",
  "data",
  "environment",
  "model",
  "component",
  "job",
  "onlineEndpoint",
  "onlineDeployment",
  "schedule",
  "registry",
  "featureStore",
  "featureSet",
  "featureStoreEntity",
  "batchEndpoint",
  "batchDeployment",
  "datastore",
  "connection",
  "modelPackage",
  "dataImport",
  "index",
  "serverlessEndpoint",
  "marketplaceSubscription",
  "capabilityHost",
  "deploymentTemplate",
];

/** What `type` says within a noun; the noun's default stands first, under "". */
const TYPES: Record<Noun, Record<string, Kind>> = {
  workspace: { "": "workspace", hub: "hub", project: "project" },
  compute: {
    "": "amlCompute",
    amlcompute: "amlCompute",
    computeinstance: "computeInstance",
    kubernetes: "kubernetesCompute",
    virtualmachine: "virtualMachineCompute",
    synapsespark: "synapseSparkCompute",
  },
  data: { "": "data" },
  environment: { "": "environment" },
  model: { "": "model" },
  component: {
    "": "commandComponent",
    command: "commandComponent",
    pipeline: "pipelineComponent",
    spark: "sparkComponent",
    parallel: "parallelComponent",
    data_transfer: "dataTransferComponent",
    automl: "automlComponent",
  },
  job: { "": "commandJob", command: "commandJob", pipeline: "pipelineJob", sweep: "sweepJob", automl: "automlJob", spark: "sparkJob" },
  onlineEndpoint: { "": "managedOnlineEndpoint", managed: "managedOnlineEndpoint", kubernetes: "kubernetesOnlineEndpoint" },
  onlineDeployment: { "": "managedOnlineDeployment", managed: "managedOnlineDeployment", kubernetes: "kubernetesOnlineDeployment" },
  schedule: { "": "monitorSchedule", job: "jobSchedule", import: "importSchedule" },
  registry: { "": "registry" },
  featureStore: { "": "featureStore" },
  featureSet: { "": "featureSet" },
  featureStoreEntity: { "": "featureStoreEntity" },
  batchEndpoint: { "": "batchEndpoint" },
  batchDeployment: { "": "batchDeployment", model: "modelBatchDeployment", pipeline: "pipelineComponentBatchDeployment" },
  datastore: {
    "": "azureBlobDatastore",
    azure_blob: "azureBlobDatastore",
    azure_file: "azureFileDatastore",
    azure_data_lake_gen1: "azureDataLakeGen1Datastore",
    azure_data_lake_gen2: "azureDataLakeGen2Datastore",
    one_lake: "oneLakeDatastore",
  },
  connection: { "": "connection" },
  modelPackage: { "": "modelPackage" },
  dataImport: { "": "dataImport" },
  index: { "": "index" },
  serverlessEndpoint: { "": "serverlessEndpoint" },
  marketplaceSubscription: { "": "marketplaceSubscription" },
  capabilityHost: { "": "capabilityHost" },
  deploymentTemplate: { "": "deploymentTemplate" },
};

/** The nouns of the schema files' names. */
const SCHEMAS: readonly (readonly [RegExp, Noun])[] = [
  [/onlineEndpoint/i, "onlineEndpoint"],
  [/onlineDeployment/i, "onlineDeployment"],
  [/schedule$/i, "schedule"],
  [/batchEndpoint/i, "batchEndpoint"],
  [/batchDeployment$/i, "batchDeployment"],
  [/serverlessEndpoint$/i, "serverlessEndpoint"],
  [/subscription$/i, "marketplaceSubscription"],
  [/capabilityHost$/i, "capabilityHost"],
  [/deploymentTemplate$/i, "deploymentTemplate"],
  [/connection$/i, "connection"],
  [/featureStoreEntity$/i, "featureStoreEntity"],
  [/featureStore$/i, "featureStore"],
  [/featureSet$/i, "featureSet"],
  [/package$/i, "modelPackage"],
  [/^data_?import$/i, "dataImport"],
  [/^index$/i, "index"],
  [/^(azure(Blob|File|DataLakeGen[12])|oneLake|hdfs|datastore)(_?datastore)?$/i, "datastore"],
  [/component$/i, "component"],
  [/job$/i, "job"],
  [/(compute|computeInstance|vm|virtualMachine)$/i, "compute"],
  [/^environment$/i, "environment"],
  [/^data(Asset|set)?$/i, "data"],
  [/^model$/i, "model"],
  [/^(workspace|hub|project|workspaceHub)$/i, "workspace"],
  [/^registry$/i, "registry"],
];

/** The kind of a file, or what is wrong with saying it. */
export function detectKind(source: Source, wanted?: Kind | Noun): Kind | Problem {
  const map = source.root;
  if (!isMap(map)) return source.problem([], "must be a mapping of fields", "write `key: value` lines");
  if (wanted && !isNoun(wanted)) return wanted;
  const schema = map.get("$schema");
  const noun = wanted ?? detectNoun(source);
  if (noun) return byType(noun, map, source);
  if (typeof schema === "string")
    return source.problem(["$schema"], "names no kind that this program reads", `the kinds are ${NOUNS.join(", ")}`, schema);
  const type = map.get("type");
  if (typeof type === "string")
    return source.problem(
      ["type"],
      "the file does not say what it describes, and no kind that this program reads has this type",
      "add a `$schema:` line",
      type,
    );
  return source.problem(
    [],
    "the file does not say what it describes",
    "add a `$schema:` line (https://azuremlschemas.azureedge.net/latest/<kind>.schema.json)",
  );
}

/** What `az ml` noun a file belongs to: by its `$schema`, else by its fields; undefined where neither tells. */
export function detectNoun({ root, file }: Source): Noun | undefined {
  if (!isMap(root)) return undefined;
  const schema = root.get("$schema");
  return (typeof schema === "string" ? bySchema(schema) : undefined) ?? byShape(root, file);
}

/** Whether a word names a kind or a noun. */
export const isKindOrNoun = (word: string): word is Kind | Noun =>
  isNoun(word) || Object.values(TYPES).some((types) => Object.values<string>(types).includes(word));

const isNoun = (word: string): word is Noun => (NOUNS as readonly string[]).includes(word);

/** `…/latest/pipelineJob.schema.json` → job. */
function bySchema(schema: string): Noun | undefined {
  const name = /([^/]+?)(\.schema)?\.json$/i.exec(schema)?.[1];
  return name === undefined ? undefined : SCHEMAS.find(([pattern]) => pattern.test(name))?.[1];
}

function byType(noun: Noun, map: YamlMap, source: Source): Kind | Problem {
  const types = TYPES[noun];
  // Workspaces say it by `kind`.
  const key = noun === "workspace" ? "kind" : "type";
  const type = map.get(key);
  if (noun === "onlineEndpoint") return map.get("compute") ? "kubernetesOnlineEndpoint" : "managedOnlineEndpoint";
  if (noun === "schedule") return map.has("create_monitor") ? "monitorSchedule" : map.has("import_data") ? "importSchedule" : "jobSchedule";
  if (noun === "onlineDeployment") return type === "kubernetes" ? "kubernetesOnlineDeployment" : "managedOnlineDeployment";
  if (Object.keys(types).length === 1 || type === undefined) {
    if (noun === "compute")
      return source.problem(
        ["type"],
        "is required; it must be one of amlcompute, computeinstance, kubernetes, virtualmachine, synapsespark",
        "add `type: amlcompute`",
        undefined,
        "key",
      );
    return types[""]!;
  }
  // The SDK minds the case of a job's type, and of no other.
  const word = typeof type === "string" ? (noun === "job" ? type : type.toLowerCase()) : "";
  const kind = types[word];
  if (kind) return kind;
  return source.problem(
    [key],
    `must be one of ${Object.keys(types).filter(Boolean).join(", ")} for a ${noun}`,
    "change the type; other types cannot be read yet",
    type,
  );
}
