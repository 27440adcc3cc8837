// Work that is cut into mini-batches: fields and request of parallel components and nodes.
// https://learn.microsoft.com/azure/machine-learning/reference-yaml-job-parallel.
import type { Build } from "../kinds/kind.ts";
import { code } from "../schema/azure.ts";
import { binding, dict, list, object, union, type Entity } from "../schema/compound.ts";
import { required } from "../schema/field.ts";
import { bool, exactly, int, num, oneOf, str } from "../schema/scalars.ts";
import type { Path } from "../yaml/source.ts";
import { environmentField } from "./environment-field.ts";
import { codeMark, environmentMark, within } from "./marks.ts";

const taskFields = {
  type: required(oneOf(["run_function", "model", "function"])),
  code,
  entry_script: str,
  program_arguments: str,
  model: str,
  append_row_to: str,
  environment: required(environmentField),
} as const;
export const parallelTask = object(taskFields, { unknown: "drop" });
export type ParallelTask = Entity<typeof taskFields>;

export const retrySettings = object({ timeout: union(int, binding), max_retries: union(int, binding) }, { unknown: "drop" });

export const parallelFields = {
  logging_level: exactly(["DEBUG", "INFO", "WARNING"]),
  task: parallelTask,
  mini_batch_size: str,
  partition_keys: list(str),
  input_data: str,
  retry_settings: retrySettings,
  max_concurrency_per_instance: int,
  error_threshold: int,
  mini_batch_error_threshold: int,
} as const;
export const parallelVariables = union(dict(str, str), object({ value: union(str, bool, int, num) }));
export type ParallelEntity = Entity<typeof parallelFields>;

const UNITS = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 } as const;

/** "10kb" is 10240: files by bytes, other inputs by count. Azure takes it as text. */
export function miniBatchSize(text: string | undefined, build: Build, path: Path): string | undefined {
  if (text === undefined) return undefined;
  const [, digits, unit] = /^(\d+)(?:([kmg])b)?$/i.exec(text) ?? [];
  if (digits === undefined) {
    build.problem(path, "must be a number of items, or of bytes with kb, mb or gb", 'write for example "5" or "10kb"', text);
    return undefined;
  }
  return String(Number(digits) * (unit ? UNITS[unit.toLowerCase() as keyof typeof UNITS] : 1));
}

/** The task, with its code and environment as marks. */
export function taskBody(task: ParallelTask | undefined, build: Build, path: Path): Record<string, unknown> | null {
  if (!task) return null;
  const inside = within(build, path);
  const { type, entry_script, program_arguments, model, append_row_to } = task;
  return {
    ...{ type, entry_script, program_arguments, model, append_row_to },
    code: codeMark(task.code, inside, "none"),
    environment: environmentMark(task.environment, inside, ["environment"]),
  };
}

/** Python's JSON: a list of keys goes to Azure as text. */
export const partitionKeys = (keys: readonly string[] | undefined): string | undefined =>
  keys && `[${keys.map((key) => JSON.stringify(key)).join(", ")}]`;
