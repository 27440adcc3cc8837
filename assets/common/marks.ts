// How environments and code of an entity become marks in a body.
import type { ReferenceType } from "../asset.ts";
import { DependencyMark, parseReference, ReferenceMark, UploadMark } from "../body.ts";
import { buildEnvironment, type EnvironmentEntity } from "../kinds/environment.ts";
import type { Build } from "../kinds/kind.ts";
import { originOf } from "../schema/file-reference.ts";
import { isGit, isUrl, REGISTRY_URI } from "../schema/azure.ts";
import type { Path } from "../yaml/source.ts";
import type { Includes } from "../upload.ts";

/** A named environment becomes a reference, an inline one (which `change` may alter) an asset that is registered first. */
export function environmentMark(
  value: string | EnvironmentEntity | undefined,
  build: Build,
  path: Path,
  change = (given: EnvironmentEntity): EnvironmentEntity => given,
): unknown {
  if (value === undefined) return null;
  if (typeof value === "string") return versioned("environment", value, build, path);
  // One that is there already, whatever else is said of it.
  if (value.id !== undefined) return value.id;
  const origin = originOf(value);
  const inside = origin ? build.inFile(origin) : within(build, path);
  const entity = change(value);
  return new DependencyMark(inside.inline("environment", entity, buildEnvironment(entity, inside, value.name === undefined)));
}

/** A named asset. Azure takes no name alone, except that of an environment of its own. */
export function versioned(type: ReferenceType, text: string, build: Build, path: Path): ReferenceMark {
  const { text: full, name, version, label } = parseReference(type, text);
  const ours = type === "environment" && name?.startsWith("AzureML-");
  if (name !== null && !version && !label && !ours && !/^(\/|azureml:\/\/)/.test(full))
    build.problem(path, "needs a version", `write azureml:${name}:<version>, or azureml:${name}@latest`, full);
  const collection = /^\/subscriptions\/.*\/workspaces\/[^/]+\/([^/]+)\//i.exec(full)?.[1];
  if (collection && collection !== `${type}s`)
    build.problem(path, `is the id of one of the workspace's ${collection}, not of a ${type}`, `name a ${type}`, full);
  return new ReferenceMark(type, text);
}

/** How code may be named by `azureml:` where it stands: jobs take a version, trials of a sweep a label too, components only full ids. */
export type NamedCode = "version" | "any" | "none";

/** Local code becomes an upload; URLs, git and references stay. */
export function codeMark(value: string | undefined, build: Build, named: NamedCode, includes: Includes = []): unknown {
  // Includes alone: beside a folder that is not there.
  if (value === undefined)
    return includes.length ? new UploadMark("code", build.shown(".no-code"), build.absolute(".no-code"), { includes }) : null;
  if (value.startsWith(REGISTRY_URI) || value.startsWith("/subscriptions/")) return new ReferenceMark("code", value);
  if (named === "none" && isUrl(value) && !value.startsWith(REGISTRY_URI))
    build.problem(["code"], "code of a component is a folder, or named by its full ARM id", "name the folder", value);
  if (isUrl(value) || isGit(value)) return value;
  const mark = /^[^/\\]+([:@])[^/\\]+$/.exec(value)?.[1];
  if (mark && !build.files.stat(build.absolute(value))) {
    if (named === "any" || (named === "version" && mark === ":")) return new ReferenceMark("code", value);
    const rule = named === "none" ? "code of a component is a folder, or named by its full ARM id" : "code has no labels";
    build.problem(["code"], rule, named === "none" ? "name the folder" : "write azureml:<code>:<version>, or the path of a folder", value);
  }
  return new UploadMark("code", build.shown(value), build.absolute(value), { includes });
}

/** Code in a git repository, which the SDK takes with its private features only. */
export function refuseGit(code: string | undefined, build: Build): void {
  if (code !== undefined && isGit(code)) build.problem(["code"], "git paths are not supported as code", "name a local folder", code);
}

/** Jobs take no code of a registry either; components do. */
export function refuseRemoteCode(code: string | undefined, build: Build): void {
  refuseGit(code, build);
  if (code?.startsWith(REGISTRY_URI)) build.problem(["code"], "a job takes no code from a registry", "name a local folder", code);
}

/** A version without a name says nothing. */
export function requireName(entity: { name?: string; version?: string }, build: Build): void {
  if (entity.version !== undefined && !entity.name) build.problem(["version"], "a version needs a name", "add `name:`", entity.version);
}

/** The same build, with problems reported at a deeper place. */
export const within = (build: Build, path: Path): Build => ({
  ...build,
  problem: (inner, rule, fix, value) => build.problem([...path, ...inner], rule, fix, value),
});
