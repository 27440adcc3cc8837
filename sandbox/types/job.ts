// Microsoft.MachineLearningServices/workspaces/jobs (API 2024-01-01-preview and its kin): command, pipeline, sweep and AutoML jobs.
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { ArmError } from "../core.ts";
import type { ArmResource, Change, ResourceType, SandboxContext } from "../core.ts";
import { isObject } from "../arm/body.ts";
import { checkPlan } from "../jobs/check.ts";
import { componentSpec } from "../jobs/components.ts";
import { planJob } from "../jobs/plan.ts";
import { userError } from "../jobs/refuse.ts";
import { runnerOf, workspaceIdOf } from "../jobs/runner.ts";
import { shownJob } from "../jobs/shown.ts";
import type { Plan } from "../jobs/spec.ts";
import { archiveViews, hasAll, listView } from "../ml/views.ts";
import { enterWorkspace } from "../runs/lives.ts";
import { createdBy } from "../runs/models.ts";
import { setTags, tagsOf } from "../runs/logged.ts";
import { isEnded } from "../runs/run.ts";
import { runsOf } from "../runs/store.ts";
import { textOf } from "../runs/text.ts";

const type = "Microsoft.MachineLearningServices/workspaces/jobs";

const body = z.looseObject({
  properties: z.looseObject({
    jobType: z.string(),
    experimentName: z
      .string()
      .regex(/^[a-zA-Z0-9][\w.\- ]{0,254}$/, "must be 1-255 letters, digits, spaces, '_', '.', '-', a letter or digit first")
      .nullish(),
    displayName: z.string().nullish(),
    description: z.string().nullish(),
    isArchived: z.boolean().nullish(),
    tags: z.record(z.string(), z.string().nullable()).nullish(),
    properties: z.record(z.string(), z.string().nullable()).nullish(),
    inputs: z.record(z.string(), z.unknown()).nullish(),
    outputs: z.record(z.string(), z.unknown()).nullish(),
    jobs: z.record(z.string(), z.unknown()).nullish(),
  }),
});

/** What may be changed of a job that is there; all else would be another job. */
const changeable = ["displayName", "description", "tags", "isArchived"] as const;

export const jobs: ResourceType<z.infer<typeof body>> = {
  type,
  body,
  provisioningState: false,
  latencySeconds: 5,
  names: { pattern: /^[a-zA-Z0-9][\w-]{0,254}$/, rule: "1-255 letters, digits, '_' and '-', a letter or digit first" },
  fill: newJob,
  check({ before, after }, sandbox) {
    const workspace = sandbox.resources.get(workspaceIdOf(after));
    if (workspace) enterWorkspace(sandbox, workspace);
    if (before) return changed(before, after, sandbox);
    if (runsOf(sandbox).get(workspaceIdOf(after), after.name))
      throw userError(`A run named "${after.name}" exists in the workspace; use another name for the job.`, "name");
    checkPlan(planOf(after, sandbox), after, sandbox);
  },
  async provision(resource, sandbox) {
    const run = runsOf(sandbox).get(workspaceIdOf(resource), resource.name);
    if (run && run.status !== "NotStarted") return;
    const { displayName, description, experimentName, tags, properties, jobType } = resource.properties;
    runnerOf(sandbox).submit({
      resource,
      plan: planOf(resource, sandbox),
      experiment: String(experimentName),
      displayName: String(displayName),
      description: (description as string | null) ?? undefined,
      tags: withoutNulls((tags ?? {}) as Record<string, unknown>) as Record<string, string>,
      properties: withoutNulls((properties ?? {}) as Record<string, unknown>) as Record<string, string>,
      principalId: textOf(resource.systemData?.["createdBy"], sandbox.tenantId),
      pipeline: String(jobType).toLowerCase() === "pipeline",
    });
  },
  find(id, sandbox) {
    // Steps of a pipeline are jobs without a body of their own; clients go on to run history for them.
    const run = runsOf(sandbox).get(id.split("/").slice(0, -2).join("/"), id.split("/").at(-1)!);
    return run?.parent ? { id, name: run.id, type, properties: {} } : undefined;
  },
  show(resource, sandbox) {
    const run = runsOf(sandbox).get(workspaceIdOf(resource), resource.name);
    if (run?.parent && run.kind !== "trial") return { ...resource, properties: null as unknown as Record<string, unknown> };
    return shownJob(resource, run, sandbox);
  },
  list(scope, query, sandbox) {
    const view = listView(query, archiveViews);
    const [kind, only] = [query.get("jobType"), query.get("scheduled")];
    const number = (job: ArmResource): number => runsOf(sandbox).get(workspaceIdOf(job), job.name)?.number ?? Number.MAX_SAFE_INTEGER;
    return sandbox.resources
      .list(scope, type)
      .filter((job) => {
        const run = runsOf(sandbox).get(workspaceIdOf(job), job.name);
        const archived = run?.hidden ?? job.properties["isArchived"] === true;
        const tags = run ? tagsOf(sandbox, run) : ((job.properties["tags"] ?? {}) as Record<string, string>);
        // Trials are jobs of their own, but are listed below their search only.
        return (
          !run?.parent &&
          (view === "All" || archived === (view === "ArchivedOnly")) &&
          (only !== "true" || job.properties["scheduleName"] !== undefined) &&
          (!query.get("scheduleId") || job.properties["scheduleName"] === query.get("scheduleId")!.split("/").at(-1)) &&
          (!kind || String(job.properties["jobType"]).toLowerCase() === kind.toLowerCase()) &&
          hasAll(tags, query.get("tag")) &&
          hasAll(job.properties["properties"], query.get("properties"))
        );
      })
      .map((job) => [number(job), job] as const)
      .sort(([a], [b]) => b - a)
      .map(([, job]) => job);
  },
  async remove(resource, sandbox, cascade) {
    const run = runsOf(sandbox).get(workspaceIdOf(resource), resource.name);
    if (!run) return;
    if (cascade) {
      // The workspace may be recovered, and its runs with it.
      runnerOf(sandbox).cancel(run);
      return await runnerOf(sandbox).ended(run);
    }
    if (run.parent) throw userError(`'${resource.name}' is a part of job '${run.root}'; delete that job.`);
    if (!isEnded(run.status))
      throw new ArmError(400, "UserError", `Job '${resource.name}' is ${run.status}; cancel it before it is deleted.`);
    await runnerOf(sandbox).erase(run);
  },
  actions: {
    cancel: (resource, _body, sandbox) => {
      const run = runsOf(sandbox).get(workspaceIdOf(resource), resource.name);
      if (!run) throw new ArmError(409, "Conflict", `Job '${resource.name}' is being submitted; try again.`);
      if (run.parent) throw userError(`'${resource.name}' is a step of job '${run.root}'; cancel that job.`);
      runnerOf(sandbox).cancel(run);
      return { status: 202, operation: runnerOf(sandbox).ended(run) };
    },
  },
};

