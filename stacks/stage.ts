// A stage with its own workspace: dev, where models are made, and qa and prod, where they are served.
import { interpolate } from "@pulumi/pulumi";
import type { Output, Resource } from "@pulumi/pulumi";
import type { Asset } from "../assets/index.ts";
import { AssetSource } from "../components/assetBody.ts";
import { ResourceGroup } from "../components/azure.ts";
import { GroupBudget } from "../components/budget.ts";
import { ComputeCluster } from "../components/computeCluster.ts";
import { DataAsset } from "../components/dataAsset.ts";
import { Diagnostics } from "../components/diagnostics.ts";
import { Environment } from "../components/environment.ts";
import { MlComponents } from "../components/mlComponents.ts";
import { Workspace } from "../components/workspace.ts";
import { channelNames, globalNames, localNames, registryNames, topicNames } from "../settings/names.ts";
import type { StageSettings } from "../settings/stage.ts";
import type { Allowed } from "./index.ts";
import { readBatch } from "./batchFiles.ts";
import { Project } from "./project.ts";
import { protectState } from "./protect.ts";
import { readServing, serve } from "./serving.ts";
import { currentSubscription } from "./subscription.ts";
import { readWatching } from "./watchingFiles.ts";
import { stackTags } from "./tags.ts";

export async function stage(settings: StageSettings, allowed: Allowed): Promise<Record<string, unknown>> {
  const project = new Project(settings.project);
  const files = {
    production: await project.readAll("servingEnvironment", "environment"),
    serving: await readServing(project, settings),
    batch: await readBatch(project, settings),
    watching: await readWatching(project, settings),
    ...(settings.training
      ? {
          data: await project.readAll("data", "data"),
          development: await project.readAll("trainingEnvironment", "environment"),
          components: await project.readAll("component", "component"),
        }
      : {}),
  };
  project.check();
  await allowed();

  const name = settings.stage;
  const { location, prefix } = settings;
  const tags = stackTags(settings, name);
  const { subscriptionId, tenantId, callerId, suffix } = currentSubscription();
  const local = localNames(settings);
  const global = suffix.apply((text) => globalNames(settings, text));
  const registry = suffix.apply((text) => registryNames(settings, text));

  const registryId = interpolate`/subscriptions/${subscriptionId}/resourceGroups/${registry.resourceGroup}/providers/Microsoft.MachineLearningServices/registries/${registry.registry}`;
  // A public stage does not load it.
  const closed = settings.network === "private" ? await import("./private.ts") : undefined;

  if (name === "prod") protectState(settings.unprotected);
  const group = new ResourceGroup(name, { resourceGroupName: local.resourceGroup, location, tags });
  const workspace = new Workspace(name, {
    resourceGroupName: group.name,
    ...{ location, subscriptionId, tenantId, tags },
    names: { ...local, storage: global.storage, vault: global.vault, containerRegistry: global.containerRegistry },
    seed: `${prefix}-${name}`,
    operators: settings.operators ?? { caller: callerId },
    publicAccess: settings.publicAccess,
    ...(closed ? { isolation: { outboundRules: closed.outboundRules(settings, registryId), buildCluster: local.cluster } } : {}),
    ...(settings.customerManagedKey ? { customerKey: settings.customerManagedKey } : {}),
    purgeProtection: settings.purgeProtection,
    onDestroy: settings.onDestroy,
    logDays: settings.diagnostics.retentionDays ?? 30,
  });
  const { workspaceId, workspaceName } = workspace;
  const { logs, storage, vault, containerRegistry } = workspace.nodes;
  new GroupBudget(name, { scope: group.id, resourceGroupName: group.name, tags, budgetName: local.budget, ...settings.budget });
  const inside =
    closed?.closeOff(settings, workspace, { resourceGroupName: group.name, location, tags, networkName: local.virtualNetwork }) ?? [];
  const reachable = [...workspace.grants, ...inside];
  const source = new AssetSource(name, { workspaceId, sendAfter: reachable });

  // The first has its role's name, which most projects have one of; others have their own.
  const environments = (role: string, assets: readonly Asset[] = []): Environment[] =>
    assets.map((asset, i) => new Environment(`${name}-${i === 0 ? role : asset.name}`, { asset, source, dependsOn: reachable }));
  const production = environments("production", files.production);
  let components: Record<string, Output<string>> = {};
  const cluster = (): ComputeCluster => {
    const { size, maxNodes, idleSeconds, priority } = settings.compute;
    return new ComputeCluster(name, {
      resourceGroupName: group.name,
      ...{ workspaceName, location, tags, size, maxNodes, idleSeconds, priority },
      clusterName: local.cluster,
      identityId: workspace.jobsIdentityId,
    });
  };
  // Without public access Azure builds images on a cluster of the workspace's own.
  const machines = settings.training || closed || files.batch ? cluster() : undefined;
  if (settings.training) {
    const dependsOn = reachable;
    for (const asset of files.data ?? []) new DataAsset(`${name}-${asset.name}`, { asset, source, dependsOn });
    environments("development", files.development);
    const made = new MlComponents(name, { assets: files.components ?? [], source, dependsOn });
    components = Object.fromEntries((files.components ?? []).map(({ path, name: own }) => [path, made.nodes[own ?? path]!.versionId]));
  }

  const kubernetes =
    settings.target === "kubernetes"
      ? (await import("./kubernetes.ts")).attachCluster(settings, workspace, {
          ...{ resourceGroupName: group.name, subscriptionId, location, tags, names: local },
        })
      : undefined;
  const served =
    files.serving &&
    (await serve(files.serving, settings, {
      resourceGroupName: group.name,
      ...{ workspaceId, workspaceName, location, tags, source },
      registryName: registry.registry,
      endpointName: settings.endpointName ?? global.endpoint,
      kubernetes,
      dependsOn: kubernetes ? [...production, kubernetes.attached] : production,
    }));
  const batch =
    files.batch &&
    (await import("./batch.ts")).serveBatch(files.batch, settings, {
      resourceGroupName: group.name,
      ...{ workspaceId, workspaceName, location, tags, source },
      registryName: registry.registry,
      endpointName: settings.batch.endpointName ?? global.batchEndpoint,
      dependsOn: [...production, ...reachable, ...(machines ? [machines] : [])],
    });
  const { further, alsoTo, logs: groups } = settings.diagnostics;
  const diagnostics = new Diagnostics(name, {
    ...{ logsId: logs.id, workspaceId, vaultId: vault.id, storageId: storage.id, logs: groups },
    ...(alsoTo === undefined ? {} : { alsoTo }),
    ...(further.includes("images") ? { imagesId: containerRegistry.id } : {}),
    ...(further.includes("endpoint") && served ? { endpointId: served.endpoint.nodes.endpoint.id } : {}),
  });
  if (settings.trigger || Object.keys(settings.notifications).length > 0) {
    // Most stages have none, and a preview waits for every module.
    const { Notifications } = await import("../components/notifications/notifications.ts");
    const topic = suffix.apply((text) => topicNames(settings, text));
    new Notifications(name, {
      resourceGroupName: group.name,
      ...{ location, subscriptionId, tags, workspaceId },
      stage: name,
      names: { systemTopic: local.systemTopic, ...channelNames({ prefix, stage: name }) },
      releaseTopicId: interpolate`/subscriptions/${subscriptionId}/resourceGroups/${topic.resourceGroup}/providers/Microsoft.EventGrid/topics/${topic.topic}`,
      channels: settings.notifications,
      trigger: settings.trigger,
    });
  }
  const watching =
    settings.collect.enabled || settings.monitor.enabled || settings.alerts.enabled ? await import("./watching.ts") : undefined;
  const below: Resource[] = [];
  const watched = watching?.watch(files.watching, settings, served, {
    ...{ resourceGroupName: group.name, location, tags, workspace, source, dependsOn: workspace.grants, below },
  });
  if (settings.locks) {
    const { StateLocks } = await import("../components/stateLocks.ts");
    // Last here and so first to go: under a lock nothing below can be deleted, roles and diagnostic settings among it.
    const dependsOn = [workspace, diagnostics, ...inside, ...below];
    new StateLocks(name, { scopes: { logs: logs.id, storage: storage.id, vault: vault.id, images: containerRegistry.id } }, { dependsOn });
  }
  return {
    location,
    workspaceName: local.workspace,
    resourceGroupName: local.resourceGroup,
    registryName: registry.registry,
    registryResourceGroupName: registry.resourceGroup,
    // By file, so that a pipeline job runs the very versions that this stack registered.
    ...(settings.training ? { clusterName: local.cluster, components } : {}),
    ...served?.outputs,
    ...batch,
    ...watched,
  };
}
