// Runs as run history shows them (`Run` and `RunDetails` of the 1.0 API, as azure-ai-ml reads them).
import type { ArmResource, SandboxContext } from "../core.ts";
import { paramsOf, tagsOf } from "./logged.ts";
import { logUrls } from "./logs.ts";
import type { AssetReference, Run } from "./run.ts";
import { eventType } from "./status.ts";
import { runsOf } from "./store.ts";

const time = (milliseconds: number | undefined): string | null =>
  milliseconds === undefined ? null : new Date(milliseconds).toISOString();

const modelTypes: Readonly<Record<string, string>> = {
  custom_model: "CustomModel",
  mlflow_model: "MLFlowModel",
  triton_model: "TritonModel",
};

function references(assets: Readonly<Record<string, AssetReference>>): Record<string, { assetId: string; type: string }> {
  const known = Object.entries(assets).filter(([, asset]) => asset.assetId !== undefined);
  return Object.fromEntries(known.map(([name, asset]) => [name, { assetId: asset.assetId!, type: modelTypes[asset.type] ?? asset.type }]));
}

/** `hh:mm:ss.fffffff`, as .NET writes a duration. */
function duration(run: Run): string | null {
  if (run.started === undefined) return null;
  const milliseconds = (run.ended ?? Date.now()) - run.started;
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  return `${two(milliseconds / 3_600_000)}:${two((milliseconds / 60_000) % 60)}:${two((milliseconds / 1000) % 60)}.${String(milliseconds % 1000).padStart(3, "0")}0000`;
}

/** `error` of a failed run. */
export function errorOut(run: Run): object | null {
  if (!run.error) return null;
  return {
    error: {
      code: run.error.code,
      severity: null,
      message: run.error.message,
      messageFormat: null,
      messageParameters: {},
      referenceCode: null,
      detailsUri: null,
      target: null,
      details: [],
      innerError: null,
      debugInfo: null,
      additionalInfo: null,
    },
    correlation: {},
    environment: null,
    location: null,
    time: time(run.ended),
    componentName: "sandbox",
  };
}

function common(sandbox: SandboxContext, run: Run) {
  const user = {
    userObjectId: run.principal,
    userPuId: null,
    userIdp: null,
    userAltSecId: null,
    userIss: null,
    userTenantId: sandbox.tenantId,
    userName: run.principal,
    upn: null,
  };
  return {
    runNumber: run.number,
    rootRunId: run.root,
    runId: run.id,
    runUuid: null,
    parentRunUuid: null,
    rootRunUuid: null,
    parentRunId: run.parent ?? null,
    status: run.status,
    startTimeUtc: time(run.started),
    endTimeUtc: time(run.ended),
    error: errorOut(run),
    warnings: null,
    tags: tagsOf(sandbox, run),
    properties: { ...run.properties, ...(run.node ? { "azureml.moduleName": run.node, "azureml.pipelineComponent": "" } : {}) },
    parameters: paramsOf(sandbox, run),
    services: {},
    target: run.compute ?? null,
    inputs: references(run.inputs),
    outputs: references(run.outputs),
    compute: run.compute
      ? { target: run.compute, targetType: "AmlCompute", vmSize: null, instanceCount: 1, gpuCount: null, priority: null, region: null }
      : null,
    createdBy: user,
    lastModifiedBy: user,
    userId: run.principal,
    runTypeV2: { orchestrator: null, traits: run.kind === "mlflow" ? ["mlflow"] : [], attribution: null, computeType: null },
    duration: duration(run),
    computeDuration: duration(run),
    revision: run.revision,
    statusRevision: run.revision,
    hasVirtualParent: false,
  };
}

export function runOut(sandbox: SandboxContext, run: Run) {
  return {
    ...common(sandbox, run),
    createdUtc: time(run.created),
    lastModifiedUtc: time(run.ended ?? run.started ?? run.created),
    experimentId: run.experiment,
    experimentName: runsOf(sandbox).experimentById(run.workspace, run.experiment)?.name ?? null,
    displayName: run.displayName,
    name: run.node ?? null,
    dataContainerId: `dcid.${run.id}`,
    description: run.description ?? null,
    hidden: run.hidden,
    runType: eventType(run),
    settings: {},
    actionUris: {},
    isVirtual: false,
  };
}

export function detailsOut(sandbox: SandboxContext, run: Run, workspace: ArmResource) {
  return {
    ...common(sandbox, run),
    createdTimeUtc: time(run.created),
    inputDatasets: [],
    outputDatasets: [],
    runDefinition: null,
    logFiles: logUrls(sandbox, run, workspace.id),
    jobCost: { chargedCpuCores: null, chargedCpuMemoryMegabytes: null, chargedGpuCores: null, chargedNodeUtilization: null },
    settings: {},
  };
}
