// Schedules of data imports (`az ml schedule` with `import_data`): an import in a file, or written out.
// https://learn.microsoft.com/azure/machine-learning/reference-yaml-schedule-data-import; the request is that of SDK 1.35.2, Azure publishes none.
import { orFile } from "../schema/file-reference.ts";
import { object, type Entity } from "../schema/compound.ts";
import { required } from "../schema/field.ts";
import { dataImportField, type DataImportEntity } from "./data-import.ts";
import { scheduleDraft, scheduleFields } from "./job-schedule.ts";
import { defineKind } from "./kind.ts";

const fields = { ...scheduleFields, import_data: required(orFile(dataImportField, "")) } as const;

export const importSchedule = defineKind<Entity<typeof fields>>({
  kind: "importSchedule",
  noun: "schedule",
  field: object(fields, { pathAware: true }),
  build: (entity) => scheduleDraft(entity, { actionType: "ImportData", dataImportDefinition: definition(entity.import_data) }),
});

/** The SDK sends no tables and procedures here, and one type for all. */
function definition({ name, description, tags, path, source }: DataImportEntity): object {
  const from = source.type === "database" ? { query: source.query } : { path: (source as { path?: string }).path };
  return {
    ...{ assetName: name, description, tags: tags ?? {}, properties: {}, isAnonymous: false, isArchived: false },
    ...{ dataType: "uri_folder", dataUri: path },
    source: { sourceType: source.type ?? "file_system", connection: source.connection, ...from },
  };
}
