// Submits the project's pipeline job, once; cancels a job.
import { randomBytes } from "node:crypto";
import { formatProblem, readAsset } from "../../assets/index.ts";
import { apiVersions } from "../../azure/ids.ts";
import { type Call, option, type OptionSpec, UsageError } from "../command.ts";
import { diskFiles } from "../files.ts";
import { projectFile } from "../project.ts";
import { resolvedBody } from "./register.ts";
import type { Workspace } from "./workspace.ts";

/** Options of the commands that submit the pipeline job. */
export const jobOptions: readonly OptionSpec[] = [
  { flags: "--pipeline <file>", description: "the pipeline job's file; default: the one in the project's mlops/" },
  { flags: "--set <path=value>", description: "overrides a field of that file, as in az ml", repeatable: true },
];

const options = { apiVersion: apiVersions.machineLearning };

/** Submits the pipeline job of the project (or of the file that `--pipeline` names) with overrides; returns the job's name. Nothing is sent when the file has a problem. */
export async function submitPipeline(
  call: Call,
  workspace: Workspace,
  project: string,
  sets: readonly string[],
  tags: Readonly<Record<string, string>> = {},
): Promise<string> {
  const path = option(call, "pipeline") ?? projectFile(call.repo, project, "pipeline");
  const read = readAsset(path, diskFiles(call.repo), { kind: "job", sets });
  if (!read.ok) throw new UsageError(read.problems.map(formatProblem).join("\n"));
  const body = await resolvedBody(workspace, read.asset, call.signal);
  // A name of its own, so that a request that is sent twice (a retry) makes one job.
  const base = read.asset.name ?? workspace.outputs.modelName ?? "job";
  const name = `${base.replaceAll(/[^a-z0-9-]/gi, "-")}-${randomBytes(5).toString("hex")}`;
  call.out.progress(`train  submitting ${path} as job ${name}`);
  const properties = body["properties"] as { tags?: Record<string, string> };
  const tagged = { ...body, properties: { ...properties, tags: { ...properties.tags, ...tags } } };
  await workspace.azure.put(`${workspace.id}/jobs/${name}`, tagged, options);
  return name;
}

/** Asks for the end of a job; it may take some time to come. */
export async function cancelJob(workspace: Workspace, job: string): Promise<void> {
  await workspace.azure.post(`${workspace.id}/jobs/${encodeURIComponent(job)}/cancel`, undefined, options);
}
