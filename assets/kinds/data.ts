// Data assets (`az ml data`): uri_file, uri_folder, mltable.
// https://learn.microsoft.com/azure/machine-learning/reference-yaml-data; REST DataVersionBase 2023-04-01-preview.
import { UploadMark } from "../body.ts";
import { assetFields } from "../common/asset-fields.ts";
import { isUrl } from "../schema/azure.ts";
import { object, type Entity } from "../schema/compound.ts";
import { readOnly, required } from "../schema/field.ts";
import { any, exactly, str } from "../schema/scalars.ts";
import { requireName } from "../common/marks.ts";
import { defineKind, type Build, type Draft } from "./kind.ts";
import { mltableUris } from "../common/mltable.ts";

const fields = {
  ...assetFields,
  datastore: str,
  path: required(str),
  properties: readOnly(any),
  type: exactly(["uri_file", "uri_folder", "mltable"]),
} as const;

export type DataEntity = Entity<typeof fields>;

export const data = defineKind<DataEntity>({
  kind: "data",
  noun: "data",
  field: object(fields, { pathAware: true }),
  build: buildData,
});

/** The request of a data asset. */
export function buildData(entity: DataEntity, build: Build): Draft {
  const type = entity.type ?? "uri_folder";
  requireName(entity, build);
  return {
    name: entity.name || null,
    version: entity.version || null,
    body: {
      properties: {
        dataType: type,
        description: entity.description,
        // Without a name Azure gets one at random.
        isAnonymous: !entity.name && entity.version === undefined,
        tags: entity.tags ?? {},
        isArchived: false,
        properties: {},
        dataUri: pathOf(entity, type, build),
        autoDeleteSetting: entity.auto_delete_setting && autoDeleteBody(entity.auto_delete_setting),
        referencedUris: type === "mltable" ? mltableUris(entity.path, build) : null,
      },
    },
  };
}

const autoDeleteBody = (value: NonNullable<DataEntity["auto_delete_setting"]>): unknown => ({
  condition: value.condition === "last_accessed_greater_than" ? "lastAccessedGreaterThan" : "createdGreaterThan",
  value: value.value,
});

function pathOf(entity: DataEntity, type: string, build: Build): unknown {
  if (entity.path === "") build.problem(["path"], "may not be empty", "write a path or a URI", "");
  if (isUrl(entity.path)) return entity.path;
  const stat = build.files.stat(build.absolute(entity.path));
  if (!stat)
    build.problem(
      ["path"],
      `no such file or folder: ${build.absolute(entity.path)}`,
      "correct the path; it is taken from the folder of this file",
      entity.path,
    );
  else if (type === "uri_folder" && stat.type === "file")
    build.problem(["path"], "is a file, but the type is uri_folder", "name a folder, or write `type: uri_file`", entity.path);
  else if (type === "uri_file" && stat.type === "folder")
    build.problem(["path"], "is a folder, but the type is uri_file", "name a file, or write `type: uri_folder`", entity.path);
  return new UploadMark("data", build.shown(entity.path), build.absolute(entity.path), { datastore: entity.datastore });
}