/** What is kept of a job's body: defaults filled in, or of a job that is there the little that may be changed. */
export function newJob({ before, after }: Pick<Change, "before" | "after">): ArmResource {
  const given = after.properties;
  if (before) {
    const kept = Object.fromEntries(
      changeable.filter((key) => given[key] !== undefined && given[key] !== null).map((key) => [key, given[key]]),
    );
    return { ...after, properties: { ...before.properties, ...kept } };
  }
  const { status: _status, services: _services, ...rest } = given;
  return {
    ...after,
    properties: {
      description: null,
      tags: {},
      properties: {},
      isArchived: false,
      inputs: {},
      outputs: {},
      experimentName: "Default",
      ...withoutNulls(rest),
      displayName: given["displayName"] ?? after.name,
    },
  };
}

/**
 * Submits a job from inside the sandbox (a schedule, a batch endpoint), as a client's PUT would.
 * Once for a name: a job or run of it that is there already is left as it is. Throws ArmError when the job is refused.
 */
export async function submitJob(
  sandbox: SandboxContext,
  workspaceId: string,
  name: string,
  properties: Record<string, unknown>,
  principalId: string,
): Promise<ArmResource> {
  const id = `${workspaceId}/jobs/${name}`;
  const there = sandbox.resources.get(id);
  if (there && runsOf(sandbox).get(workspaceId, name)) return there;
  const after: ArmResource = { id, name, type, systemData: createdBy(principalId), properties };
  const change = { before: undefined, after, apiVersion: "2024-01-01-preview", principalId };
  const resource = newJob(change);
  if (!there) await jobs.check!({ ...change, after: resource }, sandbox);
  const kept = sandbox.resources.put(resource);
  await jobs.provision!(kept, sandbox, new AbortController().signal);
  return kept;
}

function planOf(job: ArmResource, sandbox: SandboxContext): Plan {
  const workspaceId = workspaceIdOf(job);
  return planJob(job.name, job.properties, { component: (id) => componentSpec(sandbox, id, workspaceId), newRunId: randomUUID });
}

function changed(before: ArmResource, after: ArmResource, sandbox: SandboxContext): void {
  if (!isObject(before.properties) || Object.keys(before.properties).length === 0)
    throw userError(`'${after.name}' is a step of a pipeline job and cannot be changed.`, "name");
  const run = runsOf(sandbox).get(workspaceIdOf(after), after.name);
  if (!run) return;
  const { displayName, description, isArchived, tags } = after.properties;
  runsOf(sandbox).update(run.workspace, run.id, {
    displayName: String(displayName),
    description: (description as string | null) ?? undefined,
    hidden: isArchived === true,
  });
  setTags(sandbox, run, withoutNulls((tags ?? {}) as Record<string, unknown>) as Record<string, string>);
}

export function withoutNulls(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== undefined));
}
