// The endpoint of a stage, from the files in deploy/ and the stack's settings; nothing as long as no model version is set.
import { interpolate } from "@pulumi/pulumi";
import type { Input, Output, Resource } from "@pulumi/pulumi";
import { modelNameOf, VARIANTS } from "../assets/index.ts";
import type { Asset } from "../assets/index.ts";
import { OnlineEndpoint, modelIdIn } from "../components/onlineEndpoint.ts";
import type { OnlineEndpointArgs, SlotArgs } from "../components/onlineEndpoint.ts";
import type { KubernetesTarget } from "../components/onlineTarget.ts";
import { restingTraffic, slots } from "../release/core/slots.ts";
import type { Slot } from "../release/core/slots.ts";
import { slotPlan } from "../settings/rules.ts";
import type { StageSettings } from "../settings/stage.ts";
import type { Project } from "./project.ts";

/** What `StageSettings` and `AutoSettings` have in common. */
export type ServingSettings = Pick<
  StageSettings,
  | "modelName"
  | "modelVersion"
  | "keptVersion"
  | "variant"
  | "keptVariant"
  | "keptInstances"
  | "slot"
  | "slotFrozen"
  | "traffic"
  | "mirrorTraffic"
  | "endpointName"
  | "endpointSet"
  | "deploymentSet"
  | "rollout"
  | "autoscale"
  | "publicAccess"
> & { readonly stage: string; readonly modelFrom: "workspace" | "registry"; readonly collect?: StageSettings["collect"] };

/** The read files of a stage that serves. */
export interface ServingFiles {
  readonly endpoint: Asset;
  readonly deployments: Readonly<Partial<Record<Slot, Asset>>>;
  /** Without one a rollout cannot call a deployment before it gets traffic. */
  readonly sampleRequest?: string;
}

/** Reads the files; undefined when nothing is to be served. Problems are kept by the project. */
export async function readServing(project: Project, settings: ServingSettings): Promise<ServingFiles | undefined> {
  const { versions } = slotPlan(settings);
  const used = slots.filter((slot) => versions[slot] !== undefined);
  if (used.length === 0) return undefined;
  const endpointFile = project.find("endpoint");
  const endpoint = endpointFile && (await project.read(endpointFile, "onlineEndpoint", settings.endpointSet));
  const deployments: Partial<Record<Slot, Asset>> = {};
  for (const slot of used) {
    const variant = slot === settings.slot ? settings.variant : settings.keptVariant;
    // One file for both slots, unless the other has its own.
    const own = `deploy/${slot}-deployment.yml`;
    const file = variant === "pipeline" && project.has(own) ? own : project.find(VARIANTS[variant].deployment);
    const asset = file && (await project.read(file, "onlineDeployment", [...settings.deploymentSet, `name=${slot}`]));
    if (asset) deployments[slot] = asset;
  }
  const request = project.find("sampleRequest", { optional: true });
  return endpoint ? { endpoint, deployments, ...(request ? { sampleRequest: project.text(request) } : {}) } : undefined;
}

/** Where the endpoint goes. */
export type ServingPlace = Pick<OnlineEndpointArgs, "resourceGroupName" | "workspaceName" | "location" | "tags" | "source"> & {
  readonly workspaceId: Input<string>;
  readonly registryName: Input<string>;
  readonly endpointName: Input<string>;
  readonly kubernetes?: KubernetesTarget | undefined;
  readonly dependsOn: readonly Resource[];
};

export interface Served {
  readonly endpoint: OnlineEndpoint;
  readonly live: Slot;
  readonly outputs: { endpointName: Input<string>; scoringUri: Output<string>; modelName: string; modelVersion: string; slot: Slot };
}

/** The endpoint of a stage, named after the stage. */
export async function serve(files: ServingFiles, settings: ServingSettings, place: ServingPlace): Promise<Served> {
  const plan = slotPlan(settings);
  const modelName = settings.modelName ?? modelNameOf(Object.values(files.deployments)[0]!) ?? "model";
  const from = settings.modelFrom === "registry" ? { registryName: place.registryName } : { workspaceId: place.workspaceId };
  const deployments: Partial<Record<Slot, SlotArgs>> = {};
  for (const slot of slots) {
    const [asset, modelVersion] = [files.deployments[slot], plan.versions[slot]];
    if (!asset || modelVersion === undefined) continue;
    const frozen = slot === plan.live ? settings.slotFrozen : true;
    // The live slot's count follows its load, and is nobody else's then.
    const { autoscale } = settings;
    const scaled =
      slot === plan.live
        ? autoscale
          ? { instances: autoscale.min, autoscaled: true }
          : {}
        : settings.keptInstances === undefined
          ? {}
          : { instances: settings.keptInstances };
    const collect = settings.collect?.enabled ? { collect: { sampling: settings.collect.sampling, ...columnsOf(settings.collect) } } : {};
    deployments[slot] = { asset, modelVersion, frozen, ...scaled, ...collect, modelId: modelIdIn(from, modelName, modelVersion) };
  }
  const { source, resourceGroupName, workspaceName, location, tags, endpointName } = place;
  const { calls, maxErrorPercent, maxP95Ms, readySeconds, ...steps } = settings.rollout;
  const endpoint = new OnlineEndpoint(
    settings.stage,
    {
      ...{ source, resourceGroupName, workspaceId: place.workspaceId, workspaceName, location, tags, endpointName, deployments },
      endpoint: files.endpoint,
      traffic: settings.traffic ?? restingTraffic(plan),
      ...(settings.mirrorTraffic ? { mirrorTraffic: settings.mirrorTraffic } : {}),
      publicAccess: settings.publicAccess,
      kubernetes: place.kubernetes,
      rollout: { ...steps, calls, maxErrorPercent, readySeconds, ...(maxP95Ms === undefined ? {} : { maxP95Ms }) },
      ...(files.sampleRequest === undefined ? {} : { sampleRequest: files.sampleRequest }),
    },
    { dependsOn: [...place.dependsOn] },
  );
  if (settings.autoscale) {
    const { DeploymentAutoscale } = await import("../components/autoscale.ts");
    new DeploymentAutoscale(
      `${settings.stage}-${plan.live}`,
      {
        ...{ resourceGroupName, location, tags, limits: settings.autoscale },
        settingName: interpolate`autoscale-${endpointName}-${plan.live}`,
        deploymentId: endpoint.nodes.deployments[plan.live]!.id,
        endpointId: endpoint.nodes.endpoint.id,
      },
      // Not before the traffic has moved: an idle slot would be scaled in.
      { dependsOn: [endpoint] },
    );
  }
  return {
    endpoint,
    live: plan.live,
    outputs: { endpointName, scoringUri: endpoint.scoringUri, modelName, modelVersion: settings.modelVersion!, slot: plan.live },
  };
}

const columnsOf = ({ columns }: StageSettings["collect"]): { columns?: readonly string[] } => (columns ? { columns } : {});
