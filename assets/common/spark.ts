// What Spark runs, and with how much of a pool: shared by spark jobs, components and nodes.
// https://learn.microsoft.com/azure/machine-learning/reference-yaml-job-spark; REST SparkJob 2023-04-01-preview.
import type { EnvironmentEntity } from "../kinds/environment.ts";
import type { Build } from "../kinds/kind.ts";
import { code } from "../schema/azure.ts";
import { dict, list, object, union, type Entity } from "../schema/compound.ts";
import { nullable, required, type At, type Field } from "../schema/field.ts";
import { any, checked, oneOf, str, version } from "../schema/scalars.ts";
import { Float, pythonString, type Yaml } from "../yaml/value.ts";
import { environmentField } from "./environment-field.ts";

const entry = union(object({ file: required(str) }), object({ class_name: required(str) }));
const unique: Field<string[]> = checked(list(str), (items, at: At) => {
  const twice = items.find((item, index) => items.indexOf(item) !== index);
  if (twice !== undefined) at.fail(`has ${twice} twice`, "keep one", twice);
});

export const sparkFields = {
  code,
  entry: required(entry),
  py_files: unique,
  jars: unique,
  files: unique,
  archives: unique,
  conf: dict(any, str),
  properties: dict(any, str),
  environment: nullable(environmentField),
  args: str,
} as const;
export type SparkEntity = Entity<typeof sparkFields>;

/** Spark builds no image: of an environment without one only the conda file counts, and the SDK puts an image beside it. */
export const sparkEnvironment = (given: EnvironmentEntity): EnvironmentEntity =>
  given.image === undefined ? { conda_file: given.conda_file, image: "conda/miniconda3" } : given;

/** Sizes that a job may ask of a serverless pool. */
const SIZES = ["standard_e4s_v3", "standard_e8s_v3", "standard_e16s_v3", "standard_e32s_v3", "standard_e64s_v3"] as const;
const runtimeVersion = checked(version, (text, at: At) => {
  if (!/^\d+(\.\d+)*$/.test(text)) at.fail("must be a version of numbers and dots", 'write for example "3.4"', text);
});
export const sparkResources = object({ instance_type: str, runtime_version: runtimeVersion });
export const nodeSparkResources = object({ instance_type: required(oneOf(SIZES)), runtime_version: required(runtimeVersion) });

/** Settings that the SDK knows by names of its own, and Spark's names. */
const NAMES = {
  driver_cores: "spark.driver.cores",
  driver_memory: "spark.driver.memory",
  executor_cores: "spark.executor.cores",
  executor_memory: "spark.executor.memory",
  executor_instances: "spark.executor.instances",
  dynamic_allocation_enabled: "spark.dynamicAllocation.enabled",
  dynamic_allocation_min_executors: "spark.dynamicAllocation.minExecutors",
  dynamic_allocation_max_executors: "spark.dynamicAllocation.maxExecutors",
} as const;
export type SparkSettings = Partial<Record<keyof typeof NAMES, Yaml>>;

/** Parts the configuration into the settings that have names, and the rest. */
export function sparkSettings(conf: Record<string, unknown> | undefined): { known: SparkSettings; rest: Record<string, Yaml> } {
  const rest = { ...conf } as Record<string, Yaml>;
  const known: SparkSettings = {};
  for (const [name, spark] of Object.entries(NAMES) as [keyof typeof NAMES, string][]) {
    const value = rest[spark] ?? rest[name];
    delete rest[spark];
    delete rest[name];
    if (value !== undefined && value !== null) known[name] = value;
  }
  return { known, rest };
}

export const isDynamic = ({ dynamic_allocation_enabled: on }: SparkSettings): boolean => on === true || on === "true" || on === "True";

/** The configuration of a component, in Spark's names: settings that say nothing (false, 0) are left out. */
export function componentConf(conf: Record<string, unknown>): Record<string, Yaml> {
  const { known, rest } = sparkSettings(conf);
  const said = (Object.keys(known) as (keyof typeof NAMES)[]).filter(
    (name) => known[name] && !(known[name] instanceof Float && known[name].value === 0),
  );
  // Digits in quotes are numbers for the SDK.
  const number = (value: Yaml): Yaml => (typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value);
  return { ...rest, ...Object.fromEntries(said.map((name) => [NAMES[name], number(known[name]!)])) };
}

