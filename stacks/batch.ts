// The batch endpoint of a stage, from the files in deploy/ and the stack's settings; nothing unless the settings say so.
import { RunError } from "@pulumi/pulumi/errors.js";
import type { Input, Output, Resource } from "@pulumi/pulumi";
import { modelNameOf } from "../assets/index.ts";
import type { Asset } from "../assets/index.ts";
import { BatchEndpoint } from "../components/batch/batchEndpoint.ts";
import type { BatchEndpointArgs, BatchSlotArgs } from "../components/batch/batchEndpoint.ts";
import { modelIdIn } from "../components/onlineEndpoint.ts";
import { slots } from "../release/core/slots.ts";
import type { Slot } from "../release/core/slots.ts";
import { slotPlan } from "../settings/rules.ts";
import type { StageSettings } from "../settings/stage.ts";
import type { BatchFiles } from "./batchFiles.ts";

/** Where the endpoint goes. */
export type BatchPlace = Pick<BatchEndpointArgs, "resourceGroupName" | "workspaceName" | "location" | "tags" | "source"> & {
  readonly workspaceId: Input<string>;
  readonly registryName: Input<string>;
  readonly endpointName: Input<string>;
  readonly dependsOn: readonly Resource[];
};

/** The endpoint, named after the stage. Returns the stack's outputs about it. */
export function serveBatch(
  { endpoint, deployments, sample }: BatchFiles,
  settings: StageSettings,
  place: BatchPlace,
): { batchEndpointName: Input<string>; batchScoringUri: Output<string> } {
  const { versions, live } = slotPlan(settings);
  const from = settings.modelFrom === "registry" ? { registryName: place.registryName } : { workspaceId: place.workspaceId };
  const used: Partial<Record<Slot, BatchSlotArgs>> = {};
  for (const slot of slots) {
    const [asset, version] = [deployments[slot], versions[slot]];
    if (!asset) continue;
    const modelName = settings.modelName ?? modelNameOf(asset) ?? "model";
    const model = ofPipeline(asset) || version === undefined ? {} : { model: { id: modelIdIn(from, modelName, version), version } };
    used[slot] = { asset, frozen: slot !== live || settings.slotFrozen, ...model };
  }
  const { resourceGroupName, workspaceName, location, tags, source, endpointName, dependsOn } = place;
  const { checkMinutes, checkInput } = settings.batch;
  const input = sample && (ofPipeline(deployments[live]!) ? (checkInput ?? onlyInput(deployments[live]!)) : "data");
  const made = new BatchEndpoint(settings.stage, {
    ...{ resourceGroupName, workspaceName, location, tags, source, endpointName, endpoint, live, dependsOn, deployments: used },
    ...(sample && input
      ? { check: { inputs: { [input]: { jobInputType: "UriFile", uri: source.data(sample) } }, minutes: checkMinutes } }
      : {}),
  });
  return { batchEndpointName: endpointName, batchScoringUri: made.scoringUri };
}

const ofPipeline = ({ kind }: Asset): boolean => kind === "pipelineComponentBatchDeployment";

/** The one input of the pipeline component that takes data. @throws RunError when that cannot be told */
function onlyInput({ path, dependencies }: Asset): string {
  type Spec = { properties: { componentSpec: { inputs?: Record<string, { type?: string }> } } };
  const component = dependencies.find(({ asset }) => asset.noun === "component")?.asset;
  const inputs = Object.entries((component?.body as Spec | undefined)?.properties.componentSpec.inputs ?? {});
  const data = inputs.filter(([, { type }]) => type === "uri_file" || type === "uri_folder").map(([name]) => name);
  if (data.length === 1) return data[0]!;
  throw new RunError(
    `${path}: which input gets the sample data cannot be told from ${data.length === 0 ? "here" : data.join(", ")}; set azure-mlops:batch.checkInput`,
  );
}
