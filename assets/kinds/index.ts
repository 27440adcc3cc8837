// The table of kinds. A new kind is one file in this folder, one line here, and its words in detect.ts.
import type { Kind } from "../asset.ts";
import { automlComponent } from "./automl-component.ts";
import { automlJob } from "./automl-job.ts";
import { batchDeployment, modelBatchDeployment } from "./batch-deployment.ts";
import { batchEndpoint } from "./batch-endpoint.ts";
import { capabilityHost } from "./capability-host.ts";
import { commandComponent } from "./command-component.ts";
import { commandJob } from "./command-job.ts";
import { computeInstance } from "./compute-instance.ts";
import { amlCompute, kubernetesCompute, synapseSparkCompute, virtualMachineCompute } from "./compute.ts";
import { connection } from "./connection.ts";
import { dataImport } from "./data-import.ts";
import { data } from "./data.ts";
import { dataTransferComponent } from "./data-transfer-component.ts";
import {
  azureBlobDatastore,
  azureDataLakeGen1Datastore,
  azureDataLakeGen2Datastore,
  azureFileDatastore,
  oneLakeDatastore,
} from "./datastore.ts";
import { deploymentTemplate } from "./deployment-template.ts";
import { environment } from "./environment.ts";
import { featureSet } from "./feature-set.ts";
import { featureStoreEntity } from "./feature-store-entity.ts";
import { featureStore } from "./feature-store.ts";
import { importSchedule } from "./import-schedule.ts";
import { jobSchedule } from "./job-schedule.ts";
import type { KindDefinition } from "./kind.ts";
import { modelPackage } from "./model-package.ts";
import { model } from "./model.ts";
import { monitorSchedule } from "./monitor-schedule.ts";
import { kubernetesOnlineDeployment, managedOnlineDeployment } from "./online-deployment.ts";
import { kubernetesOnlineEndpoint, managedOnlineEndpoint } from "./online-endpoint.ts";
import { parallelComponent } from "./parallel-component.ts";
import { pipelineComponentBatchDeployment } from "./pipeline-batch-deployment.ts";
import { pipelineComponent } from "./pipeline-component.ts";
import { pipelineJob } from "./pipeline-job.ts";
import { registry } from "./registry.ts";
import { searchIndex } from "./search-index.ts";
import { marketplaceSubscription, serverlessEndpoint } from "./serverless.ts";
import { sparkComponent } from "./spark-component.ts";
import { sparkJob } from "./spark-job.ts";
import { sweepJob } from "./sweep-job.ts";
import { hub, project, workspace } from "./workspace.ts";

const LIST: readonly KindDefinition[] = [
  workspace,
  amlCompute,
  computeInstance,
  kubernetesCompute,
  virtualMachineCompute,
  synapseSparkCompute,
  data,
  environment,
  model,
  commandComponent,
  pipelineComponent,
  sparkComponent,
  parallelComponent,
  dataTransferComponent,
  automlComponent,
  commandJob,
  pipelineJob,
  sweepJob,
  automlJob,
  sparkJob,
  managedOnlineEndpoint,
  kubernetesOnlineEndpoint,
  managedOnlineDeployment,
  kubernetesOnlineDeployment,
  monitorSchedule,
  jobSchedule,
  importSchedule,
  registry,
  hub,
  project,
  featureStore,
  featureSet,
  featureStoreEntity,
  batchEndpoint,
  batchDeployment,
  modelBatchDeployment,
  pipelineComponentBatchDeployment,
  azureBlobDatastore,
  azureFileDatastore,
  azureDataLakeGen1Datastore,
  azureDataLakeGen2Datastore,
  oneLakeDatastore,
  connection,
  modelPackage,
  dataImport,
  searchIndex,
  serverlessEndpoint,
  marketplaceSubscription,
  capabilityHost,
  deploymentTemplate,
];

export const KINDS: ReadonlyMap<Kind, KindDefinition> = new Map(LIST.map((kind) => [kind.kind, kind]));
