// Microsoft.MachineLearningServices/workspaces/computes (API 2024-10-01): clusters, instances, attached Kubernetes.
import { z } from "zod";
import { ArmError } from "../core.ts";
import type { ArmResource, ResourceType, SandboxContext } from "../core.ts";
import { checkAttach } from "../serving/clusters.ts";
import { isObject, mergePatch } from "../arm/body.ts";
import { coresOf } from "../serving/sizes.ts";
import { identity, tags } from "./shapes.ts";
import { withoutNulls } from "./storage.ts";

const size = z
  .string()
  .regex(/^(Standard|Basic)_\w+$/i, "must be a VM size such as Standard_DS3_v2")
  .nullish();
const duration = z
  .string()
  .regex(/^P(?!$)(\d+D)?(T(\d+H)?(\d+M)?(\d+S)?)?$/, "must be an ISO 8601 duration such as PT120S")
  .nullish();

const cluster = z.looseObject({
  computeType: z.literal("AmlCompute"),
  properties: z
    .looseObject({
      vmSize: size,
      vmPriority: z.enum(["Dedicated", "LowPriority"]).nullish(),
      scaleSettings: z
        .looseObject({
          maxNodeCount: z.int().min(0).max(2000),
          minNodeCount: z.int().min(0).nullish(),
          nodeIdleTimeBeforeScaleDown: duration,
        })
        .refine((scale) => (scale.minNodeCount ?? 0) <= scale.maxNodeCount, {
          path: ["minNodeCount"],
          message: "must not be above maxNodeCount",
        })
        .nullish(),
    })
    .nullish(),
});
const instance = z.looseObject({ computeType: z.literal("ComputeInstance"), properties: z.looseObject({ vmSize: size }).nullish() });
const kubernetes = z.looseObject({
  computeType: z.literal("Kubernetes"),
  resourceId: z.string().nullish(),
  properties: z.looseObject({}).nullish(),
});

const body = z.looseObject({
  location: z.string().optional(),
  tags,
  identity,
  properties: z.discriminatedUnion("computeType", [cluster, instance, kubernetes]),
});

