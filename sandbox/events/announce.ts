// What a workspace tells of its models: https://learn.microsoft.com/azure/event-grid/event-schema-machine-learning
// Names of the fields as in events that were captured (the article's examples begin them with capitals).
import type { ArmResource, SandboxContext } from "../core.ts";
import { nameOf, parentId, segment } from "../arm/ids.ts";
import { resourceKey } from "../state/resources.ts";
import { text } from "../state/values.ts";
import { setting, saveSetting } from "../state/database.ts";

const workspaceOf = (resource: ArmResource): string => /^.+\/workspaces\/[^/]+/i.exec(resource.id)?.[0] ?? resource.id;

/** `ModelRegistered` of a version that was just kept. */
export function modelRegistered(sandbox: SandboxContext, version: ArmResource): void {
  const modelName = nameOf(parentId(version.id));
  const { tags, properties } = version.properties;
  sandbox.publish(workspaceOf(version), "Microsoft.MachineLearningServices.ModelRegistered", `models/${modelName}:${version.name}`, {
    modelName,
    modelVersion: version.name,
    modelTags: tags ?? {},
    modelProperties: properties ?? {},
  });
}

/** `ModelDeployed` of an online deployment that serves: when it is new, or serves another model than before. */
export function modelDeployed(deployment: ArmResource, sandbox: SandboxContext): void {
  const model = deployment.properties["model"];
  if (typeof model !== "string") return;
  const name = `events.deployed.${resourceKey(deployment.id)}`;
  const stamp = `${String(deployment.systemData?.["createdAt"])} ${model}`;
  if (setting(sandbox.db, name, () => "") === stamp) return;
  saveSetting(sandbox.db, name, stamp);
  const serviceName = segment(deployment.id, "onlineEndpoints") ?? deployment.name;
  const version = /models\/([^/]+)\/versions\/([^/]+)$/i.exec(model);
  const modelIds = version ? `${version[1]}:${version[2]}` : model.replace(/^azureml:/i, "");
  sandbox.publish(workspaceOf(deployment), "Microsoft.MachineLearningServices.ModelDeployed", `endpoints/${serviceName}`, {
    serviceName,
    serviceComputeType: text(deployment.properties["endpointComputeType"] ?? "Managed"),
    modelIds,
    serviceTags: deployment.tags ?? {},
    serviceProperties: { deploymentName: deployment.name, ...(deployment.properties["properties"] as object | undefined) },
  });
}

/** What a drift monitor found. */
export interface DatasetDrift {
  readonly dataDriftId: string;
  readonly dataDriftName: string;
  readonly runId: string;
  readonly baseDatasetId: string;
  readonly targetDatasetId: string;
  readonly driftCoefficient: number;
  /** ISO 8601: the span of the data that drifted. */
  readonly startTime: string;
  readonly endTime: string;
}

/** `DatasetDriftDetected` of a workspace. */
export function driftDetected(sandbox: SandboxContext, workspaceId: string, drift: DatasetDrift): void {
  const subject = `datadrift/${drift.dataDriftId}/run/${drift.runId}`;
  sandbox.publish(workspaceId, "Microsoft.MachineLearningServices.DatasetDriftDetected", subject, { ...drift });
}
