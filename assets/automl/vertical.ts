// What all automated ML tasks have in common, and what tells one from another.
import { dict, object, type FieldMap } from "../schema/compound.ts";
import { localPath } from "../schema/azure.ts";
import { oneOf, str } from "../schema/scalars.ts";
import { LOG_VERBOSITY, word } from "./words.ts";

/** A table: an MLTable by reference, URI or local folder. */
const table = object(
  {
    mode: oneOf(["download", "ro_mount", "eval_mount", "eval_download", "direct"]),
    type: oneOf(["mltable"]),
    path: str,
    path_on_compute: localPath(),
    datastore: str,
  },
  { expects: "a table (`type: mltable`, `path`)" },
);

export const verticalFields = {
  log_verbosity: word(LOG_VERBOSITY),
  training_data: table,
  validation_data: table,
  environment_id: str,
  environment_variables: dict(str, str),
} as const;

/** One `task:`: its fields besides those of every job, and its part of the request. */
export interface Task {
  /** `taskType` in the request. */
  readonly type: string;
  /** Undefined: the task has one metric only, which is not sent. */
  readonly usualMetric: string | undefined;
  /** What the SDK adds to a pipeline's node that does not say it. */
  readonly nodeDefaults: Readonly<Record<string, unknown>>;
  readonly fields: FieldMap;
  body(entity: Readonly<Record<string, unknown>>): Record<string, unknown>;
}
