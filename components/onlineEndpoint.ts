// An online endpoint with up to two deployments and the rollout that moves its traffic between them.
import { ComponentResource, ResourceError, interpolate } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Output } from "@pulumi/pulumi";
import { jsonHash } from "../assets/index.ts";
import type { Asset } from "../assets/index.ts";
import { trafficProblems } from "../release/core/rollout.ts";
import { slots } from "../release/core/slots.ts";
import type { Slot } from "../release/core/slots.ts";
import type { AssetSource } from "./assetBody.ts";
import { OnlineDeployment, OnlineEndpoint as AzureEndpoint } from "./azure.ts";
import type { OnlineDeploymentArgs, OnlineEndpointArgs as AzureEndpointArgs } from "./azure.ts";
import { DataCollection } from "./monitoring/dataCollection.ts";
import { EndpointRollout } from "./mlops.ts";
import type { EndpointRolloutArgs } from "./mlops.ts";
import { deploymentFor, endpointFor, targetProblem } from "./onlineTarget.ts";
import type { KubernetesTarget } from "./onlineTarget.ts";
import { overridden } from "./override.ts";
import type { Override } from "./override.ts";

/** What one slot runs. */
export interface SlotArgs {
  /** A read deployment YAML. */
  readonly asset: Asset;
  /** Id of the model version, in the workspace or in a registry. */
  readonly modelId: Input<string>;
  readonly modelVersion: string;
  /** The deployment stays as it was made, whatever the files say now: it is what one may have to go back to. */
  readonly frozen: boolean;
  /** Default: what the YAML says. */
  readonly instances?: number;
  /** The number of instances changes with the load; `instances` is what it begins with. */
  readonly autoscaled?: boolean;
  /** Keep what it is asked and answers. */
  readonly collect?: { readonly sampling: number; readonly columns?: readonly string[] };
}

export interface OnlineEndpointArgs {
  readonly resourceGroupName: Input<string>;
  /** Id of the workspace; needed where data is collected. */
  readonly workspaceId?: Input<string>;
  readonly workspaceName: Input<string>;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly endpointName: Input<string>;
  /** A read endpoint YAML. */
  readonly endpoint: Asset;
  readonly source: AssetSource;
  /** Plain data: it decides which resources exist. */
  readonly deployments: Readonly<Partial<Record<Slot, SlotArgs>>>;
  /** Percent per slot, adding up to 100. */
  readonly traffic: Readonly<Partial<Record<Slot, number>>>;
  readonly mirrorTraffic?: Readonly<Partial<Record<Slot, number>>>;
  readonly publicAccess: boolean;
  /** Runs on this cluster; unset: on machines that Azure ML manages. */
  readonly kubernetes?: KubernetesTarget | undefined;
  readonly rollout: Pick<EndpointRolloutArgs, "steps" | "bakeSeconds" | "mirrorFirstPercent"> &
    Omit<EndpointRolloutArgs["check"], "request">;
  /** Body of a scoring request that a good deployment answers: JSON. Without one, no deployment is called before it gets traffic. */
  readonly sampleRequest?: string;
  readonly override?: {
    readonly endpoint?: Override<AzureEndpointArgs>;
    readonly deployment?: Override<OnlineDeploymentArgs>;
    readonly rollout?: Override<EndpointRolloutArgs>;
  };
}

type Body = {
  tags?: Record<string, string>;
  kind?: string;
  sku?: Record<string, unknown>;
  identity?: { type: string; userAssignedIdentities?: Record<string, unknown> };
  properties: Record<string, unknown>;
};

/** https://learn.microsoft.com/azure/machine-learning/concept-endpoints-online */
export class OnlineEndpoint extends ComponentResource {
  readonly scoringUri: Output<string>;
  /** Ids of the data assets that each slot collects to. */
  readonly collected: Readonly<Partial<Record<Slot, DataCollection["data"]>>>;
  readonly nodes: {
    readonly endpoint: AzureEndpoint;
    readonly deployments: Readonly<Partial<Record<Slot, OnlineDeployment>>>;
    readonly rollout: EndpointRollout;
  };

