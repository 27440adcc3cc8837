// Which kind a file is: by its `$schema`, then by `type`, then by the fields it has. In `az ml` the command says it.
import type { Kind, Noun } from "./asset.ts";
import type { Problem } from "./problems.ts";
import type { Source } from "./yaml/source.ts";
import { isMap, pythonString, type YamlMap } from "./yaml/value.ts";

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
];

/** What `type` says within a noun; the noun's default stands first, under "". */
const TYPES: Record<Noun, Record<string, Kind>> = {
  workspace: { "": "workspace" },
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
  },
  job: { "": "commandJob", command: "commandJob", pipeline: "pipelineJob", sweep: "sweepJob", automl: "automlJob", spark: "sparkJob" },
  onlineEndpoint: { "": "managedOnlineEndpoint", managed: "managedOnlineEndpoint", kubernetes: "kubernetesOnlineEndpoint" },
  onlineDeployment: { "": "managedOnlineDeployment", managed: "managedOnlineDeployment", kubernetes: "kubernetesOnlineDeployment" },
  schedule: { "": "monitorSchedule", job: "jobSchedule" },
  registry: { "": "registry" },
};

/** The nouns of the schema files' names. */
const SCHEMAS: readonly (readonly [RegExp, Noun])[] = [
  [/onlineEndpoint/i, "onlineEndpoint"],
  [/onlineDeployment/i, "onlineDeployment"],
  [/schedule$/i, "schedule"],
  [/component$/i, "component"],
  [/job$/i, "job"],
  [/(compute|computeInstance|vm|virtualMachine)$/i, "compute"],
  [/^environment$/i, "environment"],
  [/^data$/i, "data"],
  [/^model$/i, "model"],
  [/^workspace$/i, "workspace"],
  [/^registry$/i, "registry"],
];

/** The kind of a file, or what is wrong with saying it. */
export function detectKind(source: Source, wanted?: Kind | Noun): Kind | Problem {
  const map = source.root;
  if (!isMap(map)) return source.problem([], "must be a mapping of fields", "write `key: value` lines");
  if (wanted && !isNoun(wanted)) return wanted;
  const schema = map.get("$schema");
  const noun = wanted ?? (typeof schema === "string" ? bySchema(schema) : undefined) ?? byShape(map);
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
  const type = map.get("type");
  if (noun === "onlineEndpoint") return map.get("compute") ? "kubernetesOnlineEndpoint" : "managedOnlineEndpoint";
  if (noun === "schedule") return map.has("create_monitor") ? "monitorSchedule" : "jobSchedule";
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
  const word = typeof type === "string" ? type.toLowerCase() : "";
  const kind = types[word];
  if (kind) return kind;
  return source.problem(
    ["type"],
    `must be one of ${Object.keys(types).filter(Boolean).join(", ")} for a ${noun}`,
    "change the type; other types cannot be read yet",
    type,
  );
}

// Without a schema: fields that only one kind has. The order matters where a field is known to more.
function byShape(map: YamlMap): Noun | undefined {
  const type = pythonString(map.get("type") ?? "").toLowerCase();
  const has = (...names: string[]) => names.some((name) => map.has(name));
  if (has("create_monitor", "create_job")) return "schedule";
  if (has("endpoint_name")) return "onlineDeployment";
  if (has("replication_locations")) return "registry";
  if (["custom_model", "mlflow_model", "triton_model"].includes(type) || has("flavors", "stage")) return "model";
  if (["uri_file", "uri_folder", "mltable"].includes(type)) return "data";
  if (
    ["amlcompute", "computeinstance", "virtualmachine", "synapsespark"].includes(type) ||
    (type === "kubernetes" && has("resource_id", "namespace"))
  )
    return "compute";
  if (has("auth_mode", "traffic", "mirror_traffic")) return "onlineEndpoint";
  if (["pipeline", "command", "sweep", "automl", "spark", "parallel", "import"].includes(type) || has("command", "jobs"))
    return componentOrJob(map);
  if (has("image", "build", "conda_file")) return "environment";
  if (
    has("storage_account", "key_vault", "container_registry", "application_insights", "hbi_workspace", "resource_group", "managed_network")
  )
    return "workspace";
  if (has("path")) return has("datastore") || !has("type") ? "data" : undefined;
  return has("name", "location") && has("location") ? "workspace" : undefined;
}

const JOB_ONLY = ["compute", "experiment_name", "settings", "limits", "services", "identity", "component", "parent_job_name"];
const COMPONENT_ONLY = ["version", "is_deterministic", "additional_includes"];

// A job's inputs have values, a component's have types; a component has a name, which a job is mostly given by Azure.
function componentOrJob(map: YamlMap): Noun {
  if (JOB_ONLY.some((name) => map.has(name))) return "job";
  if (COMPONENT_ONLY.some((name) => map.has(name))) return "component";
  const inputs = map.get("inputs");
  const values = isMap(inputs) ? [...inputs.values()] : [];
  if (values.some((value) => !isMap(value) || value.has("path") || value.has("value"))) return "job";
  return map.has("name") ? "component" : "job";
}
