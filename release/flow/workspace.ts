// A workspace as the command line uses it: its id, and the addresses of its run history and MLflow services.
import { type Azure, connect } from "../../azure/client.ts";
import { apiVersions, workspaceId, type WorkspaceRef } from "../../azure/ids.ts";
import { CommandError } from "../command.ts";
import type { Pulumi } from "../pulumi.ts";
import type { Target } from "../target.ts";

/** What `pulumi stack output` says of a stage; see stacks/. */
export interface StageOutputs {
  readonly resourceGroupName: string;
  readonly workspaceName: string;
  readonly endpointName?: string;
  readonly scoringUri?: string;
  readonly modelName?: string;
  readonly modelVersion?: string;
  /** Ids of the registered component versions, by file. */
  readonly components?: Readonly<Record<string, string>>;
  readonly [name: string]: unknown;
}

export interface Workspace {
  readonly azure: Azure;
  readonly stage: string;
  readonly outputs: StageOutputs;
  /** ARM id of the workspace. */
  readonly id: string;
  /** `…/history/v1.0{id}`, run history's base, which the Python SDK's `jobs.stream` reads too. */
  history(): Promise<string>;
  /** `…/mlflow/v2.0{id}/api/2.0/mlflow`, MLflow's tracking REST. */
  mlflow(): Promise<string>;
}

/** The stage's workspace; the stack must have been brought up. */
export async function openStage(stage: string, pulumi: Pulumi, target: Target): Promise<Workspace> {
  const outputs = (await pulumi.outputs(stage)) as StageOutputs | undefined;
  if (!outputs?.workspaceName) {
    throw new CommandError(
      `stage ${stage} is not up: its stack has no outputs`,
      `pulumi up --stack ${stage}, or \`npm start\` for all of it in the sandbox`,
    );
  }
  return openWorkspace(await connect(target.env), stage, outputs);
}

export function openWorkspace(azure: Azure, stage: string, outputs: StageOutputs): Workspace {
  const ref: WorkspaceRef = {
    subscriptionId: azure.subscriptionId,
    resourceGroupName: outputs.resourceGroupName,
    workspaceName: outputs.workspaceName,
  };
  const id = workspaceId(ref);
  let services: Promise<Services> | undefined;
  const find = (): Promise<Services> => (services ??= findServices(azure, id));
  return {
    azure,
    stage,
    outputs,
    id,
    history: async () => `${(await find()).api}/history/v1.0${id}`,
    mlflow: async () => (await find()).mlflow,
  };
}

interface Services {
  readonly api: string;
  readonly mlflow: string;
}

/** The workspace names its services itself: `discoveryUrl` answers with their addresses, `mlFlowTrackingUri` is MLflow's. */
async function findServices(azure: Azure, id: string): Promise<Services> {
  const { properties } = await azure.get<{ properties: { discoveryUrl: string; mlFlowTrackingUri: string } }>(id, {
    apiVersion: apiVersions.machineLearning,
  });
  const { api } = await azure.get<{ api: string }>(properties.discoveryUrl, { scope: "none" });
  const tracking = properties.mlFlowTrackingUri.replace(/^azureml:\/\//, "https://");
  return { api: api.replace(/\/+$/, ""), mlflow: `${tracking.replace(/\/+$/, "")}/api/2.0/mlflow` };
}
