// The training job: its file, how it makes a model (which decides what judges and serves that), its submission, its end on request.
import { randomBytes } from "node:crypto";
import { type Asset, formatProblem, readAsset, type Variant, VARIANTS } from "../../assets/index.ts";
import { apiVersions } from "../../azure/ids.ts";
import { type Call, option, type OptionSpec, UsageError } from "../command.ts";
import { diskFiles } from "../files.ts";
import { projectFile } from "../project.ts";
import { resolvedBody } from "./register.ts";
import type { Workspace } from "./workspace.ts";

/** Options of the commands that submit the training job. */
export const jobOptions: readonly OptionSpec[] = [
  {
    flags: "--pipeline <file>",
    description: "the job's file, a pipeline or an automated ML job; default: the pipeline job in the project's mlops/",
  },
  { flags: "--set <path=value>", description: "overrides a field of that file, as in az ml", repeatable: true },
];
/** The same job file by what it is. */
export const automlOption: OptionSpec = {
  flags: "--automl",
  description: "search with automated ML: the job in the project's mlops/automl.yml instead of the pipeline",
};

const options = { apiVersion: apiVersions.machineLearning };

export interface JobFile {
  /** From the checkout. */
  readonly path: string;
  readonly asset: Asset;
  readonly variant: Variant;
}

/** The job's file with overrides; nothing is sent. @throws UsageError with every problem of the file */
export async function jobFile(call: Call, project: string, sets: readonly string[]): Promise<JobFile> {
  const given = option(call, "pipeline");
  const automl = call.options["automl"] === true;
  if (given !== undefined && automl) throw new UsageError("--automl and --pipeline both say which job to submit; give one");
  const path = given ?? projectFile(call.repo, project, VARIANTS[automl ? "automl" : "pipeline"].job);
  const read = await readAsset(path, diskFiles(call.repo), { kind: "job", sets });
  if (!read.ok) throw new UsageError(read.problems.map(formatProblem).join("\n"));
  return { path, asset: read.asset, variant: variantOf(jobTypeIn(read.asset.body)) };
}

/** How a job of the workspace makes its model. @throws AzureError 404 when there is no such job */
export async function variantOfJob(workspace: Workspace, name: string): Promise<Variant> {
  const job = await workspace.azure.get<Record<string, unknown>>(`${workspace.id}/jobs/${encodeURIComponent(name)}`, options);
  return variantOf(jobTypeIn(job));
}

const jobTypeIn = (body: Record<string, unknown>): string | undefined => (body["properties"] as { jobType?: string } | undefined)?.jobType;
const variantOf = (jobType: string | undefined): Variant => (jobType === "AutoML" ? "automl" : "pipeline");

/** Submits the job, once; returns its name. */
export async function submitJob(
  call: Call,
  workspace: Workspace,
  { path, asset }: JobFile,
  tags: Readonly<Record<string, string>> = {},
): Promise<string> {
  const body = await resolvedBody(workspace, asset, call.signal);
  // A name of its own, so that a request that is sent twice (a retry) makes one job.
  const base = asset.name ?? workspace.outputs.modelName ?? "job";
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
