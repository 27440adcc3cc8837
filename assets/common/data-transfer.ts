// Data transfer: the tasks, and the databases and file systems outside Azure that they read and write.
// As the SDK has them (1.35.2: DatabaseSchema, FileSystemSchema, DataTransferBuiltinComponentUri).
import { list, object, union, type Entity } from "../schema/compound.ts";
import { required } from "../schema/field.ts";
import { oneOf, str } from "../schema/scalars.ts";

export const TRANSFER_TASKS = ["copy_data", "import_data", "export_data"] as const;
export type TransferTask = (typeof TRANSFER_TASKS)[number];

export const copyMode = oneOf(["merge_with_overwrite", "fail_if_conflict"]);

const parameter = object({ name: required(str), value: required(str), type: required(str) });
const databaseFields = {
  type: required(oneOf(["database"])),
  table_name: str,
  query: str,
  stored_procedure: str,
  stored_procedure_params: list(parameter),
  connection: required(str),
} as const;
const fileSystemFields = { type: oneOf(["file_system"]), path: str, connection: required(str) } as const;
/** A database, or else a file system, which need not say its type. */
export const externalData = union(object(databaseFields), object(fileSystemFields));
export type ExternalData = Entity<typeof databaseFields> | Entity<typeof fileSystemFields>;

/** What it is in a request. */
export const externalBody = (data: ExternalData): Record<string, unknown> => ({ ...data, type: data.type ?? "file_system" });

/** The type of a port that holds what comes from, or goes to, each of the two. */
export const PORT_OF = {
  import_data: { database: "mltable", file_system: "uri_folder" },
  export_data: { database: "uri_file", file_system: "uri_folder" },
} as const;

/** The components of Azure's own registry that do the work where a node names none; nothing of Azure's exports to a file system. */
export const BUILT_IN = {
  import_data: {
    database: "azureml://registries/azureml/components/import_data_database/versions/0.0.1",
    file_system: "azureml://registries/azureml/components/import_data_file_system/versions/0.0.1",
  },
  export_data: { database: "azureml://registries/azureml/components/export_data_database/versions/0.0.1", file_system: undefined },
} as const;
