// The files of a stage's batch endpoint; read with all others, before any resource is declared.
import type { Asset } from "../assets/index.ts";
import { slots } from "../release/core/slots.ts";
import type { Slot } from "../release/core/slots.ts";
import { slotPlan } from "../settings/rules.ts";
import type { StageSettings } from "../settings/stage.ts";
import type { LocalData, Project } from "./project.ts";

/** The read files of a stage that takes batch jobs. */
export interface BatchFiles {
  readonly endpoint: Asset;
  readonly deployments: Readonly<Partial<Record<Slot, Asset>>>;
  /** Without one a deployment becomes the default unchecked. */
  readonly sample?: LocalData;
}

/** Reads the files; undefined when there is to be no endpoint. Problems are kept by the project. */
export async function readBatch(project: Project, settings: StageSettings): Promise<BatchFiles | undefined> {
  const { batch } = settings;
  if (!batch.enabled) return undefined;
  const endpointFile = project.find("batchEndpoint");
  const file = project.find("batchDeployment");
  const endpoint = endpointFile && (await project.read(endpointFile, "batchEndpoint", batch.endpointSet));
  const first = file && (await project.read(file, "batchDeployment", batch.deploymentSet));
  if (!endpoint || !first) return undefined;
  // A pipeline component needs no model: it is there from the first `up` on.
  const { live, versions } = slotPlan(settings);
  const ofPipeline = first.kind === "pipelineComponentBatchDeployment";
  const used = slots.filter((slot) => versions[slot] !== undefined || (ofPipeline && slot === live));
  if (used.length === 0) return undefined;
  // A release's versions move on the online endpoint, checked and step by step; the batch deployments follow its slots.
  if (settings.modelVersion !== undefined && !project.find("endpoint", { optional: true }))
    project.refuse(
      `${project.folder} has a batch endpoint and no online one, which is not supported: releases are checked and moved on the online endpoint, and the batch deployments follow it. Add deploy/endpoint.yml and a deployment beside it`,
    );
  const deployments: Partial<Record<Slot, Asset>> = {};
  for (const slot of used) {
    const asset = await project.read(file, "batchDeployment", [...batch.deploymentSet, `name=${slot}`]);
    if (asset) deployments[slot] = asset;
  }
  const sample = project.find("batchSample", { optional: true });
  return { endpoint, deployments, ...(sample ? { sample: project.data(sample) } : {}) };
}
