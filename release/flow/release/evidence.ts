// What a finished training job says of its model: metrics, the data's report, parameters, versions, who ran it.
import { z } from "zod";
import { downloadFile } from "../../../azure/blobs.ts";
import { openUri } from "../../../azure/models.ts";
import { apiVersions } from "../../../azure/ids.ts";
import type { DataReport } from "../../core/gate.ts";
import type { Person } from "../../core/person.ts";
import type { Workspace } from "../workspace.ts";

const arm = { apiVersion: apiVersions.machineLearning } as const;

interface Run {
  readonly runId: string;
  readonly parameters?: Record<string, unknown> | null;
  readonly outputs?: Record<string, { assetId: string }> | null;
  readonly createdBy?: { userObjectId?: string | null; userName?: string | null; upn?: string | null } | null;
}

export interface JobEvidence {
  readonly metrics: Record<string, number>;
  readonly report: (DataReport & { readonly sha256?: string | undefined }) | undefined;
  readonly parameters: Record<string, string>;
  readonly data: readonly { readonly name: string; readonly version: string }[];
  readonly trainedBy: readonly Person[];
}

/** Reads the job, its runs and the two files that the gate's rules speak of: metrics.json and report.json. */
export async function evidenceOf(workspace: Workspace, jobName: string, signal: AbortSignal): Promise<JobEvidence> {
  const { azure } = workspace;
  type Job = { properties: { inputs?: Record<string, { value?: string | number | boolean | null; uri?: string } | null> | null } };
  const job = await azure.get<Job>(`${workspace.id}/jobs/${jobName}`, arm);
  const runs = await runsOfJob(workspace, jobName, signal);

  const file = async (output: string, name: string): Promise<unknown> => {
    const assetId = runs.map(({ outputs }) => outputs?.[output]?.assetId).find(Boolean);
    return assetId === undefined ? undefined : jsonFile(workspace, assetId, name, signal);
  };
  const inputs = Object.entries(job.properties.inputs ?? {});
  return {
    metrics: numbers(await file("evaluation", "metrics.json")),
    report: reportIn(await file("report", "report.json")),
    parameters: {
      ...Object.fromEntries(
        runs.flatMap(({ parameters }) => Object.entries(parameters ?? {}).map(([name, value]) => [name, String(value)])),
      ),
      ...Object.fromEntries(
        inputs.flatMap(([name, input]) => (input?.value === undefined || input.value === null ? [] : [[name, String(input.value)]])),
      ),
    },
    data: inputs.flatMap(([, input]) => dataVersion(input?.uri)),
    trainedBy: peopleOf(runs),
  };
}

/** The job's own run, then those of its steps or trials. */
export async function runsOfJob(workspace: Workspace, jobName: string, signal: AbortSignal): Promise<Run[]> {
  const { azure } = workspace;
  const asked = { scope: azure.cloud.resourceManagerScope, signal };
  const path = `${await workspace.history()}/runs/${encodeURIComponent(jobName)}`;
  const runs = [await azure.get<Run>(`${path}/details`, asked)];
  for await (const child of azure.list<Run>(`${path}/children`, asked)) runs.push(child);
  return runs;
}

/** `…/data/diabetes/versions/1`, `azureml:diabetes:1` */
export function dataVersion(uri: string | undefined): { name: string; version: string }[] {
  const [, name, version] = /\/data\/([^/]+)\/versions\/([^/]+)$/i.exec(uri ?? "") ?? /^azureml:([^/:]+):([^/:]+)$/.exec(uri ?? "") ?? [];
  return name && version ? [{ name, version }] : [];
}

/** Where the outputs of a job's steps lie, by the output's name. */
export async function outputUris(
  workspace: Workspace,
  jobName: string,
  signal: AbortSignal,
): Promise<Record<string, { uri: string; type: string }>> {
  const { azure } = workspace;
  const children = `${await workspace.history()}/runs/${encodeURIComponent(jobName)}/children`;
  const assets = new Map<string, string>();
  for await (const { outputs } of azure.list<Run>(children, { scope: azure.cloud.resourceManagerScope, signal })) {
    for (const [name, { assetId }] of Object.entries(outputs ?? {})) if (!/\/models\//.test(assetId)) assets.set(name, assetId);
  }
  const found = await resolvedUris(workspace, [...assets.values()], signal);
  return Object.fromEntries([...assets].flatMap(([name, assetId]) => (found[assetId] ? [[name, found[assetId]]] : [])));
}

/** The data service's answer to where assets lie. */
async function resolvedUris(
  workspace: Workspace,
  assetIds: readonly string[],
  signal: AbortSignal,
): Promise<Record<string, { uri: string; type: string }>> {
  const { azure } = workspace;
  const data = (await workspace.history()).replace("/history/v1.0", "/data/v1.0");
  const answer = await azure.request(
    "POST",
    `${data}/dataversion/batchGetResolvedUris`,
    { values: assetIds },
    { scope: azure.cloud.resourceManagerScope, signal },
  );
  return (answer.body as { values?: Record<string, { uri: string; type: string }> }).values ?? {};
}

/** A file in a job's output, through the data service, as the SDK's `jobs.download` finds it. Undefined when it is not there. */
async function jsonFile(workspace: Workspace, assetId: string, name: string, signal: AbortSignal): Promise<unknown> {
  const { azure } = workspace;
  const uri = (await resolvedUris(workspace, [assetId], signal))[assetId]?.uri;
  if (!uri) return undefined;
  try {
    const place = await openUri(azure, workspace.id, uri, signal);
    return JSON.parse((await downloadFile(place, name, signal)).toString("utf8"));
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

function numbers(value: unknown): Record<string, number> {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(
    entries.filter((entry): entry is [string, number] => typeof entry[1] === "number" && Number.isFinite(entry[1])),
  );
}

const reportFile = z.looseObject({
  rows: z.number().optional(),
  problems: z.union([z.array(z.unknown()), z.number()]).optional(),
  columns: z.array(z.string()).optional(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});

function reportIn(value: unknown): JobEvidence["report"] {
  const read = reportFile.safeParse(value);
  if (!read.success) return undefined;
  const { rows, problems, columns, sha256 } = read.data;
  return { rows, columns, sha256, problems: Array.isArray(problems) ? problems.length : problems };
}

export function peopleOf(runs: readonly Run[]): Person[] {
  const people = new Map<string, Person>();
  for (const { createdBy } of runs) {
    const id = createdBy?.userObjectId;
    if (id && !people.has(id))
      people.set(id, { id, name: createdBy.upn ?? createdBy.userName ?? id, kind: createdBy.upn ? "user" : "app" });
  }
  return [...people.values()];
}
