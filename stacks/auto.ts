// The `auto` stack: an endpoint made of the registry's model and environment, in dev's workspace, beside dev's own endpoint.
import { interpolate } from "@pulumi/pulumi";
import { AssetSource } from "../components/assetBody.ts";
import type { AutoSettings } from "../settings/auto.ts";
import { globalNames, localNames, registryNames } from "../settings/names.ts";
import type { Allowed } from "./index.ts";
import { Project } from "./project.ts";
import { readServing, serve } from "./serving.ts";
import { currentSubscription } from "./subscription.ts";
import { stackTags } from "./tags.ts";

export async function auto(settings: AutoSettings, allowed: Allowed): Promise<Record<string, unknown>> {
  const project = new Project(settings.project);
  const files = await readServing(project, settings);
  const environments = await project.readAll("servingEnvironment", "environment");
  project.check();
  await allowed();

  // Names are derived, not read from dev's stack, so that this one can be previewed before dev is up.
  const dev = localNames({ prefix: settings.prefix, stage: "dev" });
  const { subscriptionId, suffix } = currentSubscription();
  const global = suffix.apply((text) => globalNames(settings, text));
  const registry = suffix.apply((text) => registryNames(settings, text));
  const outputs = {
    location: settings.location,
    resourceGroupName: dev.resourceGroup,
    workspaceName: dev.workspace,
    registryName: registry.registry,
    registryResourceGroupName: registry.resourceGroup,
  };
  if (!files) return outputs;

  const workspaceId = interpolate`/subscriptions/${subscriptionId}/resourceGroups/${dev.resourceGroup}/providers/Microsoft.MachineLearningServices/workspaces/${dev.workspace}`;
  const source = new AssetSource("auto", { workspaceId });
  // The registry's copy of an environment: its version follows from the content, so it has the same one there.
  for (const { name, version } of environments) {
    if (!name || !version) continue;
    source.know("environments", name, {
      version,
      id: interpolate`azureml://registries/${registry.registry}/environments/${name}/versions/${version}`,
    });
  }
  const served = await serve(files, settings, {
    ...{ workspaceId, source },
    resourceGroupName: dev.resourceGroup,
    workspaceName: dev.workspace,
    location: settings.location,
    tags: stackTags(settings, "auto"),
    registryName: registry.registry,
    endpointName: settings.endpointName ?? global.endpoint,
    dependsOn: [],
  });
  return { ...outputs, ...served.outputs };
}
