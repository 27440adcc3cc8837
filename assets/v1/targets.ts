// Where a v1 deployment ran, and what that is in v2: Container Instances become a managed endpoint, AKS a Kubernetes endpoint.
import type { Float } from "../yaml/value.ts";
import { compact } from "./compact.ts";
import type { AciConfig, AksConfig } from "./schema.ts";

/** The part of the v2 documents that follows from the place. */
export interface Target {
  readonly kind: "managed" | "kubernetes";
  readonly endpoint: Record<string, unknown>;
  readonly deployment: Record<string, unknown>;
  readonly deploymentName?: string;
  /** Percent of the endpoint's traffic. */
  readonly traffic?: number;
}

/** Sizes that managed endpoints offer, smallest first: name, cores, GiB. */
const SIZES = [
  ["Standard_DS1_v2", 1, 3.5],
  ["Standard_F2s_v2", 2, 4],
  ["Standard_DS2_v2", 2, 7],
  ["Standard_F4s_v2", 4, 8],
  ["Standard_DS3_v2", 4, 14],
  ["Standard_DS4_v2", 8, 28],
  ["Standard_DS5_v2", 16, 56],
] as const;

/** Container Instances were a small target to try things on; Azure retired them for this use. */
export function managedTarget(config: AciConfig, notes: string[]): Target {
  const { cpu, memoryInGB } = config.containerResourceRequirements ?? {};
  const [cores, memory] = [number(cpu) ?? 0.1, number(memoryInGB) ?? 0.5];
  const size = SIZES.find(([, has, gib]) => has >= cores && gib >= memory) ?? SIZES.at(-1)!;
  notes.push(
    `Azure retired Container Instances as a target; a managed endpoint takes their place. ${cores} cores and ${memory} GB become one ${size[0]} (${size[1]} cores, ${size[2]} GiB)`,
  );
  if (config.authEnabled !== true) notes.push("the service had no sign-in; a managed endpoint always has: callers need its key");
  if (config.sslEnabled || config.sslCertificate || config.cname)
    notes.push("a managed endpoint brings its own certificate and address; a name of your own needs a gateway before it");
  if (config.dnsNameLabel) notes.push(`dnsNameLabel ${config.dnsNameLabel}: the endpoint's name is part of its address now`);
  if (config.vnetName) notes.push("vnetName: `network: private` of the stage keeps the endpoint inside a network");
  if (config.vaultBaseUrl) notes.push("a customer-managed key is a setting of the workspace now");
  if (config.location) notes.push(`location ${config.location}: an endpoint is where its workspace is`);
  noteKeys(config, notes);
  return {
    kind: "managed",
    endpoint: { auth_mode: "key" },
    deployment: compact({ instance_type: size[0], instance_count: 1, app_insights_enabled: config.appInsightsEnabled }),
  };
}

/** `type`: aks, or aksendpoint for one version of an AKS endpoint. */
export function kubernetesTarget(config: AksConfig, type: string, notes: string[]): Target {
  const compute = config.computeTargetName ?? "aks";
  if (!config.computeTargetName)
    notes.push("no computeTargetName: the cluster is taken to be attached as `aks`; correct compute in the endpoint's file");
  notes.push("a Kubernetes endpoint needs the cluster's Azure ML extension: a cluster attached under v1 has to be attached anew");
  if (config.authEnabled === false) notes.push("the service had no sign-in; an endpoint always has: callers need its key");
  noteKeys(config, notes);
  const scaler = config.autoScaler;
  // v1 scales unless told not to, or told a number of replicas.
  const scales = scaler?.autoscaleEnabled ?? (config.numReplicas === undefined || config.numReplicas === null);
  const liveness = config.livenessProbeRequirements;
  return {
    kind: "kubernetes",
    ...(type === "aksendpoint" ? { deploymentName: config.versionName ?? "blue", traffic: Number(config.trafficPercentile ?? 0) } : {}),
    endpoint: { compute: `azureml:${compute}`, auth_mode: config.tokenAuthEnabled ? "aml_token" : "key" },
    deployment: compact({
      type: "kubernetes",
      instance_count: scales ? undefined : Number(config.numReplicas ?? 1),
      scale_settings: scales
        ? {
            type: "target_utilization",
            min_instances: Number(scaler?.minReplicas ?? 1),
            max_instances: Number(scaler?.maxReplicas ?? 10),
            polling_interval: Number(scaler?.refreshPeriodInSeconds ?? 1),
            target_utilization_percentage: Number(scaler?.targetUtilization ?? 70),
          }
        : { type: "default" },
      resources: resources(config),
      app_insights_enabled: config.appInsightsEnabled,
      request_settings: group({
        request_timeout_ms: config.scoringTimeoutMs,
        max_concurrent_requests_per_instance: config.maxConcurrentRequestsPerContainer,
        max_queue_wait_ms: config.maxQueueWaitMs,
      }),
      liveness_probe:
        liveness &&
        group({
          period: liveness.periodSeconds,
          initial_delay: liveness.initialDelaySeconds,
          timeout: liveness.timeoutSeconds,
          success_threshold: liveness.successThreshold,
          failure_threshold: liveness.failureThreshold,
        }),
      data_collector: config.dataCollection?.storageEnabled
        ? { collections: { model_inputs: { enabled: "true" }, model_outputs: { enabled: "true" } } }
        : undefined,
    }),
  };
}

function resources(config: AksConfig): Record<string, unknown> {
  const { cpu, memoryInGB, cpuLimit, memoryInGBLimit } = config.containerResourceRequirements ?? {};
  const gpu = config.gpuCores ? String(config.gpuCores) : undefined;
  const amounts = (cores: number | undefined, gigabytes: number | undefined) =>
    group({
      cpu: cores === undefined ? undefined : String(cores),
      memory: gigabytes === undefined ? undefined : `${gigabytes}Gi`,
      "nvidia.com/gpu": gpu,
    });
  // v1's defaults; its limit was the request where none was named.
  const [cores, memory] = [number(cpu) ?? 0.1, number(memoryInGB) ?? 0.5];
  return compact({
    requests: amounts(cores, memory),
    limits: amounts(number(cpuLimit) ?? Math.max(cores, 0.1), number(memoryInGBLimit) ?? memory),
  });
}

function noteKeys(config: AciConfig | AksConfig, notes: string[]): void {
  if (config.keys?.primaryKey || config.keys?.secondaryKey)
    notes.push("the file holds keys: they are not copied. Azure makes new ones; `az ml online-endpoint get-credentials` shows them");
}

const number = (value: Float | null | undefined): number | undefined => value?.value;

/** A mapping without what is not said; undefined when nothing is. Counts become plain numbers. */
function group(values: Record<string, unknown>): Record<string, unknown> | undefined {
  const said = compact(values);
  const plain = Object.entries(said).map(([key, value]) => [key, typeof value === "bigint" ? Number(value) : value]);
  return plain.length > 0 ? Object.fromEntries(plain) : undefined;
}
