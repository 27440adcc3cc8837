// What a deployment asks for, read from its resource: the words of `OnlineDeployment` (2023-04-01 and later) as numbers.
import { createHash } from "node:crypto";
import type { ArmResource } from "../core.ts";
import { collectorOf, type CollectorSpec } from "./collection/settings.ts";
import { durationMs } from "./durations.ts";

export interface Probe {
  readonly initialDelayMs: number;
  readonly periodMs: number;
  readonly timeoutMs: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

export interface DeploymentSpec {
  /** ARM id of the deployment. */
  readonly id: string;
  readonly name: string;
  readonly endpointId: string;
  readonly endpointName: string;
  readonly location: string;
  readonly kind: "Managed" | "Kubernetes";
  /** Asset id, short form or URI as the body has it. */
  readonly model: string | undefined;
  readonly modelMountPath: string | undefined;
  readonly codeId: string | undefined;
  readonly scoringScript: string | undefined;
  /** No codeConfiguration: an MLflow model, served by a generic script. */
  readonly scriptless: boolean;
  readonly environmentId: string | undefined;
  readonly variables: Readonly<Record<string, string>>;
  readonly instanceType: string | undefined;
  readonly capacity: number;
  readonly concurrency: number;
  readonly queueWaitMs: number;
  readonly requestTimeoutMs: number;
  readonly liveness: Probe;
  readonly readiness: Probe;
  /** What of requests and answers is kept; undefined for nothing. */
  readonly collector: CollectorSpec | undefined;
  /** What the resource asks for and the sandbox keeps without doing it, in sentences. */
  readonly notDone: readonly string[];
}

type Json = Record<string, unknown>;
const object = (value: unknown): Json => (typeof value === "object" && value !== null ? (value as Json) : {});
const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
const number = (value: unknown, otherwise: number): number => (typeof value === "number" ? value : otherwise);
const time = (value: unknown, otherwise: number): number => (typeof value === "string" ? (durationMs(value) ?? otherwise) : otherwise);

/** Azure's defaults for both probes ("Managed online deployment YAML", ProbeSettings). */
function probeOf(value: unknown): Probe {
  const probe = object(value);
  return {
    initialDelayMs: time(probe["initialDelay"], 10_000),
    periodMs: time(probe["period"], 10_000),
    timeoutMs: time(probe["timeout"], 2_000),
    successThreshold: number(probe["successThreshold"], 1),
    failureThreshold: number(probe["failureThreshold"], 30),
  };
}

/** Kubernetes deployments may scale between limits; here they stay at the lower one. */
function instancesOf(resource: ArmResource): number {
  const scale = object(resource.properties["scaleSettings"]);
  const scales = scale["scaleType"] === "TargetUtilization";
  return Math.max(1, scales ? number(scale["minInstances"], 1) : number(object(resource.sku)["capacity"], 1));
}

/** The deployment's resource, filled with defaults or not, as what is to be run. */
export function specOf(resource: ArmResource): DeploymentSpec {
  const p = resource.properties;
  const code = object(p["codeConfiguration"]);
  const request = object(p["requestSettings"]);
  const endpointId = resource.id.slice(0, resource.id.toLowerCase().lastIndexOf("/deployments/"));
  const requestTimeoutMs = time(request["requestTimeout"], 5_000);
  const kind = p["endpointComputeType"] === "Kubernetes" ? "Kubernetes" : "Managed";
  return {
    id: resource.id,
    name: resource.name,
    endpointId,
    endpointName: endpointId.slice(endpointId.lastIndexOf("/") + 1),
    location: resource.location ?? "",
    kind,
    model: text(p["model"]),
    modelMountPath: text(p["modelMountPath"]),
    codeId: text(code["codeId"]),
    scoringScript: text(code["scoringScript"]),
    scriptless: text(code["codeId"]) === undefined,
    environmentId: text(p["environmentId"]),
    variables: Object.fromEntries(
      Object.entries(object(p["environmentVariables"])).flatMap(([key, value]) => (typeof value === "string" ? [[key, value]] : [])),
    ),
    instanceType: text(p["instanceType"]),
    capacity: instancesOf(resource),
    concurrency: Math.max(1, number(request["maxConcurrentRequestsPerInstance"], 1)),
    // Managed endpoints have given maxQueueWait up: the wait counts into the request's timeout.
    queueWaitMs: kind === "Managed" ? requestTimeoutMs : time(request["maxQueueWait"], 500),
    requestTimeoutMs,
    liveness: probeOf(p["livenessProbe"]),
    readiness: probeOf(p["readinessProbe"]),
    collector: collectorOf(p),
    notDone: notDone(p),
  };
}

/** Changes when the processes have to be started anew; instance count, timeouts and probes do not. */
export function generationOf(spec: DeploymentSpec): string {
  const content = [spec.model, spec.modelMountPath, spec.codeId, spec.scoringScript, spec.environmentId, spec.instanceType];
  const variables = Object.entries(spec.variables).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify(spec.collector ? [content, variables, spec.collector] : [content, variables]))
    .digest("hex")
    .slice(0, 12);
}

function notDone(p: Json): string[] {
  const said: string[] = [];
  if (p["appInsightsEnabled"] === true)
    said.push("appInsightsEnabled: nothing is sent to Application Insights in the sandbox; see the deployment's logs");
  if (object(p["scaleSettings"])["scaleType"] === "TargetUtilization")
    said.push("scaleSettings: the sandbox does not scale by load; minInstances run");
  return said;
}
