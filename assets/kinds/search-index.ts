// Indexes for retrieval (`az ml index`): files of an index, uploaded as they are.
// https://learn.microsoft.com/azure/ai-foundry/how-to/index-add; REST Index of the workspace's asset service, as azure-ai-ml sends it.
import { UploadMark } from "../body.ts";
import { assetFields } from "../common/asset-fields.ts";
import { isUrl } from "../schema/azure.ts";
import { dict, object, type Entity } from "../schema/compound.ts";
import { readOnly, required } from "../schema/field.ts";
import { any, str } from "../schema/scalars.ts";
import { defineKind, type Build } from "./kind.ts";

const fields = {
  ...assetFields,
  name: required(str),
  id: readOnly(any),
  datastore: str,
  stage: str,
  path: required(str),
  properties: dict(str),
} as const;
export type SearchIndexEntity = Entity<typeof fields>;

export const searchIndex = defineKind<SearchIndexEntity>({
  kind: "index",
  noun: "index",
  field: object(fields, { pathAware: true }),
  build: (entity, build) => ({
    name: entity.name,
    version: entity.version || null,
    body: {
      stage: entity.stage ?? "Development",
      storageUri: pathOf(entity, build),
      description: entity.description,
      tags: entity.tags ?? {},
      properties: entity.properties ?? {},
    },
  }),
});

function pathOf(entity: SearchIndexEntity, build: Build): unknown {
  if (isUrl(entity.path)) return entity.path;
  const full = build.absolute(entity.path);
  if (!build.files.stat(full))
    build.problem(["path"], `no such file or folder: ${full}`, "correct the path; it is taken from the folder of this file", entity.path);
  return new UploadMark("data", build.shown(entity.path), full, { datastore: entity.datastore });
}