/** The configuration in Spark's names: first what has none of the SDK's, then the settings, as the SDK orders them. */
export function sparkConf({ known, rest }: ReturnType<typeof sparkSettings>): Record<string, Yaml> {
  const { executor_instances: instances, dynamic_allocation_enabled: _on, ...others } = known;
  const named = (name: keyof typeof NAMES, value: Yaml | undefined): Record<string, Yaml> =>
    value === undefined || value === null ? {} : { [NAMES[name]]: value };
  const dynamic = isDynamic(known);
  return {
    ...rest,
    ...named("driver_cores", others.driver_cores),
    ...named("driver_memory", others.driver_memory),
    ...named("executor_cores", others.executor_cores),
    ...named("executor_memory", others.executor_memory),
    ...(dynamic ? named("dynamic_allocation_enabled", true) : {}),
    ...(dynamic ? named("dynamic_allocation_min_executors", others.dynamic_allocation_min_executors) : {}),
    ...(dynamic ? named("dynamic_allocation_max_executors", others.dynamic_allocation_max_executors) : {}),
    ...named("executor_instances", instances),
  };
}

/** Dynamic allocation begins with its least number of executors. */
export function withInstances(settings: ReturnType<typeof sparkSettings>): ReturnType<typeof sparkSettings> {
  const { known, rest } = settings;
  if (!isDynamic(known) || known.executor_instances !== undefined) return settings;
  return { known: { ...known, executor_instances: known.dynamic_allocation_min_executors }, rest };
}

/** A request takes texts only. */
export const asTexts = (values: Record<string, Yaml>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).flatMap(([key, value]) => (value === null ? [] : [[key, pythonString(value)]])));

/** What Azure wants of every Spark job. `code`: the folder of its code, where that is a local one. */
export function checkSpark(settings: SparkSettings, entryOf: SparkEntity["entry"], code: string | undefined, build: Build): void {
  if ("file" in entryOf && code !== undefined && !build.files.stat(build.files.resolve(code, entryOf.file)))
    build.problem(["entry"], `no such file in ${code}`, "correct `file`; it is taken from the folder of the code", entryOf.file);
  if ("class_name" in entryOf)
    build.problem(["entry"], "a class cannot be the entry", "write `entry: {file: <script in the code folder>}`");
  const need = (names: readonly (keyof typeof NAMES)[]): void => {
    const missing = names.filter((name) => settings[name] === undefined).map((name) => NAMES[name]);
    if (missing.length > 0)
      build.problem(["conf"], `${missing.join(", ")} must be given`, `add ${missing.length > 1 ? "them" : "it"} to \`conf\``);
  };
  const sizes = ["driver_cores", "driver_memory", "executor_cores", "executor_memory"] as const;
  const { dynamic_allocation_min_executors: least, dynamic_allocation_max_executors: most, executor_instances: count } = settings;
  if (!isDynamic(settings)) {
    need([...sizes, "executor_instances"]);
    if (least !== undefined || most !== undefined)
      build.problem(
        ["conf"],
        "bounds of executors are for dynamic allocation",
        "add spark.dynamicAllocation.enabled: true, or remove them",
      );
    return;
  }
  need([...sizes, "dynamic_allocation_min_executors", "dynamic_allocation_max_executors"]);
  const [low, high, given] = [Number(least), Number(most), count === undefined ? undefined : Number(count)];
  if (low <= 0 || low > high)
    build.problem(
      ["conf"],
      `minExecutors is ${low} and maxExecutors ${high}: the first must be above 0 and not above the second`,
      "correct them",
    );
  else if (given && (given < low || given > high))
    build.problem(["conf"], `spark.executor.instances is ${given}, not between ${low} and ${high}`, "correct it, or leave it out");
}

/** Either a pool of one's own or serverless. */
export function checkPlace(compute: string | undefined, resources: { instance_type?: string } | undefined, build: Build): void {
  if (compute === undefined && resources === undefined)
    build.problem(
      [],
      "a Spark job needs `compute` or `resources`",
      'add `resources: {instance_type: standard_e4s_v3, runtime_version: "3.4"}`',
    );
  if (compute !== undefined && resources !== undefined)
    build.problem(["resources"], "a Spark job has `compute` or `resources`, not both", "remove one of them");
  if (resources && !(SIZES as readonly string[]).includes(resources.instance_type?.toLowerCase() ?? ""))
    build.problem(["resources", "instance_type"], `must be one of ${SIZES.join(", ")}`, "change it", resources.instance_type);
}
