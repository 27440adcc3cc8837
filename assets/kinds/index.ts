// The table of kinds. A new kind is one file in this folder, one line here, and its words in detect.ts.
import type { Kind } from "../asset.ts";
import { automlJob } from "./automl-job.ts";
import { commandComponent } from "./command-component.ts";
import { commandJob } from "./command-job.ts";
import { computeInstance } from "./compute-instance.ts";
import { amlCompute, kubernetesCompute, synapseSparkCompute, virtualMachineCompute } from "./compute.ts";
import { data } from "./data.ts";
import { environment } from "./environment.ts";
import { jobSchedule } from "./job-schedule.ts";
import type { KindDefinition } from "./kind.ts";
import { model } from "./model.ts";
import { monitorSchedule } from "./monitor-schedule.ts";
import { kubernetesOnlineDeployment, managedOnlineDeployment } from "./online-deployment.ts";
import { kubernetesOnlineEndpoint, managedOnlineEndpoint } from "./online-endpoint.ts";
import { parallelComponent } from "./parallel-component.ts";
import { pipelineComponent } from "./pipeline-component.ts";
import { pipelineJob } from "./pipeline-job.ts";
import { registry } from "./registry.ts";
import { sparkComponent } from "./spark-component.ts";
import { sparkJob } from "./spark-job.ts";
import { sweepJob } from "./sweep-job.ts";
import { workspace } from "./workspace.ts";

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
  registry,
];

export const KINDS: ReadonlyMap<Kind, KindDefinition> = new Map(LIST.map((kind) => [kind.kind, kind]));
