// What a node says besides its ports and its component, in the words of a pipeline's request, by the node's type.
import { identityBody, limitsBody, nodeDistribution, nodeResources, queueBody, servicesBody, snakeKeys } from "../common/command-body.ts";
import type { Resources } from "../common/command-fields.ts";
import { miniBatchSize, partitionKeys, taskBody, type ParallelEntity } from "../common/parallel.ts";
import { checkPlace, checkSpark, sparkConf, sparkSettings as settingsOf, withInstances, type SparkEntity } from "../common/spark.ts";
import { notBelowAMinute, policyOf, terminationBody, type SweepEntity } from "../common/sweep.ts";
import { TASKS } from "../automl/tasks.ts";
import { searchText } from "../automl/search.ts";
import { camelToSnake } from "../schema/scalars.ts";
import type { CommandComponentEntity } from "../kinds/command-component.ts";
import type { Build } from "../kinds/kind.ts";
import type { Asset } from "../asset.ts";
import { ReferenceMark, TextMark, UploadMark, withMarks } from "../body.ts";
import { inputUri, isBinding, type DataInput } from "../common/job-io.ts";
import { within } from "../common/marks.ts";
import { pythonRepr } from "../yaml/value.ts";
import type { NodeEntity } from "./node-fields.ts";
import { transferSettings } from "./transfer-nodes.ts";

type Json = Record<string, unknown>;

/** `component`: what is known of the node's component, whose settings hold where the node has none; `asset`: what is registered of it. */
export function nodeSettings(node: NodeEntity, component: Json | null, asset: Asset | null, build: Build, at: readonly string[]): Json {
  switch (node.type) {
    case "command":
      return commandSettings(node, component);
    case "sweep":
      return sweepSettings(node.fields as unknown as SweepEntity);
    case "parallel":
      return parallelSettings(node, component, asset, within(build, [...at]));
    case "spark":
      return sparkSettings(node, component, codeOf(asset), within(build, [...at]));
    case "data_transfer":
      return transferSettings(node, component, build, at);
    default:
      return {};
  }
}

function commandSettings({ fields }: NodeEntity, component: Partial<CommandComponentEntity> | null): Json {
  return {
    resources: nodeResources(fields.resources ?? component?.resources),
    distribution: nodeDistribution(fields.distribution ?? component?.distribution),
    limits: snakeKeys(limitsBody(fields.limits)),
    environment_variables: fields.environment_variables,
    queue_settings: snakeKeys(queueBody(fields.queue_settings)),
    services:
      fields.services &&
      Object.fromEntries(Object.entries(servicesBody(fields.services)!).map(([key, item]) => [key, snakeKeys(item as Json, ["nodes"])])),
    identity: snakeKeys(identityBody(fields.identity)),
  };
}

function sweepSettings(fields: SweepEntity): Json {
  const { limits } = fields;
  return {
    limits: { ...limits, timeout: notBelowAMinute(limits.timeout), trial_timeout: notBelowAMinute(limits.trial_timeout) },
    sampling_algorithm: fields.sampling_algorithm,
    objective: fields.objective,
    early_termination: snakeKeys(onlyGiven(terminationBody(fields.early_termination))),
    search_space: fields.search_space,
    queue_settings: fields.queue_settings,
    resources: nodeResources(fields.resources),
  };
}

/** A node sends no slack that is not given; a job sends zero. */
const onlyGiven = (policy: Json | null): Json | null =>
  policy && Object.fromEntries(Object.entries(policy).filter(([name, value]) => !name.startsWith("slack") || value !== 0));

/** The folder of a component's code, where that is a local one. */
const codeOf = (asset: Asset | null): string | undefined =>
  asset?.uploads.find(({ kind, includes }) => kind === "code" && includes.length === 0)?.localPath;

/** The task of a component, whose paths are seen from the component's own file. */
function taskOf(asset: Asset | null): unknown {
  const { componentSpec } = (asset ? withMarks(asset).properties : {}) as { componentSpec?: { task?: unknown } };
  return componentSpec?.task;
}

function parallelSettings({ fields, form }: NodeEntity, component: Json | null, asset: Asset | null, build: Build): Json {
  const own = fields as Partial<ParallelEntity> & { resources?: Resources; environment_variables?: unknown };
  const from = (component ?? {}) as Partial<ParallelEntity> & { resources?: Resources };
  const given = own.mini_batch_size || from.mini_batch_size;
  const size = isBinding(given) ? given : (miniBatchSize(given, build, ["mini_batch_size"]) ?? (component ? "0" : undefined));
  return {
    resources: nodeResources(own.resources ?? from.resources),
    // These two hold for the component alone, as for the SDK; zero and empty say nothing where the component says something.
    error_threshold: own.error_threshold,
    logging_level: own.logging_level,
    mini_batch_error_threshold: own.mini_batch_error_threshold || from.mini_batch_error_threshold,
    environment_variables: own.environment_variables,
    max_concurrency_per_instance: own.max_concurrency_per_instance || from.max_concurrency_per_instance,
    task: form === "component" && own.task ? taskBody(own.task, build, ["task"]) : taskOf(asset),
    input_data: own.input_data || from.input_data,
    retry_settings: own.retry_settings ?? from.retry_settings,
    mini_batch_size: size === undefined || isBinding(size) ? size : Number(size),
    partition_keys: partitionKeys(own.partition_keys?.length ? own.partition_keys : from.partition_keys),
    // That of a job written inline goes as it stands in the file.
    identity: form === "job" ? fields.identity : snakeKeys(identityBody(fields.identity)),
  };
}

