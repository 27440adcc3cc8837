// The table of kinds, each loaded when the first file of it is read: a preview reads five of them, and waits for every module.
// A new kind is one file in this folder, one line here, and its words in detect.ts.
import type { Kind } from "../asset.ts";
import type { KindDefinition } from "./kind.ts";

const KINDS: Readonly<Record<Kind, () => Promise<KindDefinition>>> = {
  workspace: async () => (await import("./workspace.ts")).workspace,
  amlCompute: async () => (await import("./compute.ts")).amlCompute,
  computeInstance: async () => (await import("./compute-instance.ts")).computeInstance,
  kubernetesCompute: async () => (await import("./compute.ts")).kubernetesCompute,
  virtualMachineCompute: async () => (await import("./compute.ts")).virtualMachineCompute,
  synapseSparkCompute: async () => (await import("./compute.ts")).synapseSparkCompute,
  data: async () => (await import("./data.ts")).data,
  environment: async () => (await import("./environment.ts")).environment,
  model: async () => (await import("./model.ts")).model,
  commandComponent: async () => (await import("./command-component.ts")).commandComponent,
  pipelineComponent: async () => (await import("./pipeline-component.ts")).pipelineComponent,
  sparkComponent: async () => (await import("./spark-component.ts")).sparkComponent,
  parallelComponent: async () => (await import("./parallel-component.ts")).parallelComponent,
  dataTransferComponent: async () => (await import("./data-transfer-component.ts")).dataTransferComponent,
  automlComponent: async () => (await import("./automl-component.ts")).automlComponent,
  commandJob: async () => (await import("./command-job.ts")).commandJob,
  pipelineJob: async () => (await import("./pipeline-job.ts")).pipelineJob,
  sweepJob: async () => (await import("./sweep-job.ts")).sweepJob,
  automlJob: async () => (await import("./automl-job.ts")).automlJob,
  sparkJob: async () => (await import("./spark-job.ts")).sparkJob,
  managedOnlineEndpoint: async () => (await import("./online-endpoint.ts")).managedOnlineEndpoint,
  kubernetesOnlineEndpoint: async () => (await import("./online-endpoint.ts")).kubernetesOnlineEndpoint,
  managedOnlineDeployment: async () => (await import("./online-deployment.ts")).managedOnlineDeployment,
  kubernetesOnlineDeployment: async () => (await import("./online-deployment.ts")).kubernetesOnlineDeployment,
  monitorSchedule: async () => (await import("./monitor-schedule.ts")).monitorSchedule,
  jobSchedule: async () => (await import("./job-schedule.ts")).jobSchedule,
  importSchedule: async () => (await import("./import-schedule.ts")).importSchedule,
  registry: async () => (await import("./registry.ts")).registry,
  hub: async () => (await import("./workspace.ts")).hub,
  project: async () => (await import("./workspace.ts")).project,
  featureStore: async () => (await import("./feature-store.ts")).featureStore,
  featureSet: async () => (await import("./feature-set.ts")).featureSet,
  featureStoreEntity: async () => (await import("./feature-store-entity.ts")).featureStoreEntity,
  batchEndpoint: async () => (await import("./batch-endpoint.ts")).batchEndpoint,
  batchDeployment: async () => (await import("./batch-deployment.ts")).batchDeployment,
  modelBatchDeployment: async () => (await import("./batch-deployment.ts")).modelBatchDeployment,
  pipelineComponentBatchDeployment: async () => (await import("./pipeline-batch-deployment.ts")).pipelineComponentBatchDeployment,
  azureBlobDatastore: async () => (await import("./datastore.ts")).azureBlobDatastore,
  azureFileDatastore: async () => (await import("./datastore.ts")).azureFileDatastore,
  azureDataLakeGen1Datastore: async () => (await import("./datastore.ts")).azureDataLakeGen1Datastore,
  azureDataLakeGen2Datastore: async () => (await import("./datastore.ts")).azureDataLakeGen2Datastore,
  oneLakeDatastore: async () => (await import("./datastore.ts")).oneLakeDatastore,
  connection: async () => (await import("./connection.ts")).connection,
  modelPackage: async () => (await import("./model-package.ts")).modelPackage,
  dataImport: async () => (await import("./data-import.ts")).dataImport,
  index: async () => (await import("./search-index.ts")).searchIndex,
  serverlessEndpoint: async () => (await import("./serverless.ts")).serverlessEndpoint,
  marketplaceSubscription: async () => (await import("./serverless.ts")).marketplaceSubscription,
  capabilityHost: async () => (await import("./capability-host.ts")).capabilityHost,
  deploymentTemplate: async () => (await import("./deployment-template.ts")).deploymentTemplate,
};

const loaded = new Map<Kind, KindDefinition>();

/** Thrown by `kindOf`, for `withKinds` alone. */
class Missing {
  readonly kind: Kind;
  constructor(kind: Kind) {
    this.kind = kind;
  }
}

/** A kind's definition; only within `withKinds`. */
export function kindOf(kind: Kind): KindDefinition {
  const definition = loaded.get(kind);
  // oxlint-disable-next-line typescript/only-throw-error -- not an error: nobody but `withKinds` sees it
  if (!definition) throw new Missing(kind);
  return definition;
}

/**
 * Runs `read`, and again from its beginning whenever it needs a kind that is not loaded yet: which kinds the files within a file have is
 * known only while they are read.
 */
export async function withKinds<T>(read: () => T): Promise<T> {
  for (;;) {
    try {
      return read();
    } catch (thrown) {
      if (!(thrown instanceof Missing)) throw thrown;
      loaded.set(thrown.kind, await KINDS[thrown.kind]());
    }
  }
}
