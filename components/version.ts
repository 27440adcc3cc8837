// What data assets, environments and components have in common: a version in the workspace, made from a read file.
import { ResourceError } from "@pulumi/pulumi";
import type { ComponentResource, Resource } from "@pulumi/pulumi";
import type { Asset } from "../assets/index.ts";
import type { AssetSource } from "./assetBody.ts";
import { AssetVersion } from "./mlops.ts";
import type { AssetVersionArgs } from "./mlops.ts";
import { overridden } from "./override.ts";
import type { Override } from "./override.ts";

export type VersionOverride = Override<AssetVersionArgs>;

/** Makes the version below `parent` and tells the source of it, so that other files can name it. */
export function versionOf(
  name: string,
  asset: Asset,
  collection: AssetVersionArgs["collection"],
  source: AssetSource,
  parent: ComponentResource,
  more: { readonly override?: VersionOverride; readonly dependsOn?: readonly Resource[] } = {},
): AssetVersion {
  if (asset.name === null) throw new ResourceError(`${asset.path}: has no name; add \`name:\``, parent, true);
  const { body, version: found } = source.resolve(asset);
  // az ml would take the next free number, a new one each time it runs; here the same files shall mean the same version, and a
  // file that says none means the first.
  const version = found ?? "1";
  const args = overridden(
    {
      workspaceId: source.workspaceId,
      collection,
      name: asset.name,
      version,
      contentVersion: !asset.versionGiven,
      properties: body["properties"] as Record<string, unknown>,
      source: asset.path,
    },
    more.override,
  );
  const made = new AssetVersion(name, args, { parent, dependsOn: [...(more.dependsOn ?? [])] });
  source.know(collection, asset.name, { version, id: made.versionId });
  return made;
}
