// What a stage asks of the region: machines with their sizes, and what Azure ML says of sizes and of the quota that is left.
import { coresOfUsage, type Usage } from "../../core/quota.ts";
import { deploymentMachines } from "../machines.ts";
import type { Subject } from "./subject.ts";

export interface Machine {
  readonly what: string;
  readonly size: string;
  readonly count: number;
  readonly use: "cluster" | "endpoint";
  readonly lowPriority: boolean;
  /** Where the size is set. */
  readonly setting: string;
}

export interface VmSize {
  readonly name: string;
  readonly family: string;
  readonly vCPUs: number;
  readonly supportedComputeTypes?: readonly string[];
}

export async function machinesOf(subject: Subject): Promise<Machine[]> {
  const settings = await subject.settings();
  if (settings.kind === "shared") return [];
  const machines: Machine[] = [];
  // Jobs of batch endpoints run on the cluster too, and in a closed stage the building of images.
  if (settings.kind === "stage" && (settings.training || settings.batch.enabled || settings.network === "private")) {
    const { size, maxNodes, priority } = settings.compute;
    const lowPriority = priority === "LowPriority";
    machines.push({ what: "cluster cpu-cluster", size, count: maxNodes, use: "cluster", lowPriority, setting: "azure-mlops:compute.size" });
  }
  // A Kubernetes cluster's machines are no quota of Azure ML's.
  if (settings.kind === "stage" && settings.target === "kubernetes") return machines;
  const deployment = await deploymentMachines(subject.repo, settings.project, settings.deploymentSet, settings.variant);
  if (typeof deployment !== "string") {
    const { autoscale } = settings;
    machines.push({
      ...{ what: autoscale ? "a deployment at its azure-mlops:autoscale.max" : "a deployment", size: deployment.instanceType },
      ...{ count: autoscale?.max ?? deployment.instances, use: "endpoint", lowPriority: false },
      setting: `instance_type in ${settings.project}/deploy`,
    });
  }
  return machines;
}

async function ofRegion<T>(subject: Subject, what: "vmSizes" | "usages"): Promise<T[]> {
  const [{ azure }, { location }] = await Promise.all([subject.login(), subject.place()]);
  const path = `/subscriptions/${azure.subscriptionId}/providers/Microsoft.MachineLearningServices/locations/${location}/${what}`;
  const found: T[] = [];
  for await (const one of azure.list<T>(path, { apiVersion: "2024-10-01", signal: subject.signal })) found.push(one);
  return found;
}

/** https://learn.microsoft.com/rest/api/azureml/virtual-machine-sizes/list */
export const sizesOf = (subject: Subject): Promise<VmSize[]> => ofRegion<VmSize>(subject, "vmSizes");

/** https://learn.microsoft.com/rest/api/azureml/usages/list */
export const usagesOf = async (subject: Subject): Promise<ReturnType<typeof coresOfUsage>> =>
  coresOfUsage(await ofRegion<Usage>(subject, "usages"));