  constructor(name: string, args: OnlineEndpointArgs, opts?: ComponentResourceOptions) {
    super("mlops:serving:OnlineEndpoint", name, {}, opts);
    const used = slots.filter((slot) => args.deployments[slot] !== undefined);
    const [problem] = trafficProblems(args.traffic, used);
    if (problem) throw new ResourceError(`OnlineEndpoint "${name}": ${problem.property}: ${problem.reason}`, this, true);

    const body = args.source.resolve(args.endpoint).body as Body;
    const wrong = targetProblem(body.properties, args.kubernetes);
    if (wrong) throw new ResourceError(`OnlineEndpoint "${name}": ${wrong}`, this, true);
    const placed = { resourceGroupName: args.resourceGroupName, workspaceName: args.workspaceName, location: args.location };
    const tags = { ...args.tags, ...body.tags };
    const publicNetworkAccess = args.publicAccess
      ? ((body.properties["publicNetworkAccess"] as "Enabled" | undefined) ?? "Enabled")
      : "Disabled";
    const { traffic: _traffic, mirrorTraffic: _mirror, ...lasting } = body.properties;
    const made = endpointFor(lasting, publicNetworkAccess, args.kubernetes);
    const endpoint = new AzureEndpoint(
      `${name}-endpoint`,
      overridden(
        {
          ...placed,
          endpointName: args.endpointName,
          tags,
          kind: made.kind,
          ...(body.identity ? { identity: identityArgs(body.identity) } : {}),
          properties: made.properties as unknown as AzureEndpointArgs["properties"],
        },
        args.override?.endpoint,
      ),
      {
        parent: this,
        // These change while it serves, and belong to the rollout: azure-native would write them back to what it once set.
        ignoreChanges: [
          "properties.traffic",
          "properties.mirrorTraffic",
          "properties.description",
          "properties.publicNetworkAccess",
          "tags",
        ],
        // An update by azure-native would be a PUT without the traffic; what is left over here cannot be changed in place anyway.
        replaceOnChanges: ["properties", "identity", "kind", "location"],
        deleteBeforeReplace: true,
      },
    );

    const deployments: Partial<Record<Slot, OnlineDeployment>> = {};
    const marks: Record<string, string> = {};
    const collected: Partial<Record<Slot, DataCollection["data"]>> = {};
    for (const slot of used) {
      const spec = args.deployments[slot]!;
      const collection = this.#collection(`${name}-${slot}`, slot, spec, args);
      if (collection) collected[slot] = collection.data;
      deployments[slot] = this.#deployment(`${name}-${slot}`, slot, spec, endpoint, args, tags, collection);
      marks[slot] = spec.frozen ? `model ${spec.modelVersion}` : `model ${spec.modelVersion}, ${contentMark(spec)}`;
    }

    const { steps, bakeSeconds, mirrorFirstPercent, ...check } = args.rollout;
    const rollout = new EndpointRollout(
      `${name}-rollout`,
      overridden<EndpointRolloutArgs>(
        {
          endpointId: endpoint.id,
          traffic: { ...args.traffic },
          ...(args.mirrorTraffic ? { mirrorTraffic: { ...args.mirrorTraffic } } : {}),
          deployments: marks,
          steps,
          bakeSeconds,
          ...(mirrorFirstPercent ? { mirrorFirstPercent } : {}),
          check: args.sampleRequest === undefined ? { ...check, request: "", calls: 0 } : { ...check, request: args.sampleRequest },
          tags,
          ...(body.properties["description"] === undefined ? {} : { description: body.properties["description"] as string }),
          ...(args.kubernetes ? {} : { publicNetworkAccess }),
        },
        args.override?.rollout,
      ),
      { parent: this, dependsOn: Object.values(deployments) },
    );
    this.nodes = { endpoint, deployments, rollout };
    this.collected = collected;
    this.scoringUri = rollout.scoringUri;
    this.registerOutputs({ scoringUri: this.scoringUri });
  }

  #collection(name: string, slot: Slot, spec: SlotArgs, args: OnlineEndpointArgs): DataCollection | undefined {
    if (!spec.collect) return undefined;
    if (args.workspaceId === undefined) throw new ResourceError(`OnlineEndpoint "${name}": collect needs workspaceId`, this, true);
    const { workspaceId, endpointName } = args;
    return new DataCollection(name, { workspaceId, endpointName, deploymentName: slot, ...spec.collect }, { parent: this });
  }

  #deployment(
    name: string,
    slot: Slot,
    spec: SlotArgs,
    endpoint: AzureEndpoint,
    args: OnlineEndpointArgs,
    tags: Record<string, string>,
    collection: DataCollection | undefined,
  ): OnlineDeployment {
    const body = args.source.resolve(spec.asset).body as Body;
    const variables = body.properties["environmentVariables"] as Record<string, string> | undefined;
    const collecting = collection && {
      dataCollector: collection.dataCollector,
      environmentVariables: { ...variables, ...collection.variables },
    };
    return new OnlineDeployment(
      name,
      overridden(
        {
          resourceGroupName: args.resourceGroupName,
          workspaceName: args.workspaceName,
          location: args.location,
          endpointName: endpoint.name,
          deploymentName: slot,
          tags: { ...tags, ...body.tags },
          ...(body.sku ? { sku: spec.instances === undefined ? body.sku : { ...body.sku, capacity: spec.instances } } : {}),
          properties: {
            ...deploymentFor(body.properties, args.kubernetes),
            ...collecting,
            model: spec.modelId,
          } as unknown as OnlineDeploymentArgs["properties"],
        } as OnlineDeploymentArgs,
        args.override?.deployment,
      ),
      {
        parent: this,
        ignoreChanges: [...(spec.frozen ? ["properties", "tags"] : []), ...(spec.autoscaled ? ["sku.capacity"] : [])],
        // Two deployments of one name cannot stand beside each other.
        deleteBeforeReplace: true,
      },
    );
  }
}

/** Sixteen hex digits over a deployment's content, its code included. */
function contentMark({ asset, collect }: SlotArgs): string {
  const content = [asset.body, asset.uploads.map((upload) => upload.hash)];
  return jsonHash(collect ? [...content, { ...collect }] : content).slice(0, 16);
}

/** azure-native takes the user-assigned identities as a list. */
const identityArgs = (identity: NonNullable<Body["identity"]>) => ({
  type: identity.type,
  ...(identity.userAssignedIdentities ? { userAssignedIdentities: Object.keys(identity.userAssignedIdentities) } : {}),
});

/** The id of a model version: a workspace's own, or a registry's. */
export const modelIdIn = (
  place: { workspaceId: Input<string> } | { registryName: Input<string> },
  name: string,
  version: string,
): Output<string> =>
  "workspaceId" in place
    ? interpolate`${place.workspaceId}/models/${name}/versions/${version}`
    : interpolate`azureml://registries/${place.registryName}/models/${name}/versions/${version}`;
