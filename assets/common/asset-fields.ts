// Fields that assets of all kinds share (the SDK's ResourceSchema and AssetSchema).
import { dict, object } from "../schema/compound.ts";
import { readOnly } from "../schema/field.ts";
import { any, camelToSnake, oneOf, str, version } from "../schema/scalars.ts";
import { namedValues } from "../schema/compound.ts";

export const autoDeleteSetting = object({
  condition: oneOf(["created_greater_than", "last_accessed_greater_than"], { transform: camelToSnake }),
  value: str,
});

/** name, version, description, tags, and what Azure fills. */
export const assetFields = {
  name: str,
  id: str,
  description: str,
  tags: namedValues,
  version,
  creation_context: readOnly(any),
  latest_version: readOnly(str),
  auto_delete_setting: autoDeleteSetting,
} as const;

/** `fields.Dict()`: any keys, any values. */
export const anyDict = dict();