export const computes: ResourceType<z.infer<typeof body>> = {
  type: "Microsoft.MachineLearningServices/workspaces/computes",
  body,
  latencySeconds: 30,
  names: {
    pattern: /^[a-zA-Z](?=.{1,31}$)[a-zA-Z0-9-]*[a-zA-Z0-9]$/,
    rule: "2-32 letters, digits and hyphens, a letter first, no hyphen at the end",
  },
  quota(compute) {
    const size = String(inner(compute)["vmSize"]);
    const family = size.replace(/^Standard_([A-Z]+)\d+/i, "Standard $1").replace(/_v\d+$/, "");
    return new ArmError(
      400,
      "ClusterMinNodesExceedCoreQuota",
      `The specified subscription has a ${family} family vCPU quota of 0 and cannot accomodate for at least 1 requested managed compute nodes which maps to ${coresOf(size) ?? 4} vCPUs.`,
    );
  },
  merge: (before, patch) => {
    // A PATCH carries `properties.scaleSettings` in older API versions, `properties.properties.scaleSettings` in newer ones.
    const given = patch["properties"];
    const lifted = isObject(given) && "scaleSettings" in given ? { ...patch, properties: { properties: given } } : patch;
    const { location, tags: old, identity: who, properties } = before;
    return mergePatch({ location, tags: old, identity: who, properties }, lifted) as Record<string, unknown>;
  },
  check({ before, after }, sandbox) {
    const type = after.properties["computeType"];
    if (before && before.properties["computeType"] !== type)
      throw new ArmError(
        400,
        "BadRequest",
        `Compute '${after.name}' is of type ${String(before.properties["computeType"])} and cannot become ${String(type)}.`,
      );
    const [old, now] = [inner(before), inner(after)];
    if (type === "Kubernetes") return checkAttach(after, sandbox);
    if (!now["vmSize"])
      throw new ArmError(400, "BadRequest", "properties.properties.vmSize: must be given.", { target: "properties.properties.vmSize" });
    for (const fixed of ["vmSize", "vmPriority"]) {
      if (before && old[fixed] !== now[fixed])
        throw new ArmError(
          400,
          "BadRequest",
          `properties.properties.${fixed} of a compute cannot be changed (${String(old[fixed])} to ${String(now[fixed])}); delete it and make a new one.`,
        );
    }
  },
  fill({ before, after }) {
    const now = new Date().toISOString();
    const { computeType, properties, ...rest } = withoutNulls(after.properties);
    const given = withoutNulls((properties ?? {}) as Record<string, unknown>);
    const old = inner(before);
    const readOnly: Record<string, unknown> =
      computeType === "AmlCompute"
        ? {
            osType: "Linux",
            vmPriority: "Dedicated",
            isolatedNetwork: false,
            enableNodePublicIp: true,
            remoteLoginPortPublicAccess: "NotSpecified",
            ...given,
            scaleSettings: {
              minNodeCount: 0,
              nodeIdleTimeBeforeScaleDown: "PT120S",
              maxNodeCount: 1,
              ...withoutNulls((given["scaleSettings"] ?? {}) as Record<string, unknown>),
            },
            allocationState: "Steady",
            allocationStateTransitionTime: old["allocationStateTransitionTime"] ?? now,
            errors: null,
            currentNodeCount: old["currentNodeCount"] ?? 0,
            targetNodeCount: old["targetNodeCount"] ?? 0,
            nodeStateCounts: old["nodeStateCounts"] ?? {
              preparingNodeCount: 0,
              runningNodeCount: 0,
              idleNodeCount: 0,
              unusableNodeCount: 0,
              leavingNodeCount: 0,
              preemptedNodeCount: 0,
            },
          }
        : computeType === "ComputeInstance"
          ? {
              applicationSharingPolicy: "Personal",
              osImageMetadata: { isLatestOsImageVersion: true },
              enableNodePublicIp: true,
              ...given,
              state: old["state"] ?? "Running",
              applications: [],
              errors: [],
            }
          : given;
    return {
      ...after,
      properties: {
        ...rest,
        computeType,
        computeLocation: after.location,
        createdOn: before?.properties["createdOn"] ?? now,
        modifiedOn: now,
        isAttachedCompute: computeType === "Kubernetes",
        disableLocalAuth: rest["disableLocalAuth"] ?? true,
        properties: readOnly,
      },
    };
  },
  actions: {
    listNodes: (resource) => ({ body: { nodes: (inner(resource)["nodes"] as unknown[] | undefined) ?? [] } }),
    start: (resource, _body, sandbox) => power(resource, sandbox, "Running"),
    stop: (resource, _body, sandbox) => power(resource, sandbox, "Stopped"),
    restart: (resource, _body, sandbox) => power(resource, sandbox, "Running"),
  },
};

const inner = (resource: ArmResource | undefined): Record<string, unknown> =>
  (resource?.properties["properties"] ?? {}) as Record<string, unknown>;

function power(resource: ArmResource, sandbox: SandboxContext, state: "Running" | "Stopped"): { status: number; operation: Promise<void> } {
  if (resource.properties["computeType"] !== "ComputeInstance") {
    throw new ArmError(
      400,
      "BadRequest",
      `Compute '${resource.name}' is of type ${String(resource.properties["computeType"])}; only instances (ComputeInstance) can be started and stopped.`,
    );
  }
  const work = async (): Promise<void> => {
    await sandbox.latency(20);
    const latest = sandbox.resources.get(resource.id);
    if (latest) sandbox.resources.put({ ...latest, properties: { ...latest.properties, properties: { ...inner(latest), state } } });
  };
  return { status: 202, operation: work() };
}
