// What a file without a `$schema` is: by the fields that only one kind has, and where they leave it open, by its name and folders.
import type { Noun } from "./asset.ts";
import { isMap, pythonString, type YamlMap } from "./yaml/value.ts";

const DATASTORES = ["azure_blob", "azure_file", "azure_data_lake_gen1", "azure_data_lake_gen2", "one_lake", "hdfs"];
const CONNECTIONS = [
  ...["git", "container_registry", "python_feed", "s3", "snowflake", "azure_sql_db", "azure_synapse_analytics", "azure_my_sql_db"],
  ...["azure_postgres_db", "custom", "azure_one_lake", "azure_open_ai", "azure_ai_services", "azure_ai_search", "azure_content_safety"],
  ...["azure_speech_services", "api_key", "open_ai", "serp", "serverless"],
];
const JOBS = ["pipeline", "command", "sweep", "automl", "spark", "parallel", "import"];
const BATCH = [
  ...["compute", "mini_batch_size", "output_action", "output_file_name", "max_concurrency_per_instance", "error_threshold"],
  ...["retry_settings", "logging_level", "component", "job_definition", "settings"],
];

/** The noun of a file, or undefined where nothing tells. The order matters where a field is known to more than one. */
export function byShape(map: YamlMap, path: string): Noun | undefined {
  const type = pythonString(map.get("type") ?? "").toLowerCase();
  const has = (...names: string[]) => names.some((name) => map.has(name));
  if (has("create_monitor", "create_job", "import_data")) return "schedule";
  if (has("endpoint_name")) return ["pipeline", "model"].includes(type) || has(...BATCH) ? "batchDeployment" : "onlineDeployment";
  if (has("replication_locations")) return "registry";
  if (has("target_environment", "inferencing_server")) return "modelPackage";
  if (has("allowed_instance_types", "default_instance_type", "deployment_template_type", "accelerator_maps")) return "deploymentTemplate";
  if (has("capability_host_kind", "vector_store_connections", "ai_services_connections", "storage_connections")) return "capabilityHost";
  if (has("specification") && has("entities")) return "featureSet";
  if (has("index_columns") && !has("features")) return "featureStoreEntity";
  if (has("offline_store", "online_store", "compute_runtime", "materialization_identity")) return "featureStore";
  if (["custom_model", "mlflow_model", "triton_model"].includes(type) || has("flavors", "default_deployment_template")) return "model";
  if (isMap(map.get("source")) && has("path") && !has("trigger", "command", "task")) return "dataImport";
  if (["uri_file", "uri_folder", "mltable"].includes(type)) return "data";
  if (
    ["amlcompute", "computeinstance", "virtualmachine", "synapsespark"].includes(type) ||
    (type === "kubernetes" && has("resource_id", "namespace"))
  )
    return "compute";
  if (DATASTORES.includes(type)) return has("target", "url") ? "connection" : "datastore";
  if (CONNECTIONS.includes(type.replaceAll("-", "_")) || (has("target") && has("credentials"))) return "connection";
  if (has("model_id")) return says(path, /subscription/i) ? "marketplaceSubscription" : "serverlessEndpoint";
  if (has("defaults") && !has("jobs", "command")) return "batchEndpoint";
  if (has("traffic", "mirror_traffic")) return "onlineEndpoint";
  if (has("auth_mode")) return says(path, /batch/i) ? "batchEndpoint" : "onlineEndpoint";
  // Moving data is no job of its own.
  if (type === "data_transfer") return "component";
  if (JOBS.includes(type) || has("command", "jobs")) return componentOrJob(map);
  if (has("image", "build", "conda_file")) return "environment";
  if (has(...WORKSPACE) || ["hub", "project"].includes(pythonString(map.get("kind") ?? "").toLowerCase()))
    return says(path, /feature_?store/i) ? "featureStore" : "workspace";
  const named = byPath(path);
  if (has("path")) return named && ["model", "index"].includes(named) ? named : has("stage") ? "model" : has("type") ? undefined : "data";
  return named ?? (has("name", "location") && has("location") ? "workspace" : undefined);
}

const WORKSPACE = [
  ...["storage_account", "key_vault", "container_registry", "application_insights", "hbi_workspace", "resource_group", "managed_network"],
  ...["image_build_compute", "customer_managed_key", "hub_id", "workspace_hub", "serverless_compute", "network_acls"],
];

/** Words of names and folders, the nearest to the file first. */
const PATH_WORDS: readonly (readonly [RegExp, Noun])[] = [
  [/batch.*endpoint|endpoint.*batch/i, "batchEndpoint"],
  [/feature_?-?store_?-?entity/i, "featureStoreEntity"],
  [/feature_?-?store/i, "featureStore"],
  [/capability_?-?host/i, "capabilityHost"],
  [/workspace|(^|[_-])(ws|hub)([_-]|$)/i, "workspace"],
  [/endpoint/i, "onlineEndpoint"],
  [/model/i, "model"],
  [/index/i, "index"],
  [/environment/i, "environment"],
];

const segments = (path: string): string[] => path.split(/[/\\]/).slice(-3).toReversed();

const says = (path: string, word: RegExp): boolean => segments(path).some((segment) => word.test(segment));

function byPath(path: string): Noun | undefined {
  for (const segment of segments(path)) {
    const found = PATH_WORDS.find(([word]) => word.test(segment.replace(/\.[^.]*$/, "")));
    if (found) return found[1] === "onlineEndpoint" && says(path, /batch/i) ? "batchEndpoint" : found[1];
  }
  return undefined;
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