function sparkSettings({ fields, compute, form }: NodeEntity, component: Json | null, code: string | undefined, build: Build): Json {
  const own = fields as Partial<Omit<SparkEntity, "properties">>;
  const from = (component ?? {}) as Partial<SparkEntity>;
  const { resources } = fields as { resources?: { instance_type?: string; runtime_version?: string } };
  checkPlace(compute, resources, build);
  const given = settingsOf(own.conf);
  const merged = { known: { ...settingsOf(from.conf).known, ...given.known }, rest: given.rest };
  const entry = own.entry ?? from.entry;
  if (entry) checkSpark(merged.known, entry, fields.code === undefined || form === "job" ? code : undefined, build);
  return {
    resources: resources && { instance_type: resources.instance_type, runtime_version: resources.runtime_version },
    py_files: own.py_files ?? from.py_files,
    jars: own.jars ?? from.jars,
    files: own.files ?? from.files,
    archives: own.archives ?? from.archives,
    identity: snakeKeys(identityBody(fields.identity) ?? { identityType: compute === undefined ? "UserIdentity" : "Managed" }),
    conf: component || form === "job" || own.conf ? sparkConf(withInstances(merged)) : undefined,
    args: own.args ?? from.args,
    entry: entry && { ...entry, spark_job_entry_type: "SparkJobPythonEntry" },
  };
}

/** Fields whose words a job sends in Azure's spelling, a node as a file writes them. */
const WORDS = new Set([
  ...["primary_metric", "blocked_transformers", "allowed_training_algorithms", "blocked_training_algorithms", "training_mode"],
  ...["learning_rate_scheduler", "optimizer", "model_size", "validation_metric_type", "log_training_metrics", "log_validation_loss"],
]);

function asWritten(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) return value.map((item) => asWritten(item, key));
  if (typeof value === "string") return WORDS.has(key) && !value.includes("{{") ? camelToSnake(value) : value;
  if (value === null || typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, asWritten(item, name)]));
}

/** Tables that are no binding: the SDK sends them as the text of its own object. */
function tables(fields: Json, build: Build, at: readonly string[]): Json {
  const written = ["training_data", "validation_data", "test_data"].flatMap((name) => {
    const table = fields[name] as string | DataInput | undefined;
    if (table === undefined || typeof table === "string") return [];
    const { type = "uri_folder", mode, datastore } = table;
    const uri = inputUri({ ...table, type }, build, [...at, name]);
    const more = Object.entries({ mode, datastore }).filter(([, value]) => value !== undefined);
    const before = `{'type': '${type}', 'path': '`;
    const after = `'${more.map(([key, value]) => `, '${key}': ${pythonRepr(value!)}`).join("")}}`;
    return [
      [
        name,
        uri instanceof UploadMark || uri instanceof ReferenceMark ? new TextMark(before, uri, after) : `${before}${String(uri)}${after}`,
      ],
    ];
  });
  return Object.fromEntries(written) as Json;
}

/** Automated ML: as the file has it; what is searched becomes text. */
export function automlSettings({ fields }: NodeEntity, build: Build, at: readonly string[]): Json {
  const spaces = fields["search_space"] as Json[] | undefined;
  const { type, usualMetric, nodeDefaults } = TASKS[fields["task"] as string]!;
  const sweep = fields["sweep"] as { early_termination?: SweepEntity["early_termination"] } | undefined;
  const verbosity = fields["log_verbosity"] as string | undefined;
  return {
    ...{ tags: {}, properties: {}, outputs: {} },
    primary_metric: camelToSnake(usualMetric ?? "Accuracy"),
    ...nodeDefaults,
    ...(asWritten({ ...fields, ...tables(fields, build, at) }) as Json),
    log_verbosity: verbosity === undefined && type.startsWith("Text") ? undefined : camelToSnake(verbosity ?? "info"),
    ...(nodeDefaults["limits"] ? { limits: { ...(nodeDefaults["limits"] as Json), ...(fields["limits"] as Json | undefined) } } : {}),
    sweep: sweep?.early_termination ? { ...sweep, early_termination: policyOf(sweep.early_termination) } : sweep,
    // Text goes as it is written, images as the text of a distribution.
    search_space: type.startsWith("Text")
      ? spaces
      : spaces?.map((space) => Object.fromEntries(Object.entries(space).map(([name, value]) => [name, searchText(value)]))),
  };
}
