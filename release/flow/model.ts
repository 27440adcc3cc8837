// Which model a job made: the version that a step registered, or one registered here from the job's model output.
import { apiVersions, nameOf } from "../../azure/ids.ts";
import { CommandError } from "../command.ts";
import { bestModelUri, searchOf } from "./automl.ts";
import type { RunStep } from "./follow.ts";
import type { Workspace } from "./workspace.ts";

export interface ModelVersion {
  readonly name: string;
  readonly version: string;
  readonly id: string;
}

interface ModelResource {
  readonly id: string;
  readonly name: string;
  readonly systemData?: { readonly createdAt?: string };
  readonly properties: {
    readonly jobName?: string | null;
    readonly modelUri?: string;
    readonly tags?: Record<string, string> | null;
    readonly properties?: Record<string, string> | null;
  };
}

interface JobBody {
  readonly systemData?: { readonly createdAt?: string };
  readonly properties: { readonly jobType?: string; readonly outputs?: Record<string, { jobOutputType?: string }> | null };
}

const options = { apiVersion: apiVersions.machineLearning };
const modelTypes: ReadonlySet<string> = new Set(["mlflow_model", "custom_model", "triton_model"]);

/** The model versions that a job's runs registered, oldest first: those whose lineage names one of the runs. */
export async function registeredBy(workspace: Workspace, runIds: ReadonlySet<string>, since: string | undefined): Promise<ModelVersion[]> {
  const found: ModelVersion[] = [];
  for await (const model of workspace.azure.list<{ id: string; name: string }>(`${workspace.id}/models`, options)) {
    // Newest first; those made before the job are none of its own and end the search.
    for await (const version of workspace.azure.list<ModelResource>(`${workspace.id}/models/${model.name}/versions`, {
      ...options,
      query: { $orderBy: "createdtime desc", $top: "25" },
    })) {
      if (since !== undefined && (version.systemData?.createdAt ?? "~") < since) break;
      if (lineage(version).some((run) => runIds.has(run))) found.unshift({ name: model.name, version: version.name, id: version.id });
    }
  }
  return found;
}

/** The runs that a model version says it comes from: ARM's `jobName`, MLflow's run id, the path of its files. */
export function lineage(model: ModelResource): string[] {
  const { jobName, modelUri, properties, tags } = model.properties;
  const fromPath = /(?:dcid\.|\/jobs\/|\/azureml\/|runs:\/)([^/]+)/.exec(modelUri ?? "")?.[1];
  const all = [jobName, fromPath, properties?.["azureml.runId"], properties?.["mlflow.runId"], tags?.["mlflow.runId"], tags?.["job"]];
  return all.filter((run): run is string => typeof run === "string" && run !== "");
}

/**
 * The model that a completed job made. A step of it may have registered one; else the best trial's of an automated ML job, or a pipeline's
 * output of a model type, is registered under `modelName`, once: called again for the same job it finds the version that is there.
 */
export async function modelOf(workspace: Workspace, jobName: string, steps: readonly RunStep[], modelName: string): Promise<ModelVersion> {
  const runIds = new Set([jobName, ...steps.map(({ runId }) => runId)]);
  const job = await workspace.azure.get<JobBody>(`${workspace.id}/jobs/${jobName}`, options);
  const registered = await registeredBy(workspace, runIds, job.systemData?.createdAt);
  const own = registered.findLast(({ name }) => name === modelName) ?? registered.at(-1);
  if (own) return own;
  const { modelType, modelUri } = job.properties.jobType === "AutoML" ? await bestOf(workspace, jobName) : outputOf(jobName, job);
  const path = `${workspace.id}/models/${modelName}`;
  const container = await workspace.azure.find<{ properties: { nextVersion?: string } }>(path, options);
  const version = container?.properties.nextVersion ?? "1";
  const made = await workspace.azure.put<ModelResource>(
    `${path}/versions/${version}`,
    {
      properties: {
        modelType,
        modelUri,
        jobName,
        tags: { job: jobName },
      },
    },
    options,
  );
  return { name: modelName, version: nameOf(made.id), id: made.id };
}

interface Unregistered {
  readonly modelType: string;
  readonly modelUri: string;
}

async function bestOf(workspace: Workspace, jobName: string): Promise<Unregistered> {
  return { modelType: "mlflow_model", modelUri: bestModelUri(await searchOf(workspace, jobName)) };
}

function outputOf(jobName: string, { properties }: JobBody): Unregistered {
  for (const [name, { jobOutputType = "" }] of Object.entries(properties.outputs ?? {})) {
    if (modelTypes.has(jobOutputType)) return { modelType: jobOutputType, modelUri: `azureml://jobs/${jobName}/outputs/${name}/paths/` };
  }
  throw new CommandError(
    `job ${jobName} completed, but none of its steps registered a model and none of its outputs is one`,
    "Give the pipeline an output of type mlflow_model or custom_model, or register the model in a step with mlflow.register_model.",
  );
}
