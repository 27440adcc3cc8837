// `--release`: a manifest's file or a release's id; never "latest".
import { existsSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { type Call, CommandError, option, type OptionSpec, UsageError } from "../../command.ts";
import type { ReleaseRecord } from "../../core/history.ts";
import { ManifestProblem, readManifest } from "../../core/manifest.ts";
import { short } from "./story.ts";
import type { History } from "./history.ts";

export const releaseOption: OptionSpec = {
  flags: "--release <file|id>",
  description: "the release: its manifest, or its id (mlops releases)",
  default: "release.json",
};

/**
 * The release that is meant, as the history has it. The file has to be the one that the history knows, and both, once they passed the
 * gate, have to be signed.
 */
export async function chosenRelease(call: Call, history: History): Promise<ReleaseRecord> {
  const record = await namedRelease(call, history);
  // One that failed the gate is never signed, and what takes a release says that it failed.
  if (record.manifest.gate.passed) await history.key.check(record.manifest, call.signal);
  return record;
}

async function namedRelease(call: Call, history: History): Promise<ReleaseRecord> {
  const given = option(call, "release") ?? "release.json";
  const path = resolve(call.repo, given);
  if (!existsSync(path) || !statSync(path).isFile()) return byId(history, given);
  let manifest;
  try {
    manifest = readManifest(readFileSync(path, "utf8"), given);
  } catch (error) {
    if (error instanceof ManifestProblem) throw new UsageError(error.message);
    throw error;
  }
  if (manifest.gate.passed) await history.key.check(manifest, call.signal, given);
  const record = await history.release(manifest.id);
  if (!record)
    throw new CommandError(
      `${given} is release ${manifest.id}, which the history does not know`,
      "It was made with another subscription or sandbox; run mlops train here.",
    );
  if (record.manifest.digest !== manifest.digest) {
    throw new CommandError(
      `${given} is not the release ${manifest.id} of the history: digests ${short(manifest.digest)} and ${short(record.manifest.digest)}`,
      `Take the one that the history has: mlops releases show ${manifest.id} --json`,
    );
  }
  return record;
}

async function byId(history: History, id: string): Promise<ReleaseRecord> {
  if (/\.json$|[/\\]/.test(id)) throw new UsageError(`--release: there is no file ${id}; \`mlops train\` writes it`);
  if (/^latest$/i.test(id)) throw new UsageError("--release: a release is named by its id or its manifest, never as latest");
  const record = await history.release(id);
  if (!record) throw new UsageError(`--release: the history has no release ${id}; \`mlops releases\` lists them`);
  return record;
}
