// The one call of this room: an environment, by its definition or its name, made ready for processes of this machine.
import { readFile, readdir, rm, stat } from "node:fs/promises";
import { mkdirSync, mkdtempSync } from "node:fs";
import { join, relative } from "node:path";
import type { SandboxContext } from "../core.ts";
import { download } from "../blob/transfer.ts";
import { locateBlob } from "../ml/locate.ts";
import { buildEnvironment, type BuiltEnvironment } from "./build.ts";
import { findEnvironment } from "./references.ts";
import { recipeOf, type EnvironmentSpec } from "./recipe.ts";

export type { BuiltEnvironment, EnvironmentSpec };

export interface EnsureOptions {
  /** Workspace that short names (`azureml:name:1`) belong to. */
  readonly workspaceId: string;
  /** Requirements to add where the environment has no such package: a scoring server, for example. */
  readonly extra?: readonly string[];
}

/**
 * Builds the environment below `.sandbox/environments/<hash>` if no one has yet; the same content is built once, also for callers at
 * the same time. Throws ArmError: 400 for what a user can mend (with package and reason), 501 for curated names that are not in the table.
 * @param environment its definition, or any way in which Azure ML lets a job name it
 * @param log progress and notes, a line at a time
 * @param signal ends the waiting; a build that others wait for goes on
 */
export async function ensureEnvironment(
  sandbox: SandboxContext,
  environment: EnvironmentSpec | string,
  log: (line: string) => void,
  signal: AbortSignal | undefined,
  options: EnsureOptions,
): Promise<BuiltEnvironment> {
  const named =
    typeof environment === "string"
      ? findEnvironment(sandbox, environment, options.workspaceId)
      : { label: "inline", spec: environment, owner: undefined };
  log(`environment ${named.label}`);
  const files = named.spec.build ? await contextFiles(sandbox, named.spec.build.contextUri, named.owner ?? options.workspaceId) : {};
  const recipe = recipeOf(named.spec, files, options.extra);
  return await buildEnvironment(join(sandbox.dir, "environments"), recipe, log, signal, sandbox.caFile);
}

/** Text of the build context's files up to 1 MB each; a Dockerfile needs no larger ones to be understood. */
async function contextFiles(sandbox: SandboxContext, contextUri: string, owner: string): Promise<Record<string, string>> {
  mkdirSync(join(sandbox.dir, "environments"), { recursive: true });
  const dir = mkdtempSync(join(sandbox.dir, "environments", "context-"));
  try {
    await download(sandbox, locateBlob(sandbox, contextUri, owner), dir);
    const files: Record<string, string> = {};
    for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile() || (await stat(path)).size > 1_000_000) continue;
      files[relative(dir, path).split("\\").join("/")] = await readFile(path, "utf8");
    }
    return files;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
