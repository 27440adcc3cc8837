// `POST {scoringUri}`: starts a job of a batch endpoint, as azure-ai-ml's batch_endpoints.invoke and `az ml batch-endpoint invoke` do.
import { randomUUID } from "node:crypto";
import type { Hono } from "hono";
import { ArmError } from "../../core.ts";
import type { ArmResource, SandboxContext } from "../../core.ts";
import { createdBy } from "../../runs/models.ts";
import { runsOf } from "../../runs/store.ts";
import { workspacePath } from "../../runs/workspace.ts";
import { checkPlan } from "../check.ts";
import { isObject, objectField, textField, texts, type Json } from "../fields.ts";
import { userError } from "../refuse.ts";
import { runnerOf } from "../runner.ts";
import { batchPlan, chosenDeployment, componentOf } from "./plan.ts";

const jobType = "Microsoft.MachineLearningServices/workspaces/jobs";

/** Address that jobs of the endpoint are posted to. */
export const scoringUri = (sandbox: Pick<SandboxContext, "urls">, endpoint: ArmResource): string =>
  `${sandbox.urls.base}/batch${endpoint.id}/jobs`;

export function mountBatch(app: Hono, sandbox: SandboxContext): void {
  app.post(`/batch${workspacePath}/batchEndpoints/:endpoint/jobs`, async (c) => {
    const caller = await sandbox.authenticate(c.req.header("authorization"), "aml");
    const id = decodeURIComponent(new URL(c.req.url).pathname)
      .slice("/batch".length)
      .replace(/\/jobs$/, "");
    sandbox.access.demand(caller, { operation: "Microsoft.MachineLearningServices/workspaces/batchEndpoints/jobs/write", scope: id });
    const endpoint = sandbox.resources.get(id);
    if (!endpoint) throw new ArmError(404, "ResourceNotFound", `Batch endpoint '${c.req.param("endpoint")}' was not found.`);
    const body = await c.req.json<unknown>().catch(() => undefined);
    if (!isObject(body)) throw userError("The request's body is not a JSON object.");
    const deployment = chosenDeployment(endpoint, c.req.header("azureml-model-deployment"), sandbox);
    const job = await startBatchJob(sandbox, endpoint, deployment, objectField(body, "properties"), caller.principalId);
    return c.json(
      { id: job.id, name: job.name, type: job.type, systemData: job.systemData, properties: { ...job.properties, status: "Preparing" } },
      201,
    );
  });
}

/** Keeps and starts the job. Throws ArmError when deployment and request do not go together. */
async function startBatchJob(
  sandbox: SandboxContext,
  endpoint: ArmResource,
  deployment: ArmResource,
  request: Json,
  principalId: string,
): Promise<ArmResource> {
  const workspaceId = endpoint.id.split("/").slice(0, -2).join("/");
  const name = textField(request, "name") ?? `batchjob-${randomUUID()}`;
  const id = `${workspaceId}/jobs/${name}`;
  if (sandbox.resources.get(id) || runsOf(sandbox).get(workspaceId, name))
    throw new ArmError(409, "Conflict", `A job named '${name}' exists; use another name.`);
  const plan = await batchPlan(sandbox, workspaceId, name, deployment, request);
  const asked = texts(objectField(request, "properties"));
  const experiment = asked["experimentName"] ?? endpoint.name;
  const tags = {
    "azureml.batchrun": "true",
    "azureml.deploymentname": deployment.name,
    "azureml.endpointname": endpoint.name,
    ...(componentOf(deployment) === undefined ? {} : { "azureml.jobtype": "azureml.pipelinejob" }),
  };
  const job: ArmResource = {
    id,
    name,
    type: jobType,
    systemData: createdBy(principalId),
    properties: {
      jobType: "Pipeline",
      displayName: name,
      description: null,
      experimentName: experiment,
      tags,
      properties: { endpointId: endpoint.id, deploymentId: deployment.id },
      isArchived: false,
      inputs: {},
      outputs: Object.fromEntries(Object.entries(plan.outputs).map(([output, { type }]) => [output, { jobOutputType: type }])),
      jobs: {},
      settings: {},
    },
  };
  checkPlan(plan, job, sandbox);
  const submit = {
    resource: job,
    plan,
    experiment,
    displayName: name,
    description: undefined,
    tags,
    properties: { endpointId: endpoint.id, deploymentId: deployment.id },
    principalId,
    pipeline: true,
  };
  // The run first: a run without its job is cleared away at the next start, a job without its run would stand for ever.
  runnerOf(sandbox).submit(submit);
  return sandbox.resources.put(job);
}

/** Jobs that the endpoint, or one deployment of it, has started; newest first. */
export function batchJobs(sandbox: SandboxContext, scope: string): ArmResource[] {
  const [workspaceId, rest] = scope.split(/\/batchEndpoints\//i) as [string, string?];
  const [endpoint, , deployment] = (rest ?? "").split("/");
  return sandbox.resources
    .list(workspaceId, jobType)
    .filter(({ properties }) => {
      const tags = isObject(properties?.["tags"]) ? properties["tags"] : {};
      return (
        tags["azureml.batchrun"] === "true" &&
        String(tags["azureml.endpointname"]).toLowerCase() === endpoint?.toLowerCase() &&
        (deployment === undefined || String(tags["azureml.deploymentname"]).toLowerCase() === deployment.toLowerCase())
      );
    })
    .map((job) => ({
      ...job,
      properties: { ...job.properties, status: runsOf(sandbox).get(workspaceId, job.name)?.status ?? "NotStarted" },
    }))
    .toSorted((a, b) => String(b.systemData?.["createdAt"]).localeCompare(String(a.systemData?.["createdAt"])));
}
