// A batch endpoint with up to two deployments and the rollout that says which of them is the default.
import { ComponentResource, ResourceError } from "@pulumi/pulumi";
import type { ComponentResourceOptions, Input, Output, Resource } from "@pulumi/pulumi";
import { jsonHash } from "../../assets/index.ts";
import type { Asset } from "../../assets/index.ts";
import { slots } from "../../release/core/slots.ts";
import type { Slot } from "../../release/core/slots.ts";
import type { AssetSource } from "../assetBody.ts";
import { BatchRollout } from "../mlops.ts";
import type { BatchRolloutArgs } from "../mlops.ts";
import { overridden } from "../override.ts";
import type { Override } from "../override.ts";
import { BatchDeployment, BatchEndpoint as AzureEndpoint } from "./azure.ts";
import type { BatchDeploymentArgs, BatchEndpointArgs as AzureEndpointArgs } from "./azure.ts";

/** What one slot runs. */
export interface BatchSlotArgs {
  /** A read batch deployment YAML, of a model or of a pipeline component. */
  readonly asset: Asset;
  /** The model version and its id, in the workspace or in a registry; none for a pipeline component. */
  readonly model?: { readonly id: Input<string>; readonly version: string };
  /** The deployment stays as it was made: it is what one may have to go back to. */
  readonly frozen: boolean;
}

export interface BatchEndpointArgs {
  readonly resourceGroupName: Input<string>;
  readonly workspaceName: Input<string>;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly endpointName: Input<string>;
  /** A read batch endpoint YAML. */
  readonly endpoint: Asset;
  readonly source: AssetSource;
  /** Plain data: it decides which resources exist. */
  readonly deployments: Readonly<Partial<Record<Slot, BatchSlotArgs>>>;
  /** The slot that is the default. */
  readonly live: Slot;
  /** What a deployment has to do well before it becomes the default. */
  readonly check?: Omit<NonNullable<BatchRolloutArgs["check"]>, "file">;
  /** The cluster and the roles that a job needs. */
  readonly dependsOn?: readonly Resource[];
  readonly override?: {
    readonly endpoint?: Override<AzureEndpointArgs>;
    readonly deployment?: Override<BatchDeploymentArgs>;
    readonly rollout?: Override<BatchRolloutArgs>;
  };
}

type Body = { tags?: Record<string, string>; properties: Record<string, unknown> };

/** https://learn.microsoft.com/azure/machine-learning/concept-endpoints-batch */
export class BatchEndpoint extends ComponentResource {
  readonly scoringUri: Output<string>;
  readonly nodes: {
    readonly endpoint: AzureEndpoint;
    readonly deployments: Readonly<Partial<Record<Slot, BatchDeployment>>>;
    readonly rollout: BatchRollout;
  };

  constructor(name: string, args: BatchEndpointArgs, opts?: ComponentResourceOptions) {
    super("mlops:serving:BatchEndpoint", name, {}, opts);
    const used = slots.filter((slot) => args.deployments[slot] !== undefined);
    if (!used.includes(args.live)) throw new ResourceError(`BatchEndpoint "${name}": slot ${args.live} has no deployment`, this, true);

    const body = args.source.resolve(args.endpoint).body as Body;
    const { defaults: _defaults, ...lasting } = given(body.properties);
    const placed = { resourceGroupName: args.resourceGroupName, workspaceName: args.workspaceName, location: args.location };
    const tags = { ...args.tags, ...body.tags };
    const endpoint = new AzureEndpoint(
      `${name}-batch-endpoint`,
      overridden(
        { ...placed, endpointName: args.endpointName, tags, properties: lasting as unknown as AzureEndpointArgs["properties"] },
        args.override?.endpoint,
      ),
      {
        parent: this,
        // These belong to the rollout: an update by azure-native would be a PUT without the default, which takes it away.
        ignoreChanges: ["properties.defaults", "properties.description", "tags"],
        replaceOnChanges: ["properties", "location"],
        deleteBeforeReplace: true,
      },
    );

    const deployments: Partial<Record<Slot, BatchDeployment>> = {};
    const marks: Record<string, string> = {};
    for (const slot of used) {
      const spec = args.deployments[slot]!;
      const { tags: own, properties } = args.source.resolve(spec.asset).body as Body;
      deployments[slot] = new BatchDeployment(
        `${name}-batch-${slot}`,
        overridden(
          {
            ...placed,
            endpointName: endpoint.name,
            deploymentName: slot,
            tags: { ...tags, ...own },
            properties: {
              ...given(properties),
              ...(spec.model ? { model: { referenceType: "Id", assetId: spec.model.id } } : {}),
            } as unknown as BatchDeploymentArgs["properties"],
          },
          args.override?.deployment,
        ),
        {
          parent: this,
          dependsOn: [...(args.dependsOn ?? [])],
          ...(spec.frozen ? { ignoreChanges: ["properties", "tags"] } : {}),
          deleteBeforeReplace: true,
        },
      );
      const content = jsonHash([spec.asset.body, spec.asset.uploads.map(({ hash }) => hash), spec.asset.dependencies.map(versionOf)]);
      const what = spec.model ? `model ${spec.model.version}` : "pipeline";
      marks[slot] = spec.frozen ? what : `${what}, ${content.slice(0, 16)}`;
    }

    const live = args.deployments[args.live]!.asset.body as Body;
    const rollout = new BatchRollout(
      `${name}-batch-rollout`,
      overridden<BatchRolloutArgs>(
        {
          endpointId: endpoint.id,
          deployment: args.live,
          deployments: marks,
          ...(args.check ? { check: { ...args.check, ...fileOf(live.properties, args.deployments[args.live]!) } } : {}),
          tags,
          ...(lasting["description"] === undefined ? {} : { description: lasting["description"] as string }),
        },
        args.override?.rollout,
      ),
      { parent: this, dependsOn: Object.values(deployments) },
    );
    this.nodes = { endpoint, deployments, rollout };
    this.scoringUri = rollout.scoringUri;
    this.registerOutputs({ scoringUri: this.scoringUri });
  }
}

/** A file's body says null for what it leaves out; azure-native would send it. */
const given = (properties: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== null && value !== undefined));

const versionOf = ({ asset }: Asset["dependencies"][number]): string => `${asset.name}:${asset.version}`;

/** The file that a model's job appends a line to for each result; a script that writes its own files, or a pipeline, has none. */
const fileOf = (properties: Record<string, unknown>, { model }: BatchSlotArgs): { file?: string } =>
  !model || properties["outputAction"] === "SummaryOnly"
    ? {}
    : { file: (properties["outputFileName"] as string | undefined) ?? "predictions.csv" };
