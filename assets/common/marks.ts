// How environments and code of an entity become marks in a body.
import { DependencyMark, ReferenceMark, UploadMark } from "../body.ts";
import { buildEnvironment, type EnvironmentEntity } from "../kinds/environment.ts";
import type { Build } from "../kinds/kind.ts";
import { isGit, isUrl, REGISTRY_URI } from "../schema/azure.ts";
import type { Path } from "../yaml/source.ts";
import type { Includes } from "../upload.ts";

/** A named environment becomes a reference, an inline one an asset that is registered first. */
export function environmentMark(value: string | EnvironmentEntity | undefined, build: Build, path: Path): unknown {
  if (value === undefined) return null;
  if (typeof value === "string") return new ReferenceMark("environment", value);
  const inside = within(build, path);
  return new DependencyMark(build.inline("environment", value, buildEnvironment(value, inside, value.name === undefined)));
}

/** Local code becomes an upload; URLs, git and references stay. */
export function codeMark(value: string | undefined, build: Build, includes: Includes = []): unknown {
  // Includes alone: beside a folder that is not there.
  if (value === undefined)
    return includes.length ? new UploadMark("code", build.shown(".no-code"), build.absolute(".no-code"), { includes }) : null;
  if (value.startsWith(REGISTRY_URI) || value.startsWith("/subscriptions/")) return new ReferenceMark("code", value);
  if (isUrl(value) || isGit(value)) return value;
  if (/^[^/\\]+[:@][^/\\]+$/.test(value) && !build.files.stat(build.absolute(value))) return new ReferenceMark("code", value);
  return new UploadMark("code", build.shown(value), build.absolute(value), { includes });
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
