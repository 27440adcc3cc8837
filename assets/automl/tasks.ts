// Every task of automated ML, by its name in a file.
import type { FieldMap } from "../schema/compound.ts";
import { required } from "../schema/field.ts";
import { str } from "../schema/scalars.ts";
import { queueSettings, resources } from "../common/command-fields.ts";
import { imageTasks } from "./image.ts";
import { tableTasks } from "./table.ts";
import { textTasks } from "./text.ts";
import type { Task } from "./vertical.ts";

export const TASKS: Readonly<Record<string, Task>> = { ...tableTasks, ...textTasks, ...imageTasks };
export const automlTasks: readonly string[] = Object.keys(TASKS);

/** The fields of a task besides those of every job. */
export const automlTaskFields = (task: string): FieldMap => ({
  task: required(str),
  resources,
  queue_settings: queueSettings,
  ...TASKS[task]!.fields,
});
