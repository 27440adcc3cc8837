// Data imports (`az ml data import`): a pipeline of one step that copies from a database or a file system into a data asset.
// https://learn.microsoft.com/azure/machine-learning/reference-yaml-data-import; REST JobBase (Pipeline) 2025-12-01.
import { assetFields, anyDict } from "../common/asset-fields.ts";
import { ReferenceMark } from "../body.ts";
import { BUILT_IN, externalBody, externalData, PORT_OF } from "../common/data-transfer.ts";
import { object, type Entity } from "../schema/compound.ts";
import { isUrl } from "../schema/azure.ts";
import { readOnly, required, type At } from "../schema/field.ts";
import { any, checked, exactly, str, text } from "../schema/scalars.ts";
import { defineKind, type Build } from "./kind.ts";

const assetName = text(/^[\w-]{1,255}$/, "a name of letters, digits, hyphens and underscores (at most 255)", "change the name");
const uri = checked(str, (path: string, at: At) => {
  if (!isUrl(path)) at.fail("must be a URI", "write azureml://datastores/<datastore>/paths/<folder>", path);
  else if (/^azureml:\/\/datastores\/workspacemanageddatastore\/+[^/]/.test(path))
    at.fail("says a folder of the managed datastore, which chooses folders itself", "end it with workspacemanageddatastore", path);
});

const fields = {
  ...assetFields,
  name: required(assetName),
  datastore: str,
  path: required(uri),
  properties: readOnly(anyDict),
  type: exactly(["uri_file", "uri_folder", "mltable"]),
  source: required(externalData),
  latest_version: readOnly(any),
} as const;
export const dataImportField = object(fields, { pathAware: true });
export type DataImportEntity = Entity<typeof fields>;

export const dataImport = defineKind<DataImportEntity>({
  kind: "dataImport",
  noun: "dataImport",
  field: dataImportField,
  build(entity, build) {
    const step = `data_import_${entity.name}`;
    const description = entity.description || step;
    const from = entity.source.type ?? "file_system";
    return {
      name: null,
      version: null,
      body: {
        properties: {
          jobType: "Pipeline",
          displayName: step,
          experimentName: step,
          description,
          tags: entity.tags ?? {},
          properties: { "azureml.materializationAssetName": entity.name },
          isArchived: false,
          inputs: {},
          outputs: {},
          settings: { force_rerun: true, _source: "CLASS" },
          jobs: {
            [step]: {
              type: "data_transfer",
              task: "import_data",
              source: externalBody(entity.source),
              display_name: step,
              computeId: new ReferenceMark("compute", "serverless"),
              outputs: {
                sink: {
                  job_output_type: PORT_OF.import_data[from],
                  uri: pathOf(entity, build),
                  name: entity.name,
                  version: entity.version,
                },
              },
              _source: "BUILTIN",
              componentId: BUILT_IN.import_data[from],
            },
          },
        },
      },
    };
  },
});

const MANAGED = /^(azureml:\/\/datastores\/workspacemanageddatastore)\/*$/;

// Each import goes into a folder of its own.
function pathOf(entity: DataImportEntity, build: Build): string {
  if (entity.auto_delete_setting) build.problem(["auto_delete_setting"], "an import has none", "remove it");
  const path = entity.path.replace(MANAGED, "$1/paths");
  return path.includes("${{name}}") ? path : `${path.replace(/\/+$/, "")}/\${{name}}`;
}
